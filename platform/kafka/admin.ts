// Makes admin clients of @platformatic/kafka, for the few requests that kafkajs is too old to send, and holds
// the connection settings of all clients of that library.
import { readFileSync } from 'node:fs';
import { Admin } from '@platformatic/kafka';
import { parseBrokers } from './brokers.ts';
import type { KafkaConfig } from './variables.ts';

const SASL = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** An admin client; nothing is connected yet. Close what you take. */
export function createAdmin(config: KafkaConfig, clientId: string): Admin {
  return new Admin(connectionOptions(config, clientId));
}

/** How clients of @platformatic/kafka connect: brokers, timeouts, TLS and SASL from `config`. */
export function connectionOptions(config: KafkaConfig, clientId: string) {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SSL_CA: ca } = config;
  return {
    clientId,
    bootstrapBrokers: parseBrokers(config.KAFKA_BROKER) ?? [],
    connectTimeout: config.KAFKA_CONNECT_TIMEOUT_MS,
    timeout: 10_000,
    retries: 1,
    strict: false,
    ...(config.KAFKA_SSL ? { tls: ca === undefined ? {} : { ca: readFileSync(ca) } } : {}),
    ...(mechanism === undefined
      ? {}
      : {
          sasl: {
            mechanism: SASL[mechanism],
            username: config.KAFKA_SASL_USERNAME ?? '',
            password: config.KAFKA_SASL_PASSWORD ?? '',
          },
        }),
  };
}
