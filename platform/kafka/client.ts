// Makes kafkajs clients: registers codecs, sets TLS and SASL from the configuration, and reduces kafkajs's
// log lines to those that an operator must act on.
import { readFileSync } from 'node:fs';
import kafkajs, { type Kafka, type KafkaConfig as KafkaJsConfig, type LogEntry } from 'kafkajs';
import { ConfigError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { forKafkaJs, socketFactory } from './brokers.ts';
import { registerCodecs } from './codecs.ts';
import type { KafkaConfig } from './variables.ts';

export type { Kafka };

/**
 * A kafkajs client for `config`. Nothing is connected yet. `retries` is how often kafkajs repeats a
 * failed step before it tells; a caller with retries of its own wants to hear early.
 * @throws {ConfigError} when TLS or SASL settings contradict each other.
 */
export function createKafka(
  config: KafkaConfig,
  log: Logger,
  clientId = 'sensorhouse',
  retries = 8,
): Kafka {
  registerCodecs();
  const ssl = config.KAFKA_SSL ? tls(config) : false;
  const sasl = login(config);
  return new kafkajs.Kafka({
    clientId,
    brokers: forKafkaJs(config.KAFKA_BROKER),
    socketFactory,
    connectionTimeout: config.KAFKA_CONNECT_TIMEOUT_MS,
    requestTimeout: 30_000,
    ...(ssl === false ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    retry: { initialRetryTime: 100, maxRetryTime: 3_000, retries },
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => forward(entry, log),
  });
}

function tls({ KAFKA_SSL_CA: path }: KafkaConfig): true | { ca: string[] } {
  if (path === undefined) return true;
  try {
    return { ca: [readFileSync(path, 'utf8')] };
  } catch (cause) {
    throw new ConfigError(`KAFKA_SSL_CA: cannot read ${path}`, { cause });
  }
}

function login(config: KafkaConfig): KafkaJsConfig['sasl'] {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = config;
  const password = config.KAFKA_SASL_PASSWORD;
  if (mechanism === undefined) return undefined;
  if (username === undefined || password === undefined) {
    throw new ConfigError(
      `KAFKA_SASL_MECHANISM: ${mechanism} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD`,
    );
  }
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/**
 * kafkajs logs every retry of its own as WARN or ERROR. What it cannot mend reaches our code as an
 * exception and is logged there once, so its own lines are for debugging.
 */
function forward({ log: entry, namespace }: LogEntry, log: Logger): void {
  const { message, logger, timestamp, ...rest } = entry;
  log.debug({ kafkajs: namespace, ...rest }, message);
}
