// What is written down about dead letters that are published again, read back on the real engine: which are open,
// which run was interrupted, their outcomes, and what an audit says of it.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FencedError } from '../../platform/errors.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { trafficEvents } from '../../streams/traffic.ts';
import { openTables, type Tables } from '../../test/backend/tables.ts';
import { auditReport, totalChecksum } from '../audit/report.ts';
import { auditTopic } from '../audit/audit.ts';
import { listReasons } from './list.ts';
import type { OffsetRange } from '../gap.ts';
import { auditOrigin } from '../audit/origin-audit.ts';
import { auditRedrives, redriveNotes } from './redrive-audit.ts';
import { RedriveBook, type LetterFilter } from './redrive-book.ts';
import { outcomeOf, serverNowMs } from './redrive-outcome.ts';
import type { Redrive } from './redrive.ts';

const SOURCE = 'sensor_data@one';
const ALL: LetterFilter = { reasons: [], sinceMs: 0 };
const REJECTED_MS = Date.UTC(2026, 0, 1);
let tables: Tables;

beforeAll(async () => {
  tables = await openTables();
}, 60_000);
afterAll(() => tables[Symbol.asyncDispose]());
beforeEach(() => tables.empty());

interface Letter {
  readonly offset: number;
  readonly partition?: number;
  readonly reason?: string;
  readonly detail?: string;
  readonly value?: string;
  readonly headers?: string;
  readonly stream?: string;
  readonly source?: string;
  readonly atMs?: number;
  readonly origin?: readonly [source: string, partition: number, offset: number];
}

async function letters(all: readonly Letter[]): Promise<void> {
  const values = all.map((letter) => {
    const { atMs = REJECTED_MS, detail = '', headers = '', offset, origin = ['', 0, 0] } = letter;
    const { partition = 0, reason = 'wrong_type', source = SOURCE, stream = 'sensor_data', value = 'v' } = letter; // prettier-ignore
    const [os, op, oo] = origin;
    return `('${stream}', '${source}', ${partition}, ${offset}, fromUnixTimestamp64Milli(${1_000 + offset}), 'k${offset}',
      '${value}', '${headers}', '${reason}', 'f', '${detail}', fromUnixTimestamp64Milli(${atMs}), '${os}', ${op}, ${oo})`;
  });
  await tables.clickhouse.command(
    `INSERT INTO dead_letters (stream, kafka_source, kafka_partition, kafka_offset, kafka_timestamp, key, value, headers,
       reason, field, detail, ingest_time, origin_source, origin_partition, origin_offset) VALUES ${values.join(', ')}`,
  );
}

const bookOf = (owner: string, stream = 'sensor_data'): RedriveBook =>
  new RedriveBook(tables.clickhouse, 'default', stream, owner);

const redriveOf = (id: string, offsets: readonly number[], from = 100): Redrive => {
  return {
    ...{ id, source: SOURCE, partition: 0, from },
    letters: offsets.map((offset) => ({ offset, attempt: 1 })),
    target: { topic: 'sensor_data', topicId: 'one', partition: 0 },
    identity: { producerId: 7, epoch: 2 },
  };
};

const where = { source: SOURCE, partition: 0, home: { source: SOURCE, partition: 0 } };
const range = { from: 0, to: 1_000, limit: 1_000 };
const openOffsets = async (filter = ALL, within = range): Promise<number[]> =>
  (await bookOf('r').open(where, filter, within)).map(({ offset }) => offset);

