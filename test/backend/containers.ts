// The backend on Docker: the images that docker-compose.yml pins, started through testcontainers, with
// the same broker settings and the same credentials as the embedded one.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GenericContainer,
  Wait,
  getContainerRuntimeClient,
  type StartedTestContainer,
} from 'testcontainers';
import { freePort } from '../../embedded/kafka/ports.ts';
import { askBroker } from '../../embedded/kafka/probe.ts';
import { serverSettings } from '../../embedded/kafka/settings.ts';
import { newKafkaId } from '../../embedded/kafka/storage-template.ts';
import { imageOf } from './images.ts';
import { CREDENTIALS, clickhouseReady, clickhouseUrl, type Servers } from './servers.ts';

const COMPOSE = join(import.meta.dirname, '..', '..', 'docker-compose.yml');

/** Why there is no Docker engine to use, in one line; undefined when there is one. */
export async function missingForContainers(): Promise<string | undefined> {
  try {
    await getContainerRuntimeClient();
    return undefined;
  } catch (thrown) {
    return `no Docker engine answers (${String(thrown).split('\n')[0] ?? ''})`;
  }
}

/** Starts both containers; what was started is removed again if one of them fails. */
export async function startContainers(composePath = COMPOSE): Promise<Servers> {
  await using started = new AsyncDisposableStack();
  const compose = await readFile(composePath, 'utf8');
  const kafka = startKafka(imageOf(compose, 'apache/kafka'));
  const clickhouse = startClickHouse(imageOf(compose, 'clickhouse/clickhouse-server'));
  const outcomes = await Promise.allSettled([kafka, clickhouse]);
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') started.use(outcome.value);
  const endpoints = {
    kafkaBootstrap: (await kafka).bootstrap,
    clickhouseUrl: (await clickhouse).url,
  };
  const stack = started.move();
  return { ...endpoints, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

// Clients are sent to the advertised address, so the port must be known before the start.
async function startKafka(image: string): Promise<AsyncDisposable & { bootstrap: string }> {
  const port = await freePort('127.0.0.1');
  const clusterId = newKafkaId();
  const settings = {
    ...serverSettings({ host: '127.0.0.1', port, controllerPort: 9093 }, '/tmp/kafka-data'),
    listeners: `PLAINTEXT://:${port},CONTROLLER://127.0.0.1:9093`,
  };
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment({ ...asEnvironment(settings), CLUSTER_ID: clusterId })
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(READY_TIMEOUT_MS)
    .start();
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while ((await askBroker('127.0.0.1', port))?.clusterId !== clusterId) {
    if (performance.now() > deadline) {
      await container.stop();
      throw new Error(`${image} on port ${port} did not become ready`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const bootstrap = `127.0.0.1:${port}`;
  return { bootstrap, [Symbol.asyncDispose]: () => stop(container) };
}

async function startClickHouse(image: string): Promise<AsyncDisposable & { url: string }> {
  const container = await new GenericContainer(image)
    .withExposedPorts(8123)
    .withEnvironment({
      CLICKHOUSE_USER: CREDENTIALS.user,
      CLICKHOUSE_PASSWORD: CREDENTIALS.password,
      CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1',
    })
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .withStartupTimeout(READY_TIMEOUT_MS)
    .start();
  const port = container.getMappedPort(8123);
  try {
    await clickhouseReady(port, new Promise(() => undefined));
  } catch (thrown) {
    await container.stop();
    throw thrown;
  }
  const url = clickhouseUrl(port);
  return { url, [Symbol.asyncDispose]: () => stop(container) };
}

const READY_TIMEOUT_MS = 120_000;

async function stop(container: StartedTestContainer): Promise<void> {
  await container.stop();
}

/** `log.dirs` is KAFKA_LOG_DIRS to the image. */
function asEnvironment(settings: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(settings).map(([key, value]) => {
    return [`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`, String(value)] as const;
  });
  return Object.fromEntries(entries);
}
