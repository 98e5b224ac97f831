// The consumer's environment variables.
import { logVariables } from '../platform/log-variables.ts';
import { clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { decimal, integer, matching, text, type Config } from '../platform/config.ts';
import { ConfigError } from '../platform/errors.ts';
import { httpVariables } from '../platform/http.ts';
import type { InflateLimits } from '../platform/kafka/record-pieces.ts';
import { groupVariables, inflateVariables, kafkaVariables } from '../platform/kafka/variables.ts';
import { streamsVariable, topicsOf, type ChosenStreams } from '../platform/streams-variable.ts';
import { sensorData } from '../streams/sensor-data.ts';
import type { Stream } from '../streams/stream.ts';
import type { LaneParts } from './lane-parts.ts';

export const consumerVariables = {
  ...kafkaVariables,
  ...clickhouseVariables,
  ...httpVariables,
  STREAMS: streamsVariable({
    default: 'all',
    doc: 'The streams to ingest, each into its own table.',
  }),
  KAFKA_TOPIC: matching(
    {
      doc: 'Topic to read instead of the declared one: of sensor_data, or of the only stream that STREAMS names. Several, separated by commas, fill one table.',
    },
    /^[A-Za-z0-9._-]{1,249}(,[A-Za-z0-9._-]{1,249})*$/,
    'a topic name, or several separated by commas',
  ),
  KAFKA_GROUP: text({
    doc: 'Consumer group; unset: sensor-consumer, or traffic-consumer and so on where STREAMS leaves the sensors out.',
  }),
  BATCH_SIZE: integer({ default: 100, doc: 'Rows at which a flush is due.' }, 1, 1_000_000),
  FLUSH_INTERVAL_SEC: decimal(
    { default: '2.0', doc: 'The longest a row waits for its flush, in seconds.' },
    0.01,
    3_600,
  ),
  MAX_BATCH_ROWS: integer(
    { default: 250_000, doc: 'Most rows of one insert; a backlog fills batches up to this.' },
    1,
    5_000_000,
  ),
  MAX_BATCH_BYTES: integer(
    { default: 33_554_432, doc: 'Most bytes of one insert: encoded rows and rejected messages.' },
    1_024,
    1_073_741_824,
  ),
  ...groupVariables,
  MAX_MESSAGE_BYTES: integer(
    { default: 1_048_576, doc: 'A larger message becomes a dead letter.' },
    16,
    1_073_741_824,
  ),
  ...inflateVariables,
  FETCH_MAX_BYTES: integer(
    { default: 1_048_576, doc: 'Bytes fetched at once per partition.' },
    1_024,
    104_857_600,
  ),
  ...logVariables,
} as const;

export type ConsumerConfig = Config<typeof consumerVariables>;

/** Of a record that is read whole, key and headers may take this much beside the largest message. */
const RECORD_SURPLUS_BYTES = 1_048_576;

/** How much of a compressed batch is read. */
export function inflateLimits({
  MAX_BATCH_INFLATED_BYTES: batchBytes,
  MAX_MESSAGE_BYTES,
}: Pick<ConsumerConfig, 'MAX_BATCH_INFLATED_BYTES' | 'MAX_MESSAGE_BYTES'>): InflateLimits {
  return { batchBytes, recordBytes: MAX_MESSAGE_BYTES + RECORD_SURPLUS_BYTES };
}

/** When a lane flushes and what it takes, in the units that its rules count in. */
export function laneLimits(
  config: Pick<
    ConsumerConfig,
    'BATCH_SIZE' | 'FLUSH_INTERVAL_SEC' | 'MAX_BATCH_BYTES' | 'MAX_BATCH_ROWS' | 'MAX_MESSAGE_BYTES'
  >,
): LaneParts['limits'] {
  return {
    batchRows: config.BATCH_SIZE,
    flushIntervalMs: config.FLUSH_INTERVAL_SEC * 1_000,
    maxBatchRows: config.MAX_BATCH_ROWS,
    maxBatchBytes: config.MAX_BATCH_BYTES,
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
  };
}

/** The group a consumer joins. Consumers of one group have to read the same topics. */
export function groupOf({
  KAFKA_GROUP,
  STREAMS,
}: Pick<ConsumerConfig, 'KAFKA_GROUP' | 'STREAMS'>): string {
  const first = STREAMS.some(({ name }) => name === sensorData.name)
    ? 'sensor'
    : STREAMS[0]?.family;
  return KAFKA_GROUP ?? `${first}-consumer`;
}

/**
 * The stream of every topic that is read.
 * @throws {ConfigError} when a topic would fill two tables.
 */
export function streamOfTopic(config: ChosenStreams): Map<string, Stream> {
  const found = new Map<string, Stream>();
  for (const stream of config.STREAMS) {
    for (const topic of topicsOf(stream, config)) {
      const other = found.get(topic);
      if (other !== undefined && other !== stream) {
        const twice = `topic ${topic} would fill ${other.table.name} and ${stream.table.name}`;
        throw new ConfigError(`KAFKA_TOPIC: ${twice}; STREAMS can leave one out`);
      }
      found.set(topic, stream);
    }
  }
  return found;
}
