// The environment variables for the address of Kafka, TLS and the login.
import { flag, integer, oneOf, readBy, text, type Config } from '../config.ts';
import { brokersText, parseBrokers } from './brokers.ts';

/** The list with a port for each, 9092 where none is written. */
function brokers(written: string): string | undefined {
  const parsed = parseBrokers(written);
  return parsed === undefined ? undefined : brokersText(parsed);
}

export const kafkaVariables = {
  KAFKA_BROKER: readBy(
    {
      default: 'localhost:9092',
      alias: 'KAFKA_BOOTSTRAP_SERVERS',
      doc: 'Bootstrap brokers, comma-separated; without a port 9092, IPv6 as `[::1]:9092`.',
    },
    brokers,
    'host:port, or several separated by commas',
  ),
  KAFKA_BOOTSTRAP_SERVERS: readBy(
    { doc: 'The same as KAFKA_BROKER, under the name of other tools; set one of the two.' },
    brokers,
    'host:port, or several separated by commas',
  ),
  KAFKA_SSL: flag({ default: false, doc: 'Encrypt connections to Kafka with TLS.' }),
  KAFKA_SSL_CA: text({ doc: 'Path of a PEM file with the authority that signed the brokers.' }),
  KAFKA_SASL_MECHANISM: oneOf({ doc: 'How to log in to Kafka; unset: no login.' }, [
    'plain',
    'scram-sha-256',
    'scram-sha-512',
  ]),
  KAFKA_SASL_USERNAME: text({ doc: 'Kafka user name, with KAFKA_SASL_MECHANISM.' }),
  KAFKA_SASL_PASSWORD: text({ doc: 'Kafka password, with KAFKA_SASL_MECHANISM.', secret: true }),
  KAFKA_CONNECT_TIMEOUT_MS: integer(
    { default: 3_000, doc: 'How long one attempt to connect to a broker may take.' },
    100,
    60_000,
  ),
} as const;

/** Of members of a consumer group: consumer and processor. */
export const groupVariables = {
  KAFKA_SESSION_TIMEOUT_MS: integer(
    {
      default: 6_000,
      doc: 'Time without a heartbeat after which the group gives the partitions of a process to another one: the cost of a kill -9. The broker must allow it (group.min.session.timeout.ms, 6000 by default).',
    },
    1_000,
    1_800_000,
  ),
} as const;

export type GroupConfig = Config<typeof groupVariables>;

/** For programs that read what others compressed. */
export const inflateVariables = {
  MAX_BATCH_INFLATED_BYTES: integer(
    {
      default: 134_217_728,
      doc: 'Most bytes that one compressed record batch may inflate to; records behind them are recorded as unreadable.',
    },
    1_048_576,
    1_073_741_824,
  ),
} as const;

export type KafkaConfig = Config<typeof kafkaVariables>;
