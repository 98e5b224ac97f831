// The broker and the engine of a benchmark run, on free ports and in a temporary folder, with the
// process ids that the usage figures need.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from '../clickhouse_setup/setup.ts';
import { setupVariables } from '../clickhouse_setup/variables.ts';
import { startKafka } from '../embedded/kafka/broker.ts';
import { freePort } from '../embedded/kafka/ports.ts';
import { startTied } from '../embedded/kafka/tied-process.ts';
import { KAFKA_VERSION } from '../embedded/kafka/version.ts';
import { environment, readConfig } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';
import { createTopic } from '../test/backend/clients.ts';
import { clickhouseReady, clickhouseUrl, CREDENTIALS } from '../test/backend/servers.ts';

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
  const port = await freePort('127.0.0.1');
  const engine = await startTied({
    program: process.execPath,
    args: [join(PROJECT, 'embedded', 'clickhouse-main.ts')],
    cwd: PROJECT,
    env: {
      ...environment(),
      CLICKHOUSE_PORT: String(port),
      CLICKHOUSE_USER: CREDENTIALS.user,
      CLICKHOUSE_PASSWORD: CREDENTIALS.password,
      SENSORHOUSE_DIR: join(folder, 'clickhouse'),
    },
    outputPath: join(folder, 'clickhouse.out'),
  });
  opened.defer(() => engine.stop(15_000));
  await clickhouseReady(
    port,
    engine.ended.then((code) => Promise.reject(new Error(`ClickHouse ended with ${code}`))),
  );
  const env = { KAFKA_BROKER: kafka.bootstrap, CLICKHOUSE_URL: clickhouseUrl(port) };
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
