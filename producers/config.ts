// The environment variables of a producer and the configuration they give.
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
import { httpVariables } from '../platform/http.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { findProducer, producers, type Producer } from './devices.ts';

/** How many rows to replay. `mistaken` is what was written when it made no sense. */
export interface RowLimit {
  readonly rows: number;
  readonly mistaken?: string;
}

const MISTAKEN_ROWS = 5;
const DEFAULT_FILE = 'data/sensor_data.csv';
const PACKAGE_ROOT = resolve(import.meta.dirname, '..');

const producer: Variable<Producer> & { fallback: string } = {
  doc: 'Which device to replay. A, producer_A.ts and producer_A.py mean the same.',
  allowed: `one of ${producers.map(({ name }) => name).join(', ')}`,
  fallback: producers[0]!.name,
  secret: false,
  parse: (written) => {
    const value = findProducer(written);
    return value === undefined ? { ok: false } : { ok: true, value };
  },
};

const rowLimit: Variable<RowLimit> & { fallback: string } = {
  doc: `How many rows to send in all. Not an integer from 1: a warning and ${MISTAKEN_ROWS} rows. Unset with LOOP: no limit.`,
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
    { default: 200, doc: 'Pause between two rows; 0: as fast as Kafka takes them.' },
    0,
    3_600_000,
  ),
  DATA_PATH: text({ default: DEFAULT_FILE, doc: 'The CSV file to replay; .gz is unpacked.' }),
  LOOP: flag({
    default: false,
    doc: 'Start the file again at its end, until ROW_LIMIT or for ever.',
  }),
  USE_NOW_TS: flag({ default: false, doc: 'Stamp events with the current time.' }),
  ON_KAFKA_DOWN: oneOf(
    {
      default: 'dry-run',
      doc: 'When Kafka is away: print the events, wait for it, or exit with 1.',
    },
    ['dry-run', 'wait', 'fail'],
  ),
  KAFKA_MAX_BLOCK_MS: integer(
    { default: 5_000, doc: 'How long Kafka may be out of reach at the start.' },
    100,
    3_600_000,
  ),
  KAFKA_SEND_TIMEOUT_SEC: integer(
    { default: 120, doc: 'How long a send is retried: a broker restart is ridden out.' },
    1,
    86_400,
  ),
  KAFKA_TOPIC: matching(
    { default: sensorData.topic.name, doc: 'The topic to send to.' },
    /^[a-zA-Z0-9._-]{1,249}$/,
    '1 to 249 letters, digits, dots, underscores and hyphens',
  ),
  LOG_LEVEL: oneOf({ default: 'info', doc: 'The least severe lines to log.' }, [
    'debug',
    'info',
    'warn',
    'error',
  ]),
  ...kafkaVariables,
} as const;

export type ProducerConfig = Config<typeof producerVariables>;

/**
 * The configuration of one producer from `env`, by default the process's.
 * @throws {ConfigError} one line that names the variable, its value and what is allowed.
 */
export function readProducerConfig(env = environment()): ProducerConfig {
  const config = readConfig(producerVariables, env);
  const path = config.DATA_PATH;
  // The default lies beside the package; a path that a person wrote is theirs, from where they are.
  const from = path === DEFAULT_FILE ? PACKAGE_ROOT : process.cwd();
  const unlimited = config.LOOP && (env['ROW_LIMIT'] ?? '').trim() === '';
  return Object.freeze({
    ...config,
    DATA_PATH: resolve(from, path),
    ROW_LIMIT: unlimited ? { rows: Infinity } : config.ROW_LIMIT,
  });
}

function readRowLimit(written: string): RowLimit {
  if (written.toLowerCase() === 'all') return { rows: Infinity };
  const rows = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  return rows >= 1 ? { rows } : { rows: MISTAKEN_ROWS, mistaken: written };
}
