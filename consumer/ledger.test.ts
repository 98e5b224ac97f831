// What the ledger and the inserts write is what the next owner reads, on the real engine: claims, floors, rows,
// dead letters, and a fence that lets nothing of a lost claim through.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FencedError, InvariantError, UnavailableError } from '../platform/errors.ts';
import { positionsOf } from '../clickhouse_setup/retention.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { tableOf } from '../streams/table.ts';
import { runOf } from '../test/backend/record-runs.ts';
import { openTables, type Tables } from '../test/backend/tables.ts';
import { eventJson } from '../test/chaos/messages.ts';
import { Batch } from './batch.ts';
import { ClickHouseInserts } from './clickhouse-inserts.ts';
import { expiryOf } from './audit/expiry.ts';
import type { Ownership } from './fence.ts';
import { DUPLICATE, NOT_IN_LOG, UNREADABLE } from './gap.ts';
import { Ledger } from './ledger.ts';
import { factsKeySql, readIdentity } from './table-identity.ts';
import { unreadableRanges } from './unreadable.ts';

const SOURCE = 'sensor_data@one';
const OTHER = 'sensor_data@two';
const INGEST_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const LIMITS = { maxBatchRows: 1_000, maxBatchBytes: 10_000_000 };
let tables: Tables;

beforeAll(async () => {
  tables = await openTables();
}, 60_000);
afterAll(() => tables[Symbol.asyncDispose]());
beforeEach(() => tables.empty());

const ledgerOf = (owner: string, table = 'sensor_data', met: readonly string[] = []): Ledger =>
  new Ledger(tables.clickhouse, 'default', table, owner, met);
const insertsOf = (ledger: Ledger, letters?: string): ClickHouseInserts =>
  new ClickHouseInserts(tables.clickhouse, ledger, sensorData, 'sensor_data', letters);

/** A batch of good (g) and bad (b) records of partition 0; a dot is an offset without a record. */
function batchOf(kinds: string, first = 0): Batch {
  const batch = new Batch(sensorData, 1_000_000);
  const records = Array.from(kinds, (kind, at) => {
    if (kind === '.') return undefined;
    const headers = [['h', Buffer.from('1')], ['h', Buffer.from('2')], ['none', null]] as const; // prettier-ignore
    if (kind === 'b') return { key: Buffer.from([0, 255]), value: Buffer.from('?'), headers };
    return { value: Buffer.from(eventJson(at)) };
  });
  const state = { dead: new Set<number>(), origins: new Map<string, number>() };
  batch.add(0, runOf(records, first), first, state, LIMITS);
  return batch;
}

async function land(ownership: Ownership, ledger: Ledger, batch: Batch): Promise<void> {
  const inserts = insertsOf(ledger);
  if (batch.deadLetters.length > 0) await inserts.deadLetters(batch, ownership, INGEST_MS);
  if (batch.block.rows > 0) await inserts.rows(batch, ownership, INGEST_MS);
}

const floor = (partition: number, offset: number, reason = 'dead-letters', detail = '') => {
  return { partition, offset, reason, detail };
};

describe('a claim', () => {
  it('is one epoch above the greatest of each partition', async () => {
    const first = await ledgerOf('a').claim(SOURCE, [0, 1]);
    expect(first.claims).toEqual([{ partition: 0, epoch: 1 }, { partition: 1, epoch: 1 }]); // prettier-ignore
    await ledgerOf('b').claim(SOURCE, [1]);
    const { claims } = await ledgerOf('a').claim(SOURCE, [0, 1, 2]);
    expect(claims.map(({ epoch }) => epoch)).toEqual([2, 3, 1]);
    expect((await ledgerOf('c').claim(OTHER, [1])).claims[0]?.epoch).toBe(1);
  });

  it('voids the one before it, of its own partitions only', async () => {
    const old = ledgerOf('a');
    const both = await old.claim(SOURCE, [0, 1]);
    const other = await old.claim(OTHER, [0]);
    await old.assertStanding(both);
    await ledgerOf('b').claim(SOURCE, [1]);
    await expect(old.assertStanding(both)).rejects.toThrow(FencedError);
    await old.assertStanding({ ...both, claims: both.claims.slice(0, 1) });
    await old.assertStanding(other);
  });

  it('goes to the greater owner where two wrote the same epoch', async () => {
    const losing = await ledgerOf('a').claim(SOURCE, [0]);
    const winner = { ...losing, owner: 'b' };
    await tables.clickhouse.command(
      `INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, kafka_offset, reason, epoch, owner)
       VALUES ('sensor_data', '${SOURCE}', 0, 0, 'claim', 1, 'b')`,
    );
    await ledgerOf('b').assertStanding(winner);
    await expect(ledgerOf('a').assertStanding(losing)).rejects.toThrow(FencedError);
  });

  it('is void once a replay put another table under the name', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0]);
    await tables.clickhouse.command("ALTER TABLE sensor_data MODIFY COMMENT 'x (replay 0123abcd)'");
    try {
      await expect(ledger.assertStanding(ownership)).rejects.toThrow(FencedError);
      await expect(ledger.landed(SOURCE, [0])).rejects.toThrow(FencedError);
      const identity = await readIdentity(tables.clickhouse, 'sensor_data');
      expect(identity).toEqual({ name: 'sensor_data', replay: '0123abcd' });
      expect(await tables.csv(`SELECT ${factsKeySql('sensor_data')}`)).toEqual([
        '"replay_0123abcd"',
      ]);
      expect((await ledgerOf('b').claim(SOURCE, [0])).claims[0]?.epoch).toBe(1);
    } finally {
      await tables.clickhouse.command("ALTER TABLE sensor_data MODIFY COMMENT 'x'");
    }
    expect(await tables.csv(`SELECT ${factsKeySql('sensor_data')}`)).toEqual(['"sensor_data"']);
  });

  it('waits for a table that is not there', async () => {
    await expect(ledgerOf('a', 'nowhere').claim(SOURCE, [0])).rejects.toThrow(UnavailableError);
  });
});

