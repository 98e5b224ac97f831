// Asks the broker for the id of a topic. kafkajs's metadata requests are too old to carry it, and
// without it a topic that was deleted and created again looks like the old one with other records.
import { readFileSync } from 'node:fs';
import { Admin } from '@platformatic/kafka';
import { UnavailableError } from '../errors.ts';
import { kafkaFailure } from './failure.ts';
import type { KafkaConfig } from './variables.ts';

const SASL = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** Looks topic ids up, freshly each time: a cached answer would hide exactly what is asked. */
export class TopicIdentities implements AsyncDisposable {
  readonly #admin: Admin;

  constructor(config: KafkaConfig, clientId: string) {
    const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SSL_CA: ca } = config;
    this.#admin = new Admin({
      clientId,
      bootstrapBrokers: config.KAFKA_BROKER.split(','),
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
    });
  }

  /**
   * The id of `topic`, a UUID that no other topic ever had.
   * @throws {UnavailableError} when the broker cannot be asked or does not know the topic (yet).
   * @throws {ConfigError} when the broker refuses.
   */
  async idOf(topic: string): Promise<string> {
    let id: string | undefined;
    try {
      const metadata = await this.#admin.metadata({
        topics: [topic],
        forceUpdate: true,
        autocreateTopics: false,
      });
      id = metadata.topics.get(topic)?.id;
    } catch (error) {
      throw kafkaFailure(error, `Kafka: id of topic ${topic}`);
    }
    if (id === undefined) throw new UnavailableError(`Kafka: topic ${topic} does not exist`);
    return id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.close();
  }
}
