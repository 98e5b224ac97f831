// What a consumer counts: each figure of a batch where it belongs, durations in seconds, and every offset once.
import { expect, it } from 'vitest';
import { createRegistry } from '../platform/metrics.ts';
import type { Batch } from './batch.ts';
import { consumerMetrics } from './metrics.ts';

const letter = (reason: string) => ({ rejection: { reason } });
const flushed = {
  ...{ block: { rows: 5 }, valueBytes: 300, decodeMs: 250 },
  ...{ skipped: 2, duplicates: 3, unreadable: 4 },
  deadLetters: [letter('invalid_json'), letter('too_large'), letter('too_large')],
  spans: new Map([
    [0, { first: 10, next: 24, absent: [{ first: 12, last: 14 }, { first: 16, last: 16 }] }],
    [1, { first: 0, next: 6, absent: [] }],
  ]),
} as unknown as Batch; // prettier-ignore

it('settles the offsets of a batch, each in one figure', () => {
  const metrics = consumerMetrics(createRegistry('test'))('s', 'd.t');
  metrics.consumed(20);
  metrics.flushed(flushed, 1_500);
  metrics.flushed(flushed, 1_500);
  metrics.lag(9);
  expect(metrics.totals).toEqual({
    ...{ consumed: 20, settled: 40, inserted: 10, deadLetters: 6 },
    ...{ deadBefore: 4, duplicates: 6, unreadable: 8, absent: 8, lag: 9 },
  });
});

it('exposes the same to Prometheus, by stream and by reason, and times in seconds', async () => {
  const registry = createRegistry('test');
  const metricsOf = consumerMetrics(registry);
  const metrics = metricsOf('s', 'd.t');
  metricsOf('other', 'd.o').lag(1);
  metrics.consumed(20);
  metrics.flushed(flushed, 1_500);
  metrics.waited(125);
  metrics.lag(9);
  metrics.hidden(7);
  metrics.stalled(1);
  const lines = (await registry.metrics()).split('\n');
  const value = (name: string, ...labels: string[]) => {
    const found = lines.find((line) => {
      return line.startsWith(`sensorhouse_consumer_${name}{`) && ['stream="s"', ...labels].every((label) => line.includes(label)); // prettier-ignore
    });
    return Number(found?.split(' ').at(-1));
  };
  expect(value('records_consumed_total')).toBe(20);
  expect(value('rows_inserted_total')).toBe(5);
  expect(value('record_bytes_total')).toBe(300);
  expect(value('duplicates_total')).toBe(3);
  expect(value('unreadable_offsets_total')).toBe(4);
  expect(value('absent_offsets_total')).toBe(4);
  expect(value('dead_letters_total', 'reason="too_large"')).toBe(2);
  expect(value('dead_letters_total', 'reason="invalid_json"')).toBe(1);
  expect(value('flush_seconds_sum')).toBe(1.5);
  expect(value('flush_seconds_count')).toBe(1);
  expect(value('flush_rows_sum')).toBe(5);
  expect(value('busy_seconds_total', 'stage="decode"')).toBe(0.25);
  expect(value('busy_seconds_total', 'stage="insert"')).toBe(1.5);
  expect(value('busy_seconds_total', 'stage="wait"')).toBe(0.125);
  expect(value('lag_records')).toBe(9);
  expect(value('open_transaction_records')).toBe(7);
  expect(value('stalled_partitions')).toBe(1);
});