describe('the landed rows', () => {
  it('is the greatest floor and the rows, and nothing without a trace', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0, 1, 2]);
    expect(await ledger.landed(SOURCE, [0, 1, 2])).toEqual(new Map());
    await land(ownership, ledger, batchOf('gg.gb', 10));
    await ledger.recordFloors(ownership, [floor(1, 5), floor(1, 7), floor(1, 6), floor(0, 4)]);
    expect(await ledger.landed(SOURCE, [0, 1, 2])).toEqual(
      new Map([
        [0, { floor: 4, rows: { max: 13, min: 10, count: 3 } }],
        [1, { floor: 7, rows: undefined }],
      ]),
    );
    expect(await ledger.landed(SOURCE, [2])).toEqual(new Map());
    expect(await ledger.landed(OTHER, [0, 1])).toEqual(new Map());
  });

  it('does not change by floors of a claim that was lost', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0, 1]);
    const next = ledgerOf('b');
    await next.claim(SOURCE, [0]);
    await expect(ledger.recordFloors(ownership, [floor(0, 9)])).rejects.toThrow(FencedError);
    await expect(ledger.recordFloors(ownership, [floor(1, 9)])).rejects.toThrow(FencedError);
    expect(await next.landed(SOURCE, [0, 1])).toEqual(new Map());
    await ledger.recordFloors(ownership, []);
    const [kept] = await tables.csv(
      "SELECT count(), max(epoch) FROM consumer_positions WHERE reason != 'claim'",
    );
    expect(kept).toBe('0,0');
  });

  it('takes no fact about a partition that is not claimed', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [1]);
    const facts = [floor(1, 3), floor(0, 3)];
    await expect(ledger.recordFloors(ownership, facts)).rejects.toThrow(InvariantError);
    expect(await ledger.landed(SOURCE, [0, 1])).toEqual(new Map());
  });

  it('keeps with each floor the epoch under which it was written', async () => {
    const ledger = ledgerOf('a');
    await ledger.claim(SOURCE, [1]);
    const ownership = await ledger.claim(SOURCE, [0, 1]);
    await ledger.recordFloors(ownership, [floor(1, 3, 'gap', "offsets 0 to 2 'x'"), floor(0, 1)]);
    expect(
      await tables.csv(
        `SELECT kafka_partition, kafka_offset, reason, detail, epoch, owner FROM consumer_positions
         WHERE reason != 'claim' ORDER BY kafka_partition`,
      ),
    ).toEqual([`0,1,"dead-letters","",1,"a"`, `1,3,"gap","offsets 0 to 2 'x'",2,"a"`]);
  });
});

