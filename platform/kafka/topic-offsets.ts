// Asks the broker for the ends of a topic's partitions and for the commits of a group, without joining one.
import type { Admin } from 'kafkajs';
import type { Logger } from '../log.ts';
import { createKafka } from './client.ts';
import { kafkaFailure } from './failure.ts';
import { readLogRanges, type LogRange } from './log-ranges.ts';
import { KafkaCheck } from './speaks-kafka.ts';
import type { KafkaConfig } from './variables.ts';

/** Few enough that a command that cannot reach Kafka says so within seconds. */
const RETRIES = 2;

export class TopicOffsets implements AsyncDisposable {
  readonly #admin: Admin;
  readonly #check: KafkaCheck;
  #connected: Promise<void> | undefined;

  constructor(config: KafkaConfig, log: Logger, clientId: string) {
    this.#admin = createKafka(config, log, clientId, RETRIES).admin();
    this.#check = new KafkaCheck(config);
  }

  /**
   * First and one-past-last offset by partition.
   * @throws {UnavailableError | ConfigError}
   */
  async rangesOf(topic: string): Promise<Map<number, LogRange>> {
    try {
      await this.#connect();
      return await readLogRanges(this.#admin, topic);
    } catch (error) {
      throw kafkaFailure(error, `Kafka: offsets of ${topic}`);
    }
  }

  /**
   * Those of the topics that exist.
   * @throws {UnavailableError | ConfigError}
   */
  async existing(topics: readonly string[]): Promise<string[]> {
    try {
      await this.#connect();
      const known = new Set(await this.#admin.listTopics());
      return topics.filter((topic) => known.has(topic));
    } catch (error) {
      throw kafkaFailure(error, 'Kafka: topics');
    }
  }

  /**
   * How far a group has committed, by partition; partitions without a commit are absent.
   * @throws {UnavailableError | ConfigError}
   */
  async committedBy(groupId: string, topic: string): Promise<Map<number, number>> {
    try {
      await this.#connect();
      const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
      const committed = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
      return new Map(committed.map(({ offset, partition }) => [partition, Number(offset)]));
    } catch (error) {
      throw kafkaFailure(error, `Kafka: commits of ${groupId}`);
    }
  }

  async #connect(): Promise<void> {
    await this.#check.passed();
    this.#connected ??= this.#admin.connect();
    // A connect that failed is made again by the next caller.
    await this.#connected.catch((error: unknown) => {
      this.#connected = undefined;
      throw error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect();
  }
}
