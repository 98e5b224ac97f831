// Sends batches of records that are made from other records. It waits without a limit for an absent broker,
// and sends doubtful batches again.
import type { Logger } from '../log.ts';
import type { EncodedBatch } from './encoded-batch.ts';
import { Sender } from './sender.ts';
import type { KafkaConfig } from './variables.ts';

/** `refused`: one record, for its content. What lies before it is in the log, what lies behind it is not. */
export type Sent =
  | { readonly kind: 'landed' }
  | {
      readonly kind: 'refused';
      readonly refused: EncodedBatch;
      readonly behind: readonly EncodedBatch[];
      readonly reason: string;
    };

export class RecordSender implements AsyncDisposable {
  readonly #sender: Sender;
  readonly #stop = new AbortController();

  constructor(config: KafkaConfig, clientId: string, log: Logger) {
    this.#sender = new Sender(config, { clientId, log, repeatsDoubtful: true });
  }

  /** True while it waits for a broker. */
  get away(): boolean {
    return this.#sender.away;
  }

  /** How many partitions a topic has now. @throws {UnavailableError | ConfigError} */
  partitionsOf(topic: string): Promise<number> {
    return this.#sender.partitionsOf(topic);
  }

  /**
   * Sends a batch in order behind what was sent to its partition before. After a doubt it is sent again, and may
   * then be in the log twice: always before anything that is sent after it.
   * @throws {ConfigError} when Kafka refuses the login or the topic.
   * @throws {UnavailableError} when {@link giveUp} came first: it may or may not be in the log.
   */
  async send(topic: string, batch: EncodedBatch): Promise<Sent> {
    const delivery = await this.#sender.send(topic, batch, this.#stop.signal);
    if (delivery.kind === 'sent') return { kind: 'landed' };
    this.#sender.goOn(topic, batch.partition);
    if (delivery.kind !== 'refused') throw delivery.cause;
    const { behind, failed: refused, reason } = delivery;
    return { kind: 'refused', refused, behind, reason };
  }

  /** Ends every wait; what is under way may or may not land. */
  giveUp(): void {
    this.#stop.abort();
    this.#sender.giveUp();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sender[Symbol.asyncDispose]();
  }
}