describe('open letters', () => {
  it('are all that were not published, in order, each once', async () => {
    await letters([3, 1, 2, 2, 9].map((offset) => ({ offset })));
    const book = bookOf('a');
    expect(await book.openPartitions(ALL)).toEqual([{ ...where, letters: 4 }]);
    expect(await book.open(where, ALL, range)).toEqual(
      [1, 2, 3, 9].map((offset) => {
        return { offset, timestampMs: 1_000 + offset, bytes: 3, attempts: 0 };
      }),
    );
    expect(await openOffsets(ALL, { from: 2, to: 9, limit: 9 })).toEqual([2, 3]);
    expect(await openOffsets(ALL, { from: 0, to: 10, limit: 2 })).toEqual([1, 2]);
  });

  it('are chosen by reason and time, and never such as were cut', async () => {
    await letters([
      { offset: 1, reason: 'too_large', detail: '2', value: 'v' },
      { offset: 2, reason: 'too_large', detail: '1', value: 'v' },
      { offset: 3, atMs: REJECTED_MS - 1 },
      { offset: 4, reason: 'tombstone', stream: 'traffic_events' },
    ]);
    expect(await openOffsets()).toEqual([2, 3]);
    expect(await openOffsets({ reasons: ['too_large'], sinceMs: 0 })).toEqual([2]);
    expect(await openOffsets({ reasons: [], sinceMs: REJECTED_MS })).toEqual([2]);
    expect(await bookOf('a').openPartitions({ reasons: ['x'], sinceMs: 0 })).toEqual([]);
  });

  it('go where the record was that they were made from', async () => {
    const made = { stream: 'traffic_events', source: 'made@1', partition: 2 };
    await letters([
      { ...made, offset: 1, origin: ['raw@7', 5, 40] },
      { ...made, offset: 2, origin: ['raw@7', 6, 41] },
      { ...made, offset: 3 },
    ]);
    const found = await bookOf('a', 'traffic_events').openPartitions(ALL);
    expect(found.map(({ home, letters: n, partition }) => [home, partition, n])).toEqual([
      [{ source: 'made@1', partition: 2 }, 2, 1],
      [{ source: 'raw@7', partition: 5 }, 2, 1],
      [{ source: 'raw@7', partition: 6 }, 2, 1],
    ]);
    const own = { source: 'made@1', partition: 2, home: { source: 'raw@7', partition: 6 } };
    const open = await bookOf('a', 'traffic_events').open(own, ALL, range);
    expect(open.map(({ offset }) => offset)).toEqual([2]);
  });
});

describe('a re-drive', () => {
  it('keeps its letters from being published again, unless it is void', async () => {
    await letters([1, 2, 3, 4].map((offset) => ({ offset })));
    const book = bookOf('a');
    const ownership = await book.claim();
    const [published, refused, doubted] = [
      redriveOf('p', [1]),
      redriveOf('v', [2]),
      redriveOf('d', [3]),
    ];
    for (const each of [published, refused, doubted]) await book.intend(each, ownership);
    expect(await openOffsets()).toEqual([4]);
    expect((await book.interrupted()).map(({ id }) => id)).toEqual(['d', 'p', 'v']);
    await book.conclude(published, ownership, 'published', { base: 120 });
    await book.conclude(refused, ownership, 'void', { detail: 'too large' });
    await book.conclude(doubted, ownership, 'doubt', {});
    expect(await book.interrupted()).toEqual([]);
    expect(await openOffsets()).toEqual([2, 4]);
    await book.giveUpDoubts(ownership);
    await book.giveUpDoubts(ownership);
    expect(await openOffsets()).toEqual([2, 3, 4]);
  });

  it('that was interrupted is known whole, in the order of its batch', async () => {
    await letters([1, 2].map((offset) => ({ offset })));
    const book = bookOf('a');
    const begun = redriveOf('i', [2, 1], 55);
    await book.intend(begun, await book.claim());
    expect(await book.interrupted()).toEqual([begun]);
    const contents = await book.contents(begun);
    expect(contents.map(({ key, offset, reason, timestampMs, value }) => [offset, key.toString(), value.toString(), reason, timestampMs])).toEqual([
      [1, 'k1', 'v', 'wrong_type', 1_001],
      [2, 'k2', 'v', 'wrong_type', 1_002],
    ]); // prettier-ignore
  });

  it('is written down by the last process that claimed, and by no other', async () => {
    const book = bookOf('a');
    const lost = await book.claim();
    await bookOf('b').claim();
    const begun = redriveOf('x', [1]);
    await expect(book.intend(begun, lost)).rejects.toThrow(FencedError);
    await expect(book.conclude(begun, lost, 'published', {})).rejects.toThrow(FencedError);
    await letters([{ offset: 1 }]);
    const other = bookOf('c', 'traffic_events');
    const standing = await other.claim();
    await other.intend({ ...begun, id: 'y' }, standing);
    expect(await tables.csv('SELECT DISTINCT redrive_id FROM dead_letter_redrives')).toEqual([
      '"y"',
    ]);
  });

  it('counts tries by the record that was published', async () => {
    await letters([{ offset: 1 }, { offset: 121 }]);
    const book = bookOf('a');
    const ownership = await book.claim();
    const begun = { ...redriveOf('p', [1]), letters: [{ offset: 1, attempt: 3 }] };
    await book.intend(begun, ownership);
    await book.conclude(begun, ownership, 'published', { base: 121 });
    expect(await book.open(where, ALL, range)).toMatchObject([{ offset: 121, attempts: 3 }]);
  });
});

