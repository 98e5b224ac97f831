import { describe, expect, it } from 'vitest';
import { consumerMetrics } from '../../consumer/metrics.ts';
import { createRegistry } from '../../platform/metrics.ts';
import { bottleneck, readMetrics, type Reading } from './bottleneck.ts';

const start: Reading = { atMs: 0, consumed: 0, lag: 500_000, decode: 0, insert: 0, wait: 0 };
const after = (more: Partial<Reading>): Reading => ({ ...start, atMs: 10_000, ...more });

describe('the bottleneck', () => {
  it.each([
    ['decode', { decode: 7, insert: 5, wait: 0.5 }],
    ['insert', { decode: 2, insert: 9.8, wait: 7 }],
    ['insert', { decode: 4, insert: 9.8, wait: 3 }],
    // A flood of dead letters: all is fetched, no batch is full, and it is inserted slowly.
    ['insert', { decode: 0.5, insert: 10, wait: 0 }],
    ['fetch', { decode: 2, insert: 1, wait: 0 }],
    ['fetch', {}],
  ])('is %s with busy seconds %j of ten', (stage, busy) => {
    const found = bottleneck(start, after({ consumed: 100_000, ...busy }));
    expect(found.stage).toBe(stage);
    expect(found.line).toMatch(`${stage} is the bottleneck: 10000 records/s, lag 500000; decode`);
  });

  it('is nothing while a consumer is less than a second behind', () => {
    const found = bottleneck(start, after({ consumed: 100_000, decode: 9, lag: 9_000 }));
    expect(found.stage).toBeUndefined();
    expect(found.line).toMatch(/^keeps up: 10000 records\/s, lag 9000; decode .* 90 %/);
  });
});

it('reads the real metrics of the consumer, summed over streams', async () => {
  const registry = createRegistry('consumer');
  const metricsOf = consumerMetrics(registry);
  const [one, two] = [metricsOf('one', 'db.one'), metricsOf('two', 'db.two')];
  one.consumed(5);
  two.consumed(6);
  const counts = { duplicates: 0, skipped: 0, unreadable: 0, valueBytes: 100 };
  const batch = { ...counts, deadLetters: [], spans: new Map() };
  one.flushed({ ...batch, block: { rows: 5 }, decodeMs: 500 }, 2_000);
  two.flushed({ ...batch, block: { rows: 6 }, decodeMs: 250 }, 1_000);
  two.waited(125);
  one.lag(3);
  two.lag(4);
  const text = await registry.metrics();
  const read = { atMs: 7, consumed: 11, lag: 7, decode: 0.75, insert: 3, wait: 0.125 };
  expect(readMetrics(text, 7)).toEqual(read);
  expect(readMetrics('', 7)).toEqual({ ...read, consumed: 0, lag: 0, decode: 0, insert: 0, wait: 0 });
}); // prettier-ignore
