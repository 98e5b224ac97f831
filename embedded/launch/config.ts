// The environment variables of `npm start`, and the environment of each part: the same programs as in
// production, pointed at the embedded servers.
import { resolve } from 'node:path';
import { consumerVariables, groupOf } from '../../consumer/config.ts';
import { liveVariables, requireToken } from '../../live/config.ts';
import { setupVariables, type SetupConfig } from '../../clickhouse_setup/variables.ts';
import { environment, integer, readConfig, text } from '../../platform/config.ts';
import { ConfigError } from '../../platform/errors.ts';
import { topicsOf } from '../../platform/streams-variable.ts';
import { readProducerConfig, type ProducerConfig } from '../../producers/config.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import type { Stream } from '../../streams/stream.ts';
import { KAFKA_VERSION } from '../kafka/version.ts';
import type { LaunchOptions } from './arguments.ts';
import { producersFor, tracksOf, transformsFor, type Track } from './tracks.ts';

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

export interface LaunchConfig extends LaunchOptions {
  readonly folders: Folders;
  readonly kafkaPort: number;
  readonly clickhousePort: number;
  readonly metricsPort: number;
  readonly livePort: number;
  /** What the setup reads; it also holds the topic, the database and the credentials. */
  readonly setup: SetupConfig;
  readonly tracks: readonly Track[];
  /** The groups of consumer and processors. */
  readonly groups: readonly string[];
  readonly producers: readonly ProducerConfig[];
  /** Names of the transforms that processors run. */
  readonly processors: readonly string[];
  /** Where clients find Kafka and ClickHouse. */
  readonly kafkaAddress: string;
  readonly clickhouseUrl: string;
  readonly environments: {
    readonly servers: Environment;
    readonly consumer: Environment;
    readonly live: Environment;
    readonly producer: (name: string) => Environment;
    readonly processor: (name: string) => Environment;
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
const NOT_OURS = {
  kafka: /^KAFKA_(BROKER|BOOTSTRAP_SERVERS|SSL\w*|SASL_\w+)$/,
  clickhouse: /^CLICKHOUSE_((URL|HOST)|(SETUP|INGEST)_\w+)$/,
  any: /^(METRICS_HOST|BIND_ADDRESS|PRODUCER_METRICS_PORT|PROCESSOR\w*|STREAMS)$/,
};

const NO_OPTIONS: LaunchOptions = {
  once: false,
  replay: true,
  sink: true,
  tail: undefined,
  fromBeginning: false,
  bootstrap: undefined,
  clickhouse: undefined,
};

/**
 * Reads and checks everything that any part will read, so that it reports a mistake before a server runs.
 * @throws {ConfigError} one line that names the variable.
 */
export function readLaunchConfig(
  given: Partial<LaunchOptions>,
  env: Environment = environment(),
): LaunchConfig {
  const options = { ...NO_OPTIONS, ...given };
  const ports = readConfig(launchVariables, env);
  requireDistinct(ports);
  requireLoopback(env, options);
  const folders = foldersOf(env);
  const kafkaAddress = options.bootstrap ?? `${HOST}:${ports.KAFKA_PORT}`;
  const clickhouseUrl = options.clickhouse ?? `http://${HOST}:${ports.CLICKHOUSE_PORT}`;
  const servers = { NODE_COMPILE_CACHE: folders.nodeCache, ...kept(env, options) };
  const clients = {
    ...servers,
    KAFKA_BROKER: kafkaAddress,
    KAFKA_BOOTSTRAP_SERVERS: undefined,
    CLICKHOUSE_URL: clickhouseUrl,
    // Status, warnings and the account are read from the parts' log lines.
    LOG_LEVEL: env['LOG_LEVEL'] === 'debug' ? 'debug' : 'info',
  };
  const setup = readConfig(
    setupVariables,
    options.clickhouse === undefined ? withoutGrafana(clients) : clients,
  );
  const consumer = { ...clients, STREAMS: streamsFor(env) };
  const read = readConfig(consumerVariables, consumer);
  const data = env['DATA_PATH']?.trim() || undefined;
  const named = producersFor(read.STREAMS, env['PRODUCER']?.trim() ?? '', data);
  const replayed = options.replay ? named : [];
  const streams = landed(
    read.STREAMS,
    replayed.map(({ family }) => family),
  );
  const live = { ...consumer, CONSUMER_URL: `http://${HOST}:${ports.METRICS_PORT}` };
  requireToken(readConfig(liveVariables, live));
  const replay = { ...clients, ...replayDefaults(options.once, env) };
  const producer = (name: string): Environment => {
    const { stream } = replayed.find((each) => each.name === name)!;
    // A topic that was renamed is the sensors'.
    const topic = stream.name === sensorData.name ? {} : { KAFKA_TOPIC: undefined };
    return { ...replay, ...topic, PRODUCER: name };
  };
  const processors = transformsFor(streams);
  return {
    ...options,
    folders,
    kafkaPort: ports.KAFKA_PORT,
    clickhousePort: ports.CLICKHOUSE_PORT,
    metricsPort: ports.METRICS_PORT,
    livePort: ports.LIVE_PORT,
    kafkaAddress,
    clickhouseUrl,
    setup,
    tracks: tracksOf(streams, replayed, (stream) => topicsOf(stream, read)),
    groups: [...(options.sink ? [groupOf(read)] : []), ...processors.map(({ group }) => group)],
    producers: replayed.map(({ name }) => readProducerConfig(producer(name))),
    processors: processors.map(({ name }) => name),
    environments: {
      servers,
      consumer,
      live,
      producer,
      processor: (name) => ({ ...clients, PROCESSOR: name }),
    },
  };
}

/** What of a person's environment the parts get. */
function kept(env: Environment, { bootstrap, clickhouse }: LaunchOptions): Environment {
  const ours = [
    NOT_OURS.any,
    ...(bootstrap === undefined ? [NOT_OURS.kafka] : []),
    ...(clickhouse === undefined ? [NOT_OURS.clickhouse] : []),
  ];
  const names = Object.entries(env).filter(([name]) => !ours.some((each) => each.test(name)));
  return Object.fromEntries(names);
}

/** A file that is named without saying of what is the sensors'. */
function streamsFor(env: Environment): string {
  const written = env['STREAMS']?.trim() ?? '';
  if (written !== '') return written;
  return (env['DATA_PATH']?.trim() ?? '') === '' ? 'all' : sensorData.family;
}

/** All that the consumer lands, whoever sends it; first what our own producers send. */
function landed(streams: readonly Stream[], families: readonly string[]): readonly Stream[] {
  const [own, others] = [true, false].map((sent) =>
    streams.filter(({ family }) => families.includes(family) === sent),
  );
  return [...own!, ...others!];
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

/** What the parts would not do must not look as if they did it. */
function requireLoopback(env: Environment, { clickhouse }: LaunchOptions): void {
  const names = clickhouse === undefined ? ['BIND_ADDRESS', 'METRICS_HOST'] : ['METRICS_HOST'];
  for (const name of names) {
    const given = env[name]?.trim() ?? '';
    if (['', HOST, 'localhost'].includes(given)) continue;
    throw new ConfigError(
      `${name}: ${JSON.stringify(given)} is not possible with npm start, whose servers listen on ${HOST} only; unset it, or use npm run clickhouse, npm run consumer or docker compose`,
    );
  }
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