describe('the outcome of published letters', () => {
  it('follows from the place of each letter, and is audited', async () => {
    await letters([1, 2, 3, 4, 5, 6].map((offset) => ({ offset, reason: offset < 4 ? 'a' : 'b' })));
    const book = bookOf('a');
    const ownership = await book.claim();
    const sinceMs = await serverNowMs(tables.clickhouse);
    const published = redriveOf('p', [1, 2, 3]);
    await book.intend(published, ownership);
    await book.conclude(published, ownership, 'published', { base: 100 });
    await book.intend(redriveOf('i', [4]), ownership);
    const doubted = redriveOf('d', [5]);
    await book.intend(doubted, ownership);
    await book.conclude(doubted, ownership, 'doubt', {});
    await tables.clickhouse.command(
      `INSERT INTO sensor_data (kafka_source, kafka_partition, kafka_offset, ingest_time) VALUES ('${SOURCE}', 0, 100, now64(3))`,
    );
    await letters([{ offset: 101, reason: 'c' }]);
    const signal = new AbortController().signal;
    const tally = await outcomeOf(tables.clickhouse, sensorData, sinceMs, 0, signal);
    expect(tally).toMatchObject({ letters: 3, rows: 1, rejections: 1, reasons: '1 c (f)' });
    const later = await outcomeOf(tables.clickhouse, sensorData, sinceMs + 60_000, 0, signal);
    expect(later).toMatchObject({ letters: 0, rows: 0 });
    const audit = await auditRedrives(tables.clickhouse, sensorData, SOURCE);
    expect(audit).toEqual({
      ...{ published: 3, rows: 1, deadAgain: 1, twice: 0, interrupted: 1, doubtful: 1 },
    });
    expect(redriveNotes(audit)).toHaveLength(3);
    const twice = { ...published, id: 'p2' };
    await book.intend(twice, ownership);
    await book.conclude(twice, ownership, 'published', { base: 200 });
    expect(await auditRedrives(tables.clickhouse, sensorData, SOURCE)).toMatchObject({ twice: 3 });
    const listed = await listReasons(tables.clickhouse, 'sensor_data', ALL);
    expect(listed.map(({ doubtful, letters: n, open, published: p, reason }) => [reason, n, open, p, doubtful])).toEqual([
      ['a', 3, 0, 3, 0],
      ['b', 3, 2, 0, 1],
      ['c', 1, 1, 0, 0],
    ]); // prettier-ignore
    expect(listed[2]).toMatchObject({ attempts: 1, first: '2026-01-01T00:00:00Z' });
    expect(listed[1]!.example).toMatchObject({ field: 'f', key: expect.stringMatching(/^k[46]$/) as string, bytes: 1 }); // prettier-ignore
    const since = await listReasons(tables.clickhouse, 'sensor_data', { reasons: ['b'], sinceMs: REJECTED_MS + 1 }); // prettier-ignore
    expect(since).toEqual([]);
  });
});

