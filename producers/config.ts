// The environment variables of a producer and the configuration they give. Three of them default to what
// the producer declares.
import { logVariables } from '../platform/log-variables.ts';
import { resolve } from 'node:path';
import {
  environment,
  flag,
  integer,
  matching,
  oneOf,
  readConfig,
  text,
  type Config,
  type Variable,
} from '../platform/config.ts';
import { ConfigError } from '../platform/errors.ts';
import { httpVariables } from '../platform/http.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { allProducers, producerNamed } from './catalogue.ts';
import { FILE_ENCODINGS } from './file-text.ts';
import { INTERVAL_MS, type Producer } from './producer.ts';

/** How many rows to replay. `mistaken` is what was written when it made no sense. */
export interface RowLimit {
  readonly rows: number;
  readonly mistaken?: string;
}

const MISTAKEN_ROWS = 5;
const DEFAULT_FILE = 'data/sensor_data.csv';
const PACKAGE_ROOT = resolve(import.meta.dirname, '..');

const producer: Variable<Producer> & { fallback: string } = {
  doc: 'The device or stream to replay: a device of sensor_data (A, producer_A.ts and producer_A.py mean the same), traffic, or a stream.',
  allowed: `one of ${allProducers.map(({ name }) => name).join(', ')}`,
  fallback: allProducers[0]!.name,
  secret: false,
  parse: (written) => {
    const value = producerNamed(written);
    return value === undefined ? { ok: false } : { ok: true, value };
  },
};

const rowLimit: Variable<RowLimit> & { fallback: string } = {
  doc: `How many rows to send in all. With a value that is not an integer from 1, the producer warns and sends ${MISTAKEN_ROWS} rows. Unset with LOOP: no limit.`,
  allowed: 'an integer from 1, or all',
  fallback: '10',
  secret: false,
  parse: (written) => ({ ok: true, value: readRowLimit(written) }),
};

export const metricsVariables = {
  METRICS_HOST: httpVariables.METRICS_HOST,
  PRODUCER_METRICS_PORT: integer(
    { doc: "Port of a producer's /metrics; unset: none. 0 takes a free one." },
    0,
    65_535,
  ),
} as const;

export const producerVariables = {
  ...metricsVariables,
  PRODUCER: producer,
  ROW_LIMIT: rowLimit,
  INTERVAL_MS: integer(
    {
      default: INTERVAL_MS,
      doc: 'Pause between two rows; 0: as fast as Kafka accepts them. Unset: 5000 for traffic.',
    },
    0,
    3_600_000,
  ),
  DATA_PATH: text({
    default: DEFAULT_FILE,
    doc: 'The file to replay: CSV, a JSON array or one JSON object a line; gzip is unpacked. Unset: data/traffic_counts.json for traffic. A stream of your own needs it.',
  }),
  DATA_ENCODING: oneOf(
    {
      doc: "How the file's characters are written; latin1 is read as Windows-1252. Unset: UTF-8, or UTF-16 where the file begins with its mark.",
    },
    FILE_ENCODINGS,
  ),
  ON_BAD_ROW: oneOf(
    {
      default: 'stop',
      doc: 'A row that does not fit the stream ends the replay (stop), or the producer sends it on and it becomes a dead letter with its file and line (dead-letter).',
    },
    ['stop', 'dead-letter'],
  ),
  LOOP: flag({
    default: false,
    doc: 'Start the file again at its end, until ROW_LIMIT or without an end.',
  }),
  USE_NOW_TS: flag({ default: false, doc: 'Stamp events with the current time.' }),
  ON_KAFKA_DOWN: oneOf(
    {
      default: 'dry-run',
      doc: 'When Kafka is away: print the events, wait for it, or exit with 3.',
    },
    ['dry-run', 'wait', 'fail'],
  ),
  KAFKA_MAX_BLOCK_MS: integer(
    {
      default: 5_000,
      doc: 'How long a producer waits at the start for a Kafka that does not answer. It waits longer for one that answers slowly.',
    },
    100,
    3_600_000,
  ),
  KAFKA_SEND_TIMEOUT_SEC: integer(
    {
      default: 120,
      doc: 'How long a producer retries a send; it survives a restart of the broker.',
    },
    1,
    86_400,
  ),
  KAFKA_TOPIC: matching(
    { default: sensorData.topic.name, doc: "The topic to send to. Unset: the stream's own." },
    /^[a-zA-Z0-9._-]{1,249}$/,
    '1 to 249 letters, digits, dots, underscores and hyphens',
  ),
  ...logVariables,
  ...kafkaVariables,
} as const;

export type ProducerConfig = Config<typeof producerVariables>;

/** How long a send is retried. */
export function sendTimeoutMs({
  KAFKA_SEND_TIMEOUT_SEC,
}: Pick<ProducerConfig, 'KAFKA_SEND_TIMEOUT_SEC'>): number {
  return KAFKA_SEND_TIMEOUT_SEC * 1_000;
}

/**
 * The configuration of one producer from `env`, by default the process's.
 * @throws {ConfigError} one line that names the variable, its value and what is allowed.
 */
export function readProducerConfig(env = environment()): ProducerConfig {
  const { PRODUCER } = readConfig({ PRODUCER: producer }, env);
  const config = readConfig(producerVariables, { ...env, ...ownDefaults(PRODUCER, env) });
  const path = config.DATA_PATH;
  // The default lies beside the package; a path that a person wrote is theirs, from where they are.
  const from = path === PRODUCER.file ? PACKAGE_ROOT : process.cwd();
  const unlimited = config.LOOP && (env['ROW_LIMIT'] ?? '').trim() === '';
  return Object.freeze({
    ...config,
    DATA_PATH: resolve(from, path),
    ROW_LIMIT: unlimited ? { rows: Infinity } : config.ROW_LIMIT,
  });
}

/** What the producer declares, where `env` says nothing. @throws {ConfigError} for a file nobody names. */
function ownDefaults(
  { file, intervalMs, name, stream }: Producer,
  env: Record<string, string | undefined>,
): Record<string, string> {
  const given = (variable: string): string | undefined => env[variable]?.trim() || undefined;
  const path = given('DATA_PATH') ?? file;
  if (path === undefined) {
    throw new ConfigError(
      `DATA_PATH: is not set; ${name} replays your own file, so set DATA_PATH to its path`,
    );
  }
  return {
    DATA_PATH: path,
    INTERVAL_MS: given('INTERVAL_MS') ?? String(intervalMs),
    KAFKA_TOPIC: given('KAFKA_TOPIC') ?? stream.topic.name,
  };
}

function readRowLimit(written: string): RowLimit {
  if (written.toLowerCase() === 'all') return { rows: Infinity };
  const rows = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  return rows >= 1 ? { rows } : { rows: MISTAKEN_ROWS, mistaken: written };
}

/** What is wrong with ROW_LIMIT and what comes of it; undefined when nothing is. */
export function rowLimitMistake({
  ROW_LIMIT,
}: Pick<ProducerConfig, 'ROW_LIMIT'>): string | undefined {
  const { mistaken, rows } = ROW_LIMIT;
  if (mistaken === undefined) return undefined;
  return `ROW_LIMIT: ${JSON.stringify(mistaken)} is not an integer from 1, or all; using ${rows} rows`;
}
