// The backend without Docker: one broker and one ClickHouse process on free ports, with their data in
// a temporary folder and the downloads shared with the project. Both die with the test run.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { haveKafkaLibs } from '../../embedded/kafka/artifacts.ts';
import { startKafka } from '../../embedded/kafka/broker.ts';
import { findJava, findMaven } from '../../embedded/kafka/java.ts';
import { freePort } from '../../embedded/kafka/ports.ts';
import { startTied } from '../../embedded/kafka/tied-process.ts';
import { KAFKA_VERSION } from '../../embedded/kafka/version.ts';
import { environment } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { createLog } from '../../platform/log.ts';
import { CREDENTIALS, clickhouseReady, clickhouseUrl, type Servers } from './servers.ts';

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
  const clickhouse = startClickHouse(folder);
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

// A process of its own, as in production: the engine blocks the thread it runs on.
async function startClickHouse(folder: string): Promise<AsyncDisposable & { url: string }> {
  const port = await freePort('127.0.0.1');
  const home = join(folder, 'clickhouse');
  await mkdir(home);
  const outputPath = join(folder, 'clickhouse.out');
  const server = await startTied({
    program: process.execPath,
    args: [join(PROJECT, 'embedded', 'clickhouse-main.ts')],
    cwd: PROJECT,
    env: {
      ...environment(),
      CLICKHOUSE_PORT: String(port),
      CLICKHOUSE_USER: CREDENTIALS.user,
      CLICKHOUSE_PASSWORD: CREDENTIALS.password,
      SENSORHOUSE_DIR: home,
    },
    outputPath,
  });
  const ended = server.ended.then(async (code): Promise<never> => {
    const printed = (await readFile(outputPath, 'utf8')).trim().slice(-2_000);
    throw new Error(`the embedded ClickHouse ended with exit code ${code}:\n${printed}`);
  });
  ended.catch(() => undefined); // after a start that worked, the tests themselves tell
  const stop = () => server.stop(15_000);
  try {
    await clickhouseReady(port, ended);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { url: clickhouseUrl(port), [Symbol.asyncDispose]: stop };
}
