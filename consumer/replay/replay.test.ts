// A replay without Kafka, on the real engine: what is carried over, read again, filed and audited, and that
// nothing is swapped in before all of it is done, even if consumers write meanwhile.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { readConfig } from '../../platform/config.ts';
import { FencedError, UnavailableError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { openTables, type Tables } from '../../test/backend/tables.ts';
import { consumerVariables } from '../config.ts';
import { guard, type Ownership } from '../fence.ts';
import { Ledger } from '../ledger.ts';
import { Replay, type ReplayParts } from './replay.ts';
import { carryOver } from './carry.ts';
import { fileLetters, ReplayLedger, withdrawLetters } from './letters.ts';
import { copyGaps, readFacts, writePlan } from './plan.ts';
import { offsetsLeft, positionsIn, seedsOf, type Positions } from './positions.ts';
import {
  dropTables,
  exchange,
  makeTables,
  replayTables,
  setAside,
  unfinished,
  type ReplayTables,
} from './tables.ts';
import { factsKeySql, readIdentity } from '../table-identity.ts';

const SOURCE = 'sensor_data@one';
const FROM_MS = Date.UTC(2026, 0, 1);
/** Where the replay starts; the log begins at 4. */
const START = 10;
const END = 20;
let tables: Tables;

beforeAll(async () => {
  tables = await openTables();
}, 60_000);
afterAll(() => tables[Symbol.asyncDispose]());

const command = (sql: string): Promise<void> => tables.clickhouse.command(sql);
const count = async (from: string): Promise<number> =>
  Number((await tables.csv(`SELECT count() FROM ${from}`))[0]);
const ledgerOf = (owner: string, table = 'sensor_data'): Ledger =>
  new Ledger(tables.clickhouse, 'default', table, owner);

/** Rows of offsets from `from` to below `to`, but for those of `without`. */
async function rows(
  table: string,
  from: number,
  to: number,
  source = SOURCE,
  without = '-1',
): Promise<void> {
  await command(`INSERT INTO ${table} (kafka_source, kafka_partition, kafka_offset, ingest_time, ts)
    SELECT '${source}', 0, number, toDateTime64(1767322800, 3), toDateTime64(1767322800, 3)
    FROM numbers(${from}, ${to - from}) WHERE number NOT IN (${without})`);
}

async function letters(table: string, offsets: readonly number[]): Promise<void> {
  const values = offsets.map(
    (offset) => `('sensor_data', '${SOURCE}', 0, ${offset}, 'invalid_json')`,
  );
  await command(`INSERT INTO ${table} (stream, kafka_source, kafka_partition, kafka_offset, reason) VALUES ${values.join(', ')}`); // prettier-ignore
}

async function fact(key: string, offset: number, reason: string, detail = ''): Promise<void> {
  await command(`INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, kafka_offset, reason, detail)
    VALUES ('${key}', '${SOURCE}', 0, ${offset}, '${reason}', '${detail}')`);
}

let replay = 0;
/** Tables of a new replay, planned. */
async function planned(): Promise<ReplayTables> {
  replay += 1;
  const made = replayTables('sensor_data', replay.toString(16).padStart(8, '0'));
  await makeTables(tables.clickhouse, made, sensorData);
  await writePlan(tables.clickhouse, made, FROM_MS, [{ source: SOURCE, partition: 0, offset: START }]); // prettier-ignore
  return made;
}

/** Sixteen rows and four dead letters of one partition: 4, 9, 14 and 19. */
beforeEach(async () => {
  for (const { tables: left } of await unfinished(tables.clickhouse, 'sensor_data')) {
    await dropTables(tables.clickhouse, left);
  }
  for (const name of ['sensor_data', 'dead_letters', 'consumer_positions']) {
    await command(`TRUNCATE TABLE ${name}`);
  }
  const key = (await tables.csv(`SELECT ${factsKeySql('sensor_data')}`))[0]!.replaceAll('"', '');
  await rows('sensor_data', 0, END, SOURCE, '4, 9, 14, 19');
  await letters('dead_letters', [4, 9, 14, 19]);
  await fact(key, 0, 'start', 'first reading of this log');
  await fact(key, END, 'dead-letters');
});

interface Given {
  /** Reads offsets again; by default as they are in the live table. */
  readonly read?: (table: string) => Promise<void>;
  /** Happens right before the tables are exchanged. */
  readonly beforeSwap?: () => Promise<void>;
  /** Happens right before a query. */
  readonly asking?: (sql: string) => Promise<void>;
}

function work({ asking, beforeSwap, read }: Given = {}) {
  const printed: string[] = [];
  const opened: string[] = [];
  const clickhouse = new Proxy(tables.clickhouse, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name === 'rows') {
        return async (sql: string) => {
          await asking?.(sql);
          return target.rows(sql);
        };
      }
      if (name !== 'command') return member.bind(target) as unknown;
      return async (sql: string) => {
        if (sql.startsWith('EXCHANGE')) await beforeSwap?.();
        await target.command(sql);
      };
    },
  });
  const again = async (table: string): Promise<void> => {
    await command(`INSERT INTO ${table} SELECT * FROM sensor_data
      WHERE kafka_offset >= ${START} AND kafka_offset NOT IN (SELECT kafka_offset FROM ${table})`);
  };
  const openReader: ReplayParts['openReader'] = (table) => {
    opened.push(table);
    return {
      reach: async (_target: Positions, look) => {
        await look(1);
        await (read ?? again)(table);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  };
  const parts = {
    ...{ clickhouse, openReader, consumersMs: 0, stream: sensorData, log: silentLog() },
    config: readConfig(consumerVariables, {}),
    identities: { idOf: () => Promise.resolve('one') },
    offsets: { rangesOf: () => Promise.resolve(new Map([[0, { begin: 4, end: END }]])) },
    signal: new AbortController().signal,
    print: (line: string) => void printed.push(line),
  } as unknown as ReplayParts;
  return { replay: new Replay(parts), opened, printed };
}

describe('a replay', () => {
  it('carries over what lies before its start, reads the rest, and leaves a live table that adds up', async () => {
    const made = await planned();
    const { opened, printed, replay: own } = work();
    expect(await own.fill(made)).toBe(true);
    expect(opened[0]).toBe(made.beside);
    expect(printed).toContain('8 rows are carried over');
    expect((await readIdentity(tables.clickhouse, 'sensor_data')).replay).toBe(made.id);
    expect(await count('sensor_data')).toBe(16);
    expect(await own.finish(made)).toBe(true);
    expect(printed.join('\n')).toMatch(/EXACT: 12 good \+ 4 dead/);
    expect(await count(`sensor_data_replaced_${made.id}`)).toBe(16);
    expect(await unfinished(tables.clickhouse, 'sensor_data')).toEqual([]);
  });

  it('swaps nothing in that lacks a row', async () => {
    const made = await planned();
    const read = async (table: string): Promise<void> => {
      if ((await count(`${table} WHERE kafka_offset >= ${START}`)) > 0) return;
      await rows(table, 10, 13);
      await rows(table, 15, 19);
    };
    const { printed, replay: own } = work({ read });
    expect(await own.fill(made)).toBe(false);
    expect(printed.at(-1)).toMatch(/DOES NOT ADD UP.* 1 missing/);
    expect((await readIdentity(tables.clickhouse, 'sensor_data')).replay).not.toBe(made.id);
  });

  it('voids the claims of all consumers before it swaps, and holds the rows that landed until then', async () => {
    const consumer = ledgerOf('consumer');
    let held: Ownership | undefined;
    let read = 0;
    let standing: unknown;
    let lacking = -1;
    const made = await planned();
    const { replay: own } = work({
      read: async (table) => {
        read += 1;
        // A consumer goes on while the replay reads for the last time before its audit.
        if (read === 1) held = await consumer.claim(SOURCE, [0]);
        await command(`INSERT INTO ${table} SELECT * FROM sensor_data
          WHERE kafka_offset >= ${START} AND kafka_offset NOT IN (SELECT kafka_offset FROM ${table})`);
      },
      beforeSwap: async () => {
        standing = await consumer.assertStanding(held!).catch((error: unknown) => error);
        lacking = await count(
          `sensor_data WHERE kafka_offset NOT IN (SELECT kafka_offset FROM ${made.beside})`,
        );
      },
    });
    expect(await own.fill(made)).toBe(true);
    expect(standing).toBeInstanceOf(FencedError);
    expect(lacking).toBe(0);
  });

  it('voids claims made during the audit before it asks for the remaining offsets', async () => {
    const consumer = ledgerOf('consumer');
    let held: Ownership | undefined;
    const standing: unknown[] = [];
    const made = await planned();
    const { replay: own } = work({
      asking: async (sql) => {
        if (sql.includes('groupBitmapIf')) held ??= await consumer.claim(SOURCE, [0]);
        const isAsked = sql.includes('max(reached) AS position') && sql.includes(made.beside);
        if (held === undefined || !isAsked) return;
        standing.push(await consumer.assertStanding(held).catch((error: unknown) => error));
      },
    });
    expect(await own.fill(made)).toBe(true);
    expect(standing[0]).toBeInstanceOf(FencedError);
  });

  it('claims again when a consumer was faster, and takes over its facts', async () => {
    const key = (await tables.csv(`SELECT ${factsKeySql('sensor_data')}`))[0]!.replaceAll('"', '');
    const made = await planned();
    let isFaster = true;
    let isRecorded = false;
    const { replay: own } = work({
      asking: async (sql) => {
        if (isFaster && sql.includes('latest.1') && sql.includes(SOURCE)) {
          isFaster = false;
          await ledgerOf('zz').claim(SOURCE, [0]);
        }
        if (isRecorded || !sql.includes('groupBitmapIf')) return;
        isRecorded = true;
        await fact(key, 15, 'not-in-log', 'offsets 14 to 14 x');
      },
    });
    expect(await own.fill(made)).toBe(true);
    const recorded = `stream_table = '${made.key}' AND reason = 'not-in-log'`;
    expect([isFaster, await count(`consumer_positions WHERE ${recorded}`)]).toEqual([false, 1]);
  });

  it('files dead letters that are only its own before it swaps, each once', async () => {
    const made = await planned();
    let filed = -1;
    const { replay: own } = work({
      read: async (table) => {
        if ((await count(`${table} WHERE kafka_offset >= ${START}`)) > 0) return;
        await rows(table, 11, 14);
        await rows(table, 15, 19);
        await letters(made.letters, [10, 14]);
      },
      beforeSwap: async () => {
        filed = await count('dead_letters WHERE kafka_offset IN (10, 14)');
      },
    });
    expect(await own.fill(made)).toBe(true);
    expect(filed).toBe(2);
    expect(await own.finish(made)).toBe(true);
  });

  it('ends where another run took it over, and swaps nothing', async () => {
    const made = await planned();
    const { replay: own } = work({
      read: async () => {
        await ledgerOf('zz', made.beside).claim('replay', [0]);
        await rows(made.beside, 10, 14);
        await rows(made.beside, 15, 19);
      },
    });
    await expect(own.fill(made)).rejects.toThrow(FencedError);
    expect((await readIdentity(tables.clickhouse, 'sensor_data')).replay).not.toBe(made.id);
  });

  it('reads the last rows of the old table into the new one', async () => {
    const made = await planned();
    const first = work();
    expect(await first.replay.fill(made)).toBe(true);
    // A consumer that had claimed the old table wrote on until its claim was void.
    await rows(made.beside, 20, 22);
    const { opened, replay: own } = work({ read: (table) => rows(table, 20, 22) });
    await own.finish(made);
    expect(opened).toEqual(['sensor_data']);
    expect(await count('sensor_data WHERE kafka_offset >= 20')).toBe(2);
  });
});

describe('the facts of a replay', () => {
  const nothing = { guard: '1', queryId: 'q' };

  it('are its starts, the rows to carry over, and the time of the plan', async () => {
    const made = await planned();
    const ledger = new ReplayLedger(tables.clickhouse, 'default', made.beside, 'r');
    const ownership = await ledger.claim(SOURCE, [0]);
    await ledger.recordFloors(ownership, [
      ...['gap', 'not-in-log', 'unreadable'].map((reason, at) => {
        return { partition: 0, offset: 12 + at, reason, detail: `offsets ${at} to ${at + 1} x` };
      }),
      { partition: 0, offset: 16, reason: 'dead-letters', detail: '' },
    ]);
    const facts = await readFacts(tables.clickhouse, made.key);
    expect(facts.fromMs).toBe(FROM_MS);
    expect(facts.starts).toEqual([{ source: SOURCE, partition: 0, offset: START }]);
    expect(facts.carried.map(({ first, last }) => `${first}-${last}`)).toEqual([
      '0-1',
      '1-2',
      '2-3',
    ]);
    expect((await readFacts(tables.clickhouse, 'replay_ffffffff')).fromMs).toBeUndefined();
  });

  it('take over gaps of the live table as far as the filled one has come', async () => {
    const made = await planned();
    await rows(made.beside, 10, 15);
    const live = (await tables.csv(`SELECT ${factsKeySql('sensor_data')}`))[0]!.replaceAll('"', '');
    await fact(live, 15, 'gap', 'offsets 14 to 14 x');
    await fact(live, 16, 'gap', 'offsets 15 to 15 x');
    await fact(live, 3, 'upgrade');
    for (let twice = 0; twice < 2; twice += 1) await copyGaps(tables.clickhouse, made, live, nothing); // prettier-ignore
    const own = await tables.csv(
      `SELECT DISTINCT reason, kafka_offset FROM consumer_positions WHERE stream_table = '${made.key}' AND reason != 'replay' ORDER BY ALL`,
    );
    expect(own).toEqual(['"gap",15', '"start",0', '"upgrade",3']);
    expect(await seedsOf(tables.clickhouse, `'${made.key}'`)).toEqual(new Map([[SOURCE, new Map([[0, 3]])]])); // prettier-ignore
  });
});

describe('the offsets left to read', () => {
  const target: Positions = new Map([[SOURCE, new Map([[0, END]])]]);
  const left = (table: string, keySql: string, among: readonly string[]) =>
    offsetsLeft(tables.clickhouse, target, { table, keySql, letters: among });

  it('is counted from the position, and nothing where only dead letters are left', async () => {
    const made = await planned();
    expect(await left(made.beside, `'${made.key}'`, ['dead_letters'])).toBe(END - START);
    await rows(made.beside, 10, 18);
    expect(await left(made.beside, `'${made.key}'`, ['dead_letters'])).toBe(2);
    await rows(made.beside, 18, 19);
    expect(await left(made.beside, `'${made.key}'`, ['dead_letters'])).toBe(0);
    expect(await left(made.beside, `'${made.key}'`, [made.letters])).toBe(1);
  });

  it('is nothing in a table that is as far by its floors', async () => {
    const keySql = factsKeySql('sensor_data');
    expect(await positionsIn(tables.clickhouse, 'sensor_data', keySql, [SOURCE])).toEqual(target);
    expect(await left('sensor_data', keySql, ['dead_letters'])).toBe(0);
  });
});

describe('rows are carried over', () => {
  const partsOf = (made: ReplayTables) => {
    let id = 0;
    const nextQueryId = () => `carry-${made.id}-${(id += 1)}`;
    const own = { clickhouse: tables.clickhouse, stream: sensorData, tables: made, guard: '1' };
    const seen: number[] = [];
    const progress = (done: number): void => void seen.push(done);
    return { parts: { ...own, nextQueryId, progress }, seen };
  };

  it('below the start, of other topics, and whose records left the log, each once', async () => {
    const made = await planned();
    await rows('sensor_data', 100, 103, 'sensor_data@earlier');
    await rows('sensor_data', 200, 202, '');
    const start = { source: SOURCE, partition: 0, offset: START };
    const carried = [{ source: SOURCE, partition: 0, first: 12, last: 15 }];
    const facts = { fromMs: FROM_MS, starts: [start], carried };
    const { parts, seen } = partsOf(made);
    for (let twice = 0; twice < 2; twice += 1) expect(await carryOver(parts, facts)).toBe(16);
    expect(seen.at(-1)).toBe(16);
    const kept = await tables.csv(`SELECT kafka_offset FROM ${made.beside} ORDER BY kafka_offset`);
    const expected = [0, 1, 2, 3, 5, 6, 7, 8, 12, 13, 15, 100, 101, 102, 200, 201];
    expect(kept.map(Number)).toEqual(expected);
  });

  it('never beside a part of them', async () => {
    const made = await planned();
    const start = { source: SOURCE, partition: 0, offset: START };
    await rows(made.beside, 0, 2);
    const facts = { fromMs: FROM_MS, starts: [start], carried: [] };
    await expect(carryOver(partsOf(made).parts, facts)).rejects.toThrow(UnavailableError);
  });

  it('not after another run took over', async () => {
    const made = await planned();
    const ledger = ledgerOf('a', made.beside);
    const lost = await ledger.claim('replay', [0]);
    await ledgerOf('b', made.beside).claim('replay', [0]);
    const start = { source: SOURCE, partition: 0, offset: START };
    const facts = { fromMs: FROM_MS, starts: [start], carried: [] };
    const guarded = { ...partsOf(made).parts, guard: guard(lost) };
    await expect(carryOver(guarded, facts)).rejects.toThrow(FencedError);
    expect(await count(made.beside)).toBe(0);
  });
});

describe('dead letters of a replay', () => {
  it('are filed once, under the claim of the live table, and withdrawn where they are rows', async () => {
    const made = await planned();
    await letters(made.letters, [10, 14, 10]);
    const ledger = ledgerOf('a');
    const ownership = await ledger.claim(SOURCE, [0]);
    const file = (of: Ownership, id: string) =>
      fileLetters(tables.clickhouse, made, sensorData, of, id);
    for (const id of ['one', 'two']) await file(ownership, `${made.id}-${id}`);
    expect(await count('dead_letters WHERE kafka_offset = 10')).toBe(1);
    expect(await count('dead_letters')).toBe(5);
    await ledgerOf('b').claim(SOURCE, [0]);
    await letters(made.letters, [11]);
    await expect(file(ownership, `${made.id}-late`)).rejects.toThrow(FencedError);
    await withdrawLetters(tables.clickhouse, made);
    expect(await tables.csv('SELECT kafka_offset FROM dead_letters ORDER BY ALL')).toEqual(['4', '9', '14', '19']); // prettier-ignore
  });
});

describe('tables are exchanged', () => {
  /** A server that carries out an exchange and then loses its answer, or does neither. */
  function losing(answers: readonly ('lost' | 'refused')[]) {
    const left = [...answers];
    let exchanges = 0;
    const clickhouse = {
      rows: (sql: string) => tables.clickhouse.rows(sql),
      command: async (sql: string) => {
        exchanges += 1;
        const answer = left.shift();
        if (answer !== 'refused') await tables.clickhouse.command(sql);
        if (answer !== undefined) throw new UnavailableError(answer);
      },
    } as unknown as ClickHouse;
    return { clickhouse, exchanges: () => exchanges };
  }

  it.each([
    [[], 1],
    [['lost'], 1],
    [['refused', 'refused'], 3],
    [['refused', 'lost'], 2],
  ] as const)('once, whatever is heard of it: %j', async (answers, times) => {
    const made = await planned();
    const { clickhouse, exchanges } = losing(answers);
    await exchange(clickhouse, made);
    expect(exchanges()).toBe(times);
    const isLive = async () => (await readIdentity(tables.clickhouse, 'sensor_data')).replay;
    expect(await isLive()).toBe(made.id);
    await exchange(clickhouse, made);
    expect(exchanges()).toBe(times);
    expect(await unfinished(tables.clickhouse, 'sensor_data')).toMatchObject([{ swapped: true }]);
    const aside = await setAside(tables.clickhouse, made);
    expect(aside).toBe(`sensor_data_replaced_${made.id}`);
    expect(await setAside(tables.clickhouse, made)).toBe(aside);
    expect(await isLive()).toBe(made.id);
  });

  it('not for ever', async () => {
    const made = await planned();
    const { clickhouse, exchanges } = losing(['refused', 'refused', 'refused', 'refused']);
    await expect(exchange(clickhouse, made)).rejects.toThrow('refused');
    expect(exchanges()).toBe(3);
    expect(await unfinished(tables.clickhouse, 'sensor_data')).toMatchObject([{ swapped: false }]);
  });
});
