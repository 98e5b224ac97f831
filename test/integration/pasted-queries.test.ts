// The queries that docs/queries.md offers for pasting run on the real engine, over tables with rows and dead
// letters, and answer what the line above each of them says.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { describeBackend } from '../backend/context.ts';
import { pastedQueries } from '../docs/pages.ts';
import { ask, sensorTables, type Answer, type SensorTables } from './dashboard-data.ts';

const NOW_MS = Date.now();
const queries = pastedQueries();

/** The one query that speaks of all of `words`. */
function queryOf(...words: string[]): string {
  const found = queries.filter((sql) => words.every((word) => sql.includes(word)));
  expect(found, words.join(' ')).toHaveLength(1);
  return found[0]!;
}

function records({ columns, rows }: Answer): Record<string, unknown>[] {
  const names = columns.map(({ name }) => name);
  return rows.map((row) => Object.fromEntries(row.map((value, i) => [names[i]!, value])));
}

async function answer(tables: SensorTables, sql: string): Promise<Record<string, unknown>[]> {
  return records(await ask(tables, sql));
}

describeBackend('the queries of docs/queries.md', () => {
  let tables: SensorTables;
  beforeAll(async () => {
    tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
  });
  afterAll(() => tables[Symbol.asyncDispose]());

  it('all answer over data, without an empty value', async () => {
    for (const sql of queries) {
      const { rows } = await ask(tables, sql);
      expect(rows.length, sql).toBeGreaterThan(0);
      expect(
        rows.flat().filter((value) => value === null),
        sql,
      ).toEqual([]);
    }
  });

  it('count rows, dead letters and motion', async () => {
    const counted = await answer(tables, queryOf('min(ts) AS first'));
    expect(counted.map(({ device_id }) => device_id)).toEqual(tables.devices.toSorted());
    expect(counted.map(({ row_count }) => Number(row_count))).toEqual([27, 27, 27]);
    expect(await answer(tables, queryOf('dead_letters'))).toMatchObject([{ reason: 'tombstone' }]);
    const moved = await answer(tables, queryOf('maxIf(ts'));
    expect(moved.map(({ readings }) => Number(readings))).toEqual([2, 2, 2]);
  });

  it('take the newest row of a device by arrival, then by offset', async () => {
    const latest = await answer(tables, queryOf('LIMIT 1 BY device_id'));
    expect(latest.map(({ co }) => co)).toEqual(tables.devices.map(() => tables.latestCo));
  });

  it('find the longest pause, and offsets that are there twice', async () => {
    const [longest] = await answer(tables, queryOf('lagInFrame'));
    // Sixty days lie between the old rows and the new ones.
    expect(Number(longest!['seconds'])).toBeGreaterThan(5_000_000);
    // The made-up rows of all devices share their offsets, which no consumer would ever write.
    const [partition] = await answer(tables, queryOf('uniqExact(kafka_offset)'));
    expect(Number(partition!['row_count'])).toBe(81);
    expect(Number(partition!['offsets'])).toBe(20);
  });

  it('answer nothing, without an error, while the tables are empty', async () => {
    await using empty = await sensorTables(inject('clickhouseUrl'), NOW_MS, 0);
    for (const sql of queries) expect((await ask(empty, sql)).rows, sql).toEqual([]);
  });
});
