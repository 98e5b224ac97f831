import { expect, it } from 'vitest';
import { consumerMetrics } from '../../consumer/metrics.ts';
import { createRegistry } from '../../platform/metrics.ts';
import { readFigures } from './metrics-text.ts';

it('reads the real metrics of the consumer, summed over streams', async () => {
  const registry = createRegistry('consumer');
  const metricsOf = consumerMetrics(registry);
  const [one, two] = [metricsOf('one', 'db.one'), metricsOf('two', 'db.two')];
  const counts = { duplicates: 0, skipped: 0, unreadable: 0, valueBytes: 1_000, decodeMs: 1 };
  const batch = { ...counts, deadLetters: [], spans: new Map() };
  one.flushed({ ...batch, block: { rows: 97 } }, 5);
  two.flushed({ ...batch, block: { rows: 3 } }, 5);
  one.lag(40);
  two.lag(2);
  const figures = readFigures(await registry.metrics());
  expect(figures).toMatchObject({ inserted: 100, deadLetters: 0, lag: 42 });
  expect(figures.residentBytes).toBeGreaterThan(1_000_000);
});

it('is all zero for a consumer that has done nothing', () => {
  expect(readFigures('')).toEqual({ inserted: 0, deadLetters: 0, lag: 0, residentBytes: 0 });
});