describe('inserts', () => {
  it('of a lost claim add neither rows nor dead letters', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0]);
    await ledgerOf('b').claim(SOURCE, [0]);
    const inserts = insertsOf(ledger);
    const batch = batchOf('gb');
    await expect(inserts.rows(batch, ownership, INGEST_MS)).rejects.toThrow(FencedError);
    await expect(inserts.deadLetters(batch, ownership, INGEST_MS)).rejects.toThrow(FencedError);
    expect(await tables.csv('SELECT count() FROM sensor_data')).toEqual(['0']);
    expect(await tables.csv('SELECT count() FROM dead_letters')).toEqual(['0']);
  });

  it('keep of a row what was sent, when and where it was', async () => {
    const ledger = ledgerOf('a');
    await land(await ledger.claim(SOURCE, [0]), ledger, batchOf('gg', 7));
    expect(
      await tables.csv(
        `SELECT device_id, temp, toUnixTimestamp64Milli(ts), toUnixTimestamp64Milli(ingest_time), kafka_source,
           kafka_partition, kafka_offset, toUnixTimestamp64Milli(kafka_timestamp)
         FROM sensor_data ORDER BY kafka_offset`,
      ),
    ).toEqual([
      `"device-0",15,1594512094385,${INGEST_MS},"${SOURCE}",0,7,1700000000000`,
      `"device-1",15.1,1594512094422,${INGEST_MS},"${SOURCE}",0,8,1700000000000`,
    ]);
  });

  it('keep of a dead letter its bytes, headers by name, and why it is one', async () => {
    const ledger = ledgerOf('a');
    await land(await ledger.claim(SOURCE, [0]), ledger, batchOf('gb', 7));
    const [letter] = await tables.csv(
      `SELECT stream, kafka_source, kafka_partition, kafka_offset, toUnixTimestamp64Milli(kafka_timestamp),
         hex(key), value, headers, reason, toUnixTimestamp64Milli(ingest_time), origin_source, origin_partition, origin_offset
       FROM dead_letters`,
    );
    const headers = `[[""h"",[""MQ=="",""Mg==""]],[""none"",[]]]`;
    expect(letter).toBe(
      `"sensor_data","${SOURCE}",0,8,1700000000000,"00FF","?","${headers}","invalid_json",${INGEST_MS},"",0,0`,
    );
  });

  it('write down every one of many dead letters', async () => {
    const ledger = ledgerOf('a');
    await land(await ledger.claim(SOURCE, [0]), ledger, batchOf('b'.repeat(900)));
    expect(
      await tables.csv(
        'SELECT count(), uniqExact(kafka_offset), max(kafka_offset) FROM dead_letters',
      ),
    ).toEqual(['900,900,899']);
  });
});

describe('dead offsets', () => {
  it('are those at or above an offset, and counted between two, both included', async () => {
    const ledger = ledgerOf('a');
    await land(await ledger.claim(SOURCE, [0]), ledger, batchOf('bgbgb', 10));
    expect(await ledger.deadFrom(SOURCE, 0, 12)).toEqual(new Set([12, 14]));
    expect(await ledger.deadFrom(SOURCE, 0, 13)).toEqual(new Set([14]));
    expect(await ledger.deadFrom(SOURCE, 1, 0)).toEqual(new Set());
    expect(await ledger.deadFrom(OTHER, 0, 0)).toEqual(new Set());
    expect(await ledger.deadBetween(SOURCE, 0, 10, 14)).toBe(3);
    expect(await ledger.deadBetween(SOURCE, 0, 11, 13)).toBe(1);
    expect(await ledger.deadBetween(SOURCE, 1, 0, 99)).toBe(0);
    // An insert of unclear outcome may be sent again.
    await tables.clickhouse.command('INSERT INTO dead_letters SELECT * FROM dead_letters');
    expect(await ledger.deadBetween(SOURCE, 0, 10, 14)).toBe(3);
  });
});

describe('offsets without a record', () => {
  it('are the ranges of every reason that says so, and of no other', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0, 1]);
    const reasons = ['gap', NOT_IN_LOG, DUPLICATE, UNREADABLE, 'upgrade'];
    const floors = reasons.map((reason, at) => floor(0, 9, reason, `offsets ${at} to ${at} x`));
    await ledger.recordFloors(ownership, [...floors, floor(1, 9, 'gap', 'offsets 7 to 8 x')]);
    const gone = await ledger.gone(SOURCE, 0);
    expect(gone.map(({ first }) => first).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });

  it('are not those that landed all the same', async () => {
    const ledger = ledgerOf('a');
    await land(await ledger.claim(SOURCE, [0]), ledger, batchOf('gb', 4));
    const recorded = [
      { first: 2, last: 4 },
      { first: 5, last: 8 },
    ];
    const facts = new Map([[0, recorded], [1, recorded]]); // prettier-ignore
    const ranges = await unreadableRanges(tables.clickhouse, sensorData, SOURCE, facts);
    expect([...ranges]).toEqual([
      [0, [{ first: 2, last: 3 }, { first: 6, last: 8 }]],
      [1, [{ first: 2, last: 4 }, { first: 5, last: 8 }]],
    ]); // prettier-ignore
  });
});