describe('an audit', () => {
  const log = (
    topic: string,
    ends: readonly number[],
    begin = 0,
    absent: readonly number[] = [],
  ) => {
    const ranges = new Map(ends.map((end, partition) => [partition, { begin, end }]));
    return {
      topic,
      topicId: () => Promise.resolve('one'),
      logRanges: () => Promise.resolve(ranges),
      present: (_: number, asked: readonly OffsetRange[]) => {
        const offsets = asked.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (__, at) => first + at),
        );
        return Promise.resolve(offsets.filter((offset) => !absent.includes(offset)).length);
      },
    };
  };
  const rows = (values: readonly string[]) =>
    tables.clickhouse.command(
      `INSERT INTO sensor_data (kafka_source, kafka_partition, kafka_offset, device_id) VALUES ${values.join(', ')}`,
    );
  const fact = (offset: number, reason: string, detail = '', partition = 0) =>
    tables.clickhouse.command(
      `INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, kafka_offset, reason, detail)
       VALUES ('sensor_data', '${SOURCE}', ${partition}, ${offset}, '${reason}', '${detail}')`,
    );

  it('counts every offset of every partition once, by what became of it', async () => {
    const at = (partition: number, offset: number) => `('${SOURCE}', ${partition}, ${offset}, 'd')`;
    await rows([at(0, 2), at(0, 3), at(0, 9), at(1, 0), at(1, 0), `('sensor_data@old', 0, 1, 'd')`, `('', 0, 1, 'd')`]); // prettier-ignore
    await letters([{ offset: 4 }, { offset: 10 }, { offset: 11 }, { offset: 4, stream: 'traffic_events' }]); // prettier-ignore
    await fact(5, 'gap', 'offsets 5 to 6 x');
    await fact(7, 'not-in-log', 'offsets 7 to 7 x');
    await fact(8, 'duplicate', 'offsets 8 to 8 x');
    await fact(99, 'claim');
    const audit = await auditTopic(
      tables.clickhouse,
      log('sensor_data', [12, 1, 4], 2),
      sensorData,
    );
    expect(audit.partitions[0]).toMatchObject({
      ...{
        partition: 0,
        good: 3,
        dead: 3,
        gap: 2,
        absent: 1,
        duplicates: 1,
        missing: 0,
        surplus: 0,
      },
      ...{ behind: 0, exact: true },
    });
    expect(audit.partitions[1]).toMatchObject({ surplus: 1, exact: false });
    expect(audit.partitions[2]).toMatchObject({ good: 0, behind: 2, exact: true });
    expect(audit).toMatchObject({ exact: false, behind: 2, withoutCoordinates: 1, earlier: { rows: 1, surplus: 0 } }); // prettier-ignore
    expect(auditReport(audit)).toContain('DOES NOT ADD UP');
    expect(totalChecksum(audit)).toBeGreaterThan(0n);
  });

  it('misses letters that are nowhere, and sees those that are both a row and a dead letter', async () => {
    await rows([`('${SOURCE}', 0, 0, 'd')`, `('${SOURCE}', 0, 2, 'd')`]);
    const missing = await auditTopic(tables.clickhouse, log('sensor_data', [3]), sensorData);
    expect(missing.partitions[0]).toMatchObject({ missing: 1, surplus: 0, exact: false });
    await letters([{ offset: 1 }, { offset: 2 }]);
    const both = await auditTopic(tables.clickhouse, log('sensor_data', [3]), sensorData);
    expect(both.partitions[0]).toMatchObject({ missing: 0, surplus: 1, exact: false });
  });

  it('of an origin counts records by what was made of them', async () => {
    const made = 'traffic_processed@1';
    const row = (offset: number, of: number) => `('${made}', 0, ${offset}, 'raw@one', 0, ${of})`;
    await tables.clickhouse.command(
      `INSERT INTO traffic_events (kafka_source, kafka_partition, kafka_offset, origin_source, origin_partition, origin_offset)
       VALUES ${[row(0, 2), row(1, 3), row(2, 7)].join(', ')}`,
    );
    const stub = (range_: string) =>
      JSON.stringify([['sensorhouse-unreadable', [Buffer.from(range_).toString('base64')]]]);
    const letter = { stream: 'traffic_events', source: made };
    await letters([
      { ...letter, offset: 3, origin: ['raw@one', 0, 5], headers: stub('4-5') },
      { ...letter, offset: 4, origin: ['raw@one', 0, 8] },
      { ...letter, offset: 5, origin: ['raw@one', 0, 1], headers: stub('0-9') },
    ]);
    const audit = await auditOrigin(tables.clickhouse, log('raw', [11], 2), trafficEvents);
    expect(audit.partitions).toEqual([
      {
        ...{ partition: 0, begin: 2, end: 11, made: 5, unreadable: 1 },
        ...{ missing: 1, absent: 0, surplus: 0, behind: 2 },
      },
    ]);
    expect(audit).toMatchObject({ exact: false, behind: 2 });
    const aborted = log('raw', [11], 2, [4, 6, 10]);
    const exact = await auditOrigin(tables.clickhouse, aborted, trafficEvents);
    expect(exact).toMatchObject({ exact: true, behind: 1 });
    expect(exact.partitions).toMatchObject([{ missing: 0, absent: 1, unreadable: 1, behind: 1 }]);
    await letters([{ ...letter, offset: 6, origin: ['raw@one', 0, 6] }, { ...letter, offset: 7, origin: ['raw@one', 0, 6] }]); // prettier-ignore
    const twice = await auditOrigin(tables.clickhouse, log('raw', [11], 2), trafficEvents);
    expect(twice.partitions[0]).toMatchObject({ missing: 0, surplus: 1, made: 6 });
  });
});
