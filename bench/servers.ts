// The broker and the engine of a benchmark run, on free ports and in a temporary folder, with the
// process ids that the usage figures need.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from '../clickhouse_setup/setup.ts';
import { setupVariables } from '../clickhouse_setup/variables.ts';
import { startKafka } from '../embedded/kafka/broker.ts';
import { KAFKA_VERSION } from '../embedded/kafka/version.ts';
import { readConfig } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { startClickHouseProcess } from '../test/backend/clickhouse-process.ts';
import { createTopic } from '../test/backend/clients.ts';

const PROJECT = join(import.meta.dirname, '..');

export interface BenchServers extends AsyncDisposable {
  readonly env: Record<string, string>;
  readonly kafkaPid: number;
  readonly clickhousePid: number;
  /** Creates tables and a topic with `partitions`. */
  prepare(topic: string, partitions: number): Promise<void>;
}

export async function startServers(): Promise<BenchServers> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-bench-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const kafka = opened.use(
    await startKafka({
      host: '127.0.0.1',
      port: 0,
      dataPath: join(folder, 'kafka'),
      libsPath: join(PROJECT, '.sensorhouse', `kafka-libs-${KAFKA_VERSION}`),
      log: silentLog(),
    }),
  );
  const engine = opened.use(
    await startClickHouseProcess({ folder, program: 'bench/clickhouse.ts' }),
  );
  const env = { KAFKA_BROKER: kafka.bootstrap, CLICKHOUSE_URL: engine.url };
  const kept = opened.move();
  return {
    env,
    kafkaPid: kafka.pid,
    clickhousePid: engine.pid,
    prepare: async (topic, partitions) => {
      const config = readConfig(setupVariables, { ...env, KAFKA_TOPIC: topic });
      await createTopic(kafka.bootstrap, topic, partitions);
      await setUp(config, silentLog());
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