describe('a table of an older installation', () => {
  it('is upgraded while one source is known, and it holds rows without coordinates', async () => {
    const ledger = ledgerOf('a');
    await ledger.claim(SOURCE, [0, 1]);
    expect(await ledger.isUpgraded('sensor_data')).toBe(false);
    await tables.clickhouse.command(
      "INSERT INTO sensor_data (device_id, kafka_source) VALUES ('x', '')",
    );
    expect(await ledger.isUpgraded('sensor_data')).toBe(true);
    await ledger.claim('sensor_database@1', [0]);
    expect(await ledger.isUpgraded('sensor_data')).toBe(true);
    await ledger.claim(OTHER, [0]);
    expect(await ledger.isUpgraded('sensor_data')).toBe(false);
  });
});

describe('origins', () => {
  it('are met in rows, and in dead letters below the position only', async () => {
    const ledger = ledgerOf('a', 'traffic_events', ['traffic_events', 'dead_letters']);
    const rows = [
      `('${SOURCE}', 0, 5, 'raw@1', 2, 40)`,
      `('${SOURCE}', 0, 6, 'raw@1', 2, 39)`,
      `('${SOURCE}', 1, 6, 'raw@1', 2, 99)`,
      `('${OTHER}', 0, 6, 'raw@1', 2, 98)`,
    ];
    const columns =
      'kafka_source, kafka_partition, kafka_offset, origin_source, origin_partition, origin_offset';
    const insert = async (table: string, values: readonly string[]): Promise<void> =>
      tables.clickhouse.command(`INSERT INTO ${table} (${columns}) VALUES ${values.join(', ')}`);
    await insert('traffic_events', rows);
    await insert('dead_letters', [
      `('${SOURCE}', 0, 9, 'raw@1', 2, 41)`,
      `('${SOURCE}', 0, 10, 'raw@1', 2, 42)`,
      `('${SOURCE}', 0, 8, '', 0, 50)`,
      `('${SOURCE}', 0, 7, 'raw@1', 3, 1)`,
    ]);
    const met = await ledger.origins(SOURCE, new Map([[0, 10], [2, 0]])); // prettier-ignore
    expect([...met.keys()]).toEqual([0, 2]);
    expect([...met.get(0)!]).toEqual([['raw@1/2', 41], ['raw@1/3', 1]]); // prettier-ignore
    expect(met.get(2)!.size).toBe(0);
  });
});

describe('positions that the setup records before rows may expire', () => {
  it('are one past the last row and the dead letters that follow it without a hole', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0]);
    await land(ownership, ledger, batchOf('gbg', 10));
    const dead = [13, 14, 14, 16].map((offset) => `('sensor_data', '${SOURCE}', 0, ${offset})`);
    await tables.clickhouse.command(
      `INSERT INTO dead_letters (stream, kafka_source, kafka_partition, kafka_offset) VALUES ${dead.join(', ')}`,
    );
    await tables.clickhouse.command(positionsOf(tableOf(sensorData), 'setup'));
    expect((await ledger.landed(SOURCE, [0])).get(0)).toMatchObject({ floor: 15 });
  });
});

describe('retention', () => {
  it('is none by default, and what it may have taken lies below the next row that is not due', async () => {
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0, 1, 2]);
    expect(await ledger.retentionDays()).toBeUndefined();
    expect(await expiryOf(tables.clickhouse, sensorData, SOURCE)).toBeUndefined();
    const nowMs = Date.now();
    const hourMs = 3_600_000;
    await insertsOf(ledger).rows(batchOf('ggg', 10), ownership, nowMs - 24 * hourMs);
    await insertsOf(ledger).rows(batchOf('gg', 13), ownership, nowMs - 22 * hourMs);
    const ttl = 'toDateTime(ingest_time) + toIntervalDay(1)';
    await tables.clickhouse.command(
      `ALTER TABLE sensor_data MODIFY TTL ${ttl} SETTINGS materialize_ttl_after_modify = 0`,
    );
    try {
      expect(await ledger.retentionDays()).toBe(1);
      const found = await expiryOf(tables.clickhouse, sensorData, SOURCE);
      expect(found).toEqual({ days: 1, below: new Map([[0, 13]]) });
      await tables.clickhouse.command(
        `INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, reason, written_at)
         VALUES ('sensor_data', '${SOURCE}', 1, 'start', now64(3) - toIntervalHour(24)),
           ('sensor_data', '${SOURCE}', 2, 'start', now64(3) - toIntervalHour(22))`,
      );
      const known = await expiryOf(tables.clickhouse, sensorData, SOURCE);
      expect(known?.below).toEqual(new Map([[0, 13], [1, Infinity]])); // prettier-ignore
    } finally {
      await tables.clickhouse.command('ALTER TABLE sensor_data REMOVE TTL');
    }
  });
});
