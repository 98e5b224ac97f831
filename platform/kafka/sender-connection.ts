// One idempotent producer of kafkajs: its connections to the brokers and the identity of its batches. It
// connects at the first need, and again after a failure.
import { type Kafka, type Producer } from 'kafkajs';

export class SenderConnection implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #retries: number;
  readonly #learn: (topic: string, partitions: number) => void;
  #producer: Promise<Producer> | undefined;

  /** `learn` gets the number of partitions of its topic before each attempt. */
  constructor(kafka: Kafka, retries: number, learn: (topic: string, partitions: number) => void) {
    this.#kafka = kafka;
    this.#retries = retries;
    this.#learn = learn;
  }

  /** @throws whatever kafkajs throws; the next call tries again. */
  producer(): Promise<Producer> {
    const connecting = (this.#producer ??= this.#connect());
    connecting.catch(() => {
      if (this.#producer === connecting) this.#producer = undefined;
    });
    return connecting;
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: this.#retries },
      createPartitioner:
        () =>
        ({ partitionMetadata, topic }) => {
          this.#learn(topic, partitionMetadata.length);
          return 0;
        },
    });
    try {
      await producer.connect();
      return producer;
    } catch (thrown) {
      await producer.disconnect().catch(() => undefined);
      throw thrown;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connecting = this.#producer;
    this.#producer = undefined;
    await connecting?.then((producer) => producer.disconnect()).catch(() => undefined);
  }
}
