// The backend without Docker: one broker and one ClickHouse process on free ports, with their data in
// a temporary folder and the downloads shared with the project. Both die with the test run.
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haveKafkaLibs } from '../../embedded/kafka/artifacts.ts';
import { startKafka } from '../../embedded/kafka/broker.ts';
import { findJava, findMaven } from '../../embedded/kafka/java.ts';
import { KAFKA_VERSION } from '../../embedded/kafka/version.ts';
import { ConfigError } from '../../platform/errors.ts';
import { createLog } from '../../platform/log.ts';
import { startClickHouseProcess } from './clickhouse-process.ts';
import type { Servers } from './servers.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** Kafka's jars, shared by every test and `npm start`. */
export const KAFKA_LIBS = join(PROJECT, '.sensorhouse', `kafka-libs-${KAFKA_VERSION}`);

/** What this machine lacks for the embedded servers, in one line; undefined when nothing. */
export async function missingForEmbedded(): Promise<string | undefined> {
  try {
    createRequire(import.meta.url).resolve('chdb');
  } catch {
    return 'the ClickHouse engine (optional npm package chdb) is not installed';
  }
  return missingForKafka();
}

/** What this machine lacks for the embedded Kafka alone. */
export async function missingForKafka(): Promise<string | undefined> {
  try {
    await findJava();
    if (!(await haveKafkaLibs(KAFKA_LIBS))) await findMaven();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.message.split('\n')[0];
    throw thrown;
  }
}

/** Starts both servers; what was started is stopped again if one of them fails. */
export async function startEmbedded(): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-test-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const clickhouse = startClickHouseProcess({ folder });
  const kafka = startKafka({
    host: '127.0.0.1',
    port: 0,
    dataPath: join(folder, 'kafka'),
    libsPath: KAFKA_LIBS,
    log: createLog({ service: 'kafka', fd: 2, level: 'info' }),
  });
  const outcomes = await Promise.allSettled([clickhouse, kafka]);
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') started.use(outcome.value);
  const endpoints = {
    kafkaBootstrap: (await kafka).bootstrap,
    clickhouseUrl: (await clickhouse).url,
  };
  const stack = started.move();
  return { ...endpoints, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
