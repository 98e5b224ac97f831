// A lane that owns its partition and that nothing is handed to although records wait in the log.
import { expect, it } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { createRegistry } from '../platform/metrics.ts';
import { systemRuntime } from '../platform/runtime.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { Lane } from './lane.ts';
import { consumerMetrics } from './metrics.ts';
import type { Facts, Inserts } from './sink.ts';
import { until } from '../test/until.ts';

const LIMITS = { batchRows: 10, flushIntervalMs: 100, maxBatchRows: 100, maxBatchBytes: 10_000 };

it('is not ready after 30 s while Kafka answers, and says why', async () => {
  let nowMs = 0;
  let away = false;
  const registry = createRegistry('test');
  const facts = {
    claim: () => Promise.resolve({ claims: [] }),
    landed: () => Promise.resolve(new Map([[0, { floor: 5, rows: undefined }]])),
    deadFrom: () => Promise.resolve(new Set()),
    origins: () => Promise.resolve(new Map()),
    recordFloors: () => Promise.resolve(),
  };
  const lane = new Lane({
    stream: sensorData,
    log: {
      topic: 't',
      topicId: () => Promise.resolve('id'),
      logRanges: () =>
        away
          ? Promise.reject(new Error('away'))
          : Promise.resolve(new Map([[0, { begin: 0, end: 12 }]])),
      committed: () => Promise.resolve(new Map()),
      hidden: () => Promise.resolve(110),
      seek: () => undefined,
      commit: () => Promise.resolve(),
    },
    sink: { facts: facts as unknown as Facts, inserts: undefined as unknown as Inserts },
    runtime: { ...systemRuntime, nowMs: () => nowMs },
    limits: { ...LIMITS, maxMessageBytes: 1_000 },
    metrics: consumerMetrics(registry)('s', 'd.s'),
    logger: silentLog(),
    failed: (error) => {
      throw error;
    },
  });
  lane.assigned([0]);
  await until('the lane owns its partitions', () => lane.ready);
  await lane.refresh();
  nowMs = 30_000;
  await lane.refresh();
  expect(lane.ready).toBe(false);
  expect(lane.standstills()).toEqual([
    'partition 0 of t has stood at offset 5 for 30 s, and 7 records wait behind it',
  ]);
  const text = await registry.metrics();
  expect(text).toMatch(/sensorhouse_consumer_stalled_partitions\{.*\} 1\n/);
  expect(text).toMatch(/sensorhouse_consumer_open_transaction_records\{.*\} 110\n/);
  away = true;
  await lane.refresh().catch(() => undefined);
  expect(lane.ready).toBe(true);
  expect(await registry.metrics()).toMatch(/sensorhouse_consumer_stalled_partitions\{.*\} 0\n/);
});
