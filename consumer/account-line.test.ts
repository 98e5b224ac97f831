// The last line adds up whatever the batches held.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRegistry } from '../platform/metrics.ts';
import { reject } from '../streams/rejection.ts';
import { accountLine } from './account-line.ts';
import type { RecordRun } from '../platform/kafka/record-run.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { Batch, type DeadLetter, type Span } from './batch.ts';
import { consumerMetrics } from './metrics.ts';

const letter = { rejection: reject('invalid_json') } as DeadLetter;

/** A batch of one partition, by the outcomes of its offsets. */
const batch = fc
  .record({
    ...{ rows: fc.nat(1_000), dead: fc.nat(5), skipped: fc.nat(5), duplicates: fc.nat(5) },
    ...{ markers: fc.nat(5), damaged: fc.nat(5), first: fc.nat(1e6) },
  })
  .map(({ damaged: unreadable, dead, duplicates, first, markers, rows, skipped }) => {
    const next = first + rows + dead + skipped + duplicates + unreadable + markers;
    const absent = markers === 0 ? [] : [{ first: next - markers, last: next - 1 }];
    const span: Span = { first, next, rows, dead, absent, duplicates: [], unreadable: [] };
    const deadLetters = Array.from({ length: dead }, () => letter);
    const counts = { deadLetters, duplicates, skipped, unreadable };
    return {
      ...counts,
      ...{ decodeMs: 0, valueBytes: 0 },
      block: { rows },
      spans: new Map([[0, span]]),
    };
  });

it('is the sum of rows, dead letters, duplicates and offsets without a record', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 5 }), (batches) => {
      const metrics = consumerMetrics(createRegistry('test'))('s', 't');
      for (const each of batches) metrics.flushed(each, 1);
      const { consumed, event, lag, ...became } = accountLine(metrics.totals).account;
      expect(Object.values(became).reduce<number>((sum, n) => sum + Number(n), 0)).toBe(consumed);
      expect({ event, lag }).toEqual({ event: 'account', lag: 0 });
    }),
  );
});

it('leaves out classes without records', () => {
  const nothing = { ...consumerMetrics(createRegistry('test'))('s', 't').totals };
  expect(accountLine(nothing).text).toBe('consumed 0, inserted 0, dead letters 0, lag 0');
  const some = { ...nothing, settled: 9, inserted: 5, deadBefore: 1, duplicates: 1, absent: 2 };
  expect(accountLine(some).text).toBe(
    'consumed 9, inserted 5, dead letters 0, dead letters recorded before 1, duplicates left out 1, without a record 2, lag 0',
  );
});

it.each([
  ['no record', []],
  ['no readable record', [{ next: () => false, damage: 'corrupt', lastOffset: 9 }]],
])('counts dead letters recorded before where there is %s any more', (_, records) => {
  const run = { records, lastOffset: 9 } as unknown as RecordRun;
  const limits = { maxBatchRows: 10, maxBatchBytes: 1_000_000 };
  const batch = new Batch(sensorData, 1_000);
  batch.add(0, run, 0, { dead: new Set([3, 4, 12]), origins: new Map() }, limits);
  const metrics = consumerMetrics(createRegistry('test'))('s', 't');
  metrics.flushed(batch, 1);
  const { absent, deadBefore, settled, unreadable } = metrics.totals;
  expect({ deadBefore, settled, gone: absent + unreadable }).toEqual({
    ...{ deadBefore: 2, settled: 10, gone: 8 },
  });
});
