// Sends records that are made from other records: to a partition that the caller chose, with their headers and
// times. It waits for a broker that is away, however long that takes, and sends again what is in doubt.
import type { Logger } from '../log.ts';
import { RecordBatchWriter, type OutgoingRecord } from './record-batch-writer.ts';
import { Sender } from './sender.ts';
import type { KafkaConfig } from './variables.ts';

export type PlacedRecord = OutgoingRecord;

/**
 * `refused`: the first `landed` records are in the log, the one behind them the broker refuses for its content, and
 * nothing that lies behind it was sent.
 */
export type Sent =
  | { readonly kind: 'landed' }
  | { readonly kind: 'refused'; readonly landed: number; readonly reason: string };

export class RecordSender implements AsyncDisposable {
  readonly #sender: Sender;
  /** Filled and emptied without a pause, so that one serves all. */
  readonly #writer = new RecordBatchWriter();
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
   * Sends `records`, at least one, in order behind what was sent to the partition before. After a doubt they are
   * sent again, and may then be in the log twice: always before anything that is sent after them.
   * @throws {ConfigError} when Kafka refuses the login or the topic.
   * @throws {UnavailableError} when {@link giveUp} came first: they may or may not be in the log.
   */
  async send(topic: string, partition: number, records: readonly PlacedRecord[]): Promise<Sent> {
    for (const record of records) this.#writer.add(record);
    const batch = this.#writer.seal(partition, 'lz4');
    const delivery = await this.#sender.send(topic, batch, this.#stop.signal);
    if (delivery.kind === 'sent') return { kind: 'landed' };
    this.#sender.goOn(topic, partition);
    if (delivery.kind !== 'refused') throw delivery.cause;
    return { kind: 'refused', landed: delivery.sent, reason: delivery.reason };
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
