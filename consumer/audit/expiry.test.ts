// Up to where rows may have expired: after the last that is due, before the first that is left, all, or nothing.
import { expect, it } from 'vitest';
import { sensorData } from '../../streams/sensor-data.ts';
import { expiryOf } from './expiry.ts';
import { answering } from '../test-clickhouse.ts';

const ENGINE =
  'MergeTree ORDER BY ts TTL toDateTime(ingest_time) + toIntervalDay(7) SETTINGS x = 1';

function asking(engineFull: string, known: readonly string[], rows: readonly object[]) {
  const answers = [[{ engineFull }], known.map((p) => ({ p })), rows];
  const { clickhouse, questions } = answering(answers);
  return { questions, expiry: () => expiryOf(clickhouse, sensorData, 's@1') };
}

it('is undefined for a table without a retention, after one query', async () => {
  const { expiry, questions } = asking('MergeTree ORDER BY ts', ['0'], []);
  expect(await expiry()).toBeUndefined();
  expect(questions).toHaveLength(1);
});

it('is computed by partition', async () => {
  const { expiry } = asking(
    ENGINE,
    ['1', '2', '3'],
    [
      // Nothing of it is due, and it was first read within the retention: nothing has expired yet.
      { p: '0', aged: '0', least: '1', lowest: '5' },
      { p: '1', aged: '2', least: '8', lowest: '6' },
      { p: '2', aged: '0', least: '1', lowest: '6' },
      { p: '4', aged: '1', least: '9', lowest: '3' },
    ],
  );
  const found = await expiry();
  expect(found?.days).toBe(7);
  expect([...found!.below].toSorted(([one], [other]) => one - other)).toEqual([
    [1, 8],
    [2, 6],
    [3, Infinity],
    [4, 9],
  ]);
});

it('leaves an hour for rows, letters and facts that expire during the question', async () => {
  const { expiry, questions } = asking(ENGINE, [], []);
  await expiry();
  const horizon = 'now64(3) - toIntervalDay(7) + toIntervalHour(1)';
  expect(questions[1]).toContain(`min(written_at) < ${horizon}`);
  expect(questions[2]!.split(`ingest_time < ${horizon} AS due`)).toHaveLength(3);
});
