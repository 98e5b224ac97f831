// What `npm start` reads from the environment, and the environment each part gets: the same programs
// as in production, pointed at the embedded servers.
import { resolve } from 'node:path';
import { consumerVariables } from '../../consumer/config.ts';
import { liveVariables, requireToken } from '../../live/config.ts';
import { setupVariables, type SetupConfig } from '../../clickhouse_setup/variables.ts';
import { environment, integer, readConfig, text } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { readProducerConfig, type ProducerConfig } from '../../producers/config.ts';
import { findProducer, producers } from '../../producers/devices.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { KAFKA_VERSION } from '../kafka/version.ts';

export type Environment = Record<string, string | undefined>;

export const PROJECT = resolve(import.meta.dirname, '..', '..');
export const HOST = '127.0.0.1';
const ONCE_ROW_LIMIT = '4000';

export const launchVariables = {
  KAFKA_PORT: integer({ default: 9092, doc: 'Port of the embedded Kafka.' }, 1, 65_535),
  CLICKHOUSE_PORT: integer({ default: 8123, doc: 'Port of the embedded ClickHouse.' }, 1, 65_535),
  METRICS_PORT: integer({ default: 9464, doc: "Port of the consumer's /metrics." }, 1, 65_535),
  LIVE_PORT: integer({ default: 8080, doc: 'Port of the live page.' }, 1, 65_535),
  SENSORHOUSE_DIR: text({
    default: '.sensorhouse',
    doc: 'Folder of the embedded servers: data, logs, downloads. Relative to the project.',
  }),
};

/** Where everything of one installation lies. */
export interface Folders {
  readonly home: string;
  readonly kafka: string;
  readonly clickhouse: string;
  readonly logs: string;
  readonly kafkaLibs: string;
  /** Compiled modules of our own programs: halves what the processes of a start cost together. */
  readonly nodeCache: string;
}

export interface LaunchConfig {
  /** Send the rows, prove that they arrived, and end. */
  readonly once: boolean;
  readonly folders: Folders;
  readonly kafkaPort: number;
  readonly clickhousePort: number;
  readonly metricsPort: number;
  readonly livePort: number;
  /** What the setup reads; it also holds the topic, the database and the credentials. */
  readonly setup: SetupConfig;
  readonly topic: string;
  /** The consumer's group. */
  readonly group: string;
  readonly producers: readonly ProducerConfig[];
  readonly environments: {
    readonly servers: Environment;
    readonly consumer: Environment;
    readonly live: Environment;
    readonly producer: (name: string) => Environment;
  };
}

/** The folders of the installation that `env` names. */
export function foldersOf(env: Environment = environment()): Folders {
  const { SENSORHOUSE_DIR } = readConfig({ SENSORHOUSE_DIR: launchVariables.SENSORHOUSE_DIR }, env);
  const home = resolve(PROJECT, SENSORHOUSE_DIR);
  return {
    home,
    kafka: resolve(home, 'kafka'),
    clickhouse: resolve(home, 'clickhouse'),
    logs: resolve(home, 'logs'),
    kafkaLibs: resolve(home, `kafka-libs-${KAFKA_VERSION}`),
    nodeCache: resolve(home, 'node-cache'),
  };
}

/** Of a real installation; the embedded servers have neither TLS nor other hosts nor these users. */
const NOT_OURS =
  /^(KAFKA_(BROKER|SSL\w*|SASL_\w+)|CLICKHOUSE_(URL|HOST)|CLICKHOUSE_(SETUP|INGEST)_\w+|METRICS_HOST|BIND_ADDRESS|PRODUCER_METRICS_PORT)$/;

/**
 * Reads and checks everything that any part will read, so that a mistake is told before a server runs.
 * @throws {ConfigError} one line that names the variable.
 */
export function readLaunchConfig(once: boolean, env: Environment = environment()): LaunchConfig {
  const ports = readConfig(launchVariables, env);
  requireDistinct(ports);
  const kept = Object.entries(env).filter(([name]) => !NOT_OURS.test(name));
  const folders = foldersOf(env);
  const servers = { NODE_COMPILE_CACHE: folders.nodeCache, ...Object.fromEntries(kept) };
  const clients = {
    ...servers,
    KAFKA_BROKER: `${HOST}:${ports.KAFKA_PORT}`,
    CLICKHOUSE_URL: `http://${HOST}:${ports.CLICKHOUSE_PORT}`,
    // Status, warnings and the account are read from the parts' log lines.
    LOG_LEVEL: env['LOG_LEVEL'] === 'debug' ? 'debug' : 'info',
  };
  const setup = readConfig(setupVariables, withoutGrafana(clients));
  const topic = setup.KAFKA_TOPIC ?? sensorData.topic.name;
  const consumer = { ...clients, KAFKA_TOPIC: topic };
  const { KAFKA_GROUP: group } = readConfig(consumerVariables, consumer);
  const live = { ...consumer, CONSUMER_URL: `http://${HOST}:${ports.METRICS_PORT}` };
  requireToken(readConfig(liveVariables, live));
  const replay = { ...clients, KAFKA_TOPIC: topic, ...replayDefaults(once, env) };
  const producer = (name: string): Environment => ({ ...replay, PRODUCER: name });
  return {
    once,
    folders,
    kafkaPort: ports.KAFKA_PORT,
    clickhousePort: ports.CLICKHOUSE_PORT,
    metricsPort: ports.METRICS_PORT,
    livePort: ports.LIVE_PORT,
    setup,
    topic,
    group,
    producers: chosen(env).map((name) => readProducerConfig(producer(name))),
    environments: { servers, consumer, live, producer },
  };
}

/** The embedded ClickHouse knows its users by itself; the setup would warn that it creates none. */
function withoutGrafana(env: Environment): Environment {
  return {
    ...env,
    GRAFANA_CLICKHOUSE_USER: undefined,
    GRAFANA_CLICKHOUSE_PASSWORD: undefined,
  };
}

function replayDefaults(once: boolean, env: Environment): Environment {
  const given = (name: string, otherwise: string): string => env[name]?.trim() || otherwise;
  // A dry run would hide that the embedded Kafka is broken.
  const always = { ON_KAFKA_DOWN: given('ON_KAFKA_DOWN', 'fail') };
  if (!once) return { ...always, LOOP: given('LOOP', 'true') };
  return {
    ...always,
    LOOP: given('LOOP', 'false'),
    ROW_LIMIT: given('ROW_LIMIT', ONCE_ROW_LIMIT),
    INTERVAL_MS: given('INTERVAL_MS', '0'),
  };
}

function chosen(env: Environment): string[] {
  const written = env['PRODUCER']?.trim() ?? '';
  if (written === '') return producers.map(({ name }) => name);
  return [findProducer(written)?.name ?? written];
}

const PORTS = ['KAFKA_PORT', 'CLICKHOUSE_PORT', 'METRICS_PORT', 'LIVE_PORT'] as const;

function requireDistinct(ports: Record<(typeof PORTS)[number], number>): void {
  const seen = new Map<number, string>();
  for (const name of PORTS) {
    const other = seen.get(ports[name]);
    if (other !== undefined) {
      throw new ConfigError(`${name}: ${ports[name]} is ${other} too; each needs its own port`);
    }
    seen.set(ports[name], name);
  }
}
