// Asks the broker how far the log of each partition of a topic reaches, without joining a group.
import type { Admin } from 'kafkajs';
import type { Logger } from '../log.ts';
import { createKafka } from './client.ts';
import { kafkaFailure } from './failure.ts';
import type { LogRange } from './group-consumer.ts';
import type { KafkaConfig } from './variables.ts';

/** Few enough that a command that cannot reach Kafka says so within seconds. */
const RETRIES = 2;

export class TopicOffsets implements AsyncDisposable {
  readonly #admin: Admin;
  #connected: Promise<void> | undefined;

  constructor(config: KafkaConfig, log: Logger, clientId: string) {
    this.#admin = createKafka(config, log, clientId, RETRIES).admin();
  }

  /**
   * First and one-past-last offset by partition.
   * @throws {UnavailableError | ConfigError}
   */
  async rangesOf(topic: string): Promise<Map<number, LogRange>> {
    try {
      await (this.#connected ??= this.#admin.connect());
      const offsets = await this.#admin.fetchTopicOffsets(topic);
      return new Map(
        offsets.map(({ partition, low, high }) => {
          return [partition, { begin: Number(low), end: Number(high) }];
        }),
      );
    } catch (error) {
      throw kafkaFailure(error, `Kafka: offsets of ${topic}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
  }
}
