// Asks the broker for the id of a topic. kafkajs's metadata requests are too old to carry it; without the id,
// a topic that was deleted and created again looks like the old topic with other records.
import type { Admin } from '@platformatic/kafka';
import { UnavailableError, errorCode } from '../errors.ts';
import { createAdmin } from './admin.ts';
import { kafkaFailure } from './failure.ts';
import { KafkaCheck } from './speaks-kafka.ts';
import type { KafkaConfig } from './variables.ts';

/** What the client makes of the broker's word for a topic that it does not know. */
const UNKNOWN_TOPIC = 'PLT_KFK_USER';

/** Looks topic ids up, freshly each time: a cached answer would hide exactly what is asked. */
export class TopicIdentities implements AsyncDisposable {
  readonly #admin: Admin;
  readonly #check: KafkaCheck;

  constructor(config: KafkaConfig, clientId: string) {
    this.#admin = createAdmin(config, clientId);
    this.#check = new KafkaCheck(config);
  }

  /**
   * The id of `topic`, a UUID that no other topic ever had.
   * @throws {UnavailableError} when the broker cannot be asked or does not know the topic (yet).
   * @throws {ConfigError} when the broker refuses.
   */
  async idOf(topic: string): Promise<string> {
    let id: string | undefined;
    try {
      await this.#check.passed();
      const metadata = await this.#admin.metadata({
        topics: [topic],
        forceUpdate: true,
        autocreateTopics: false,
      });
      id = metadata.topics.get(topic)?.id;
    } catch (error) {
      if (errorCode(error) !== UNKNOWN_TOPIC)
        throw kafkaFailure(error, `Kafka: id of topic ${topic}`);
    }
    if (id !== undefined) return id;
    throw new UnavailableError(`Kafka: topic ${topic} does not exist; npm run setup creates it`);
  }

  /**
   * Whether a topic of this name exists now.
   * @throws {UnavailableError | ConfigError} when the broker cannot be asked.
   */
  async exists(topic: string): Promise<boolean> {
    try {
      await this.#check.passed();
      return (await this.#admin.listTopics()).includes(topic);
    } catch (error) {
      throw kafkaFailure(error, 'Kafka: topics');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.close();
  }
}
