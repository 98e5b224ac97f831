// Sends record batches whose identity outlives their process: a batch that is sent again under its identity,
// now or after a crash, lands in the log exactly once.
import { Consumer, Producer } from '@platformatic/kafka';
import { UnavailableError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { connectionOptions } from './admin.ts';
import type { BatchIdentity } from './encoded-batch.ts';
import { kafkaFailure } from './failure.ts';
import { batchOfRecords, type OutgoingRecord } from './record-batch-writer.ts';
import { Sender } from './sender.ts';
import type { KafkaConfig } from './variables.ts';

/** One partition of one incarnation of a topic. */
export interface PartitionOfTopic {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

/** `refused`: by its content, so that it is in no log; sending it again would be refused again. */
export type SendOutcome =
  | { readonly kind: 'landed'; readonly offset: number }
  | { readonly kind: 'refused'; readonly reason: string };

const FETCH_BYTES = 4 * 1024 * 1024;
const FETCH_WAIT_MS = 1_000;
/** After this the command reports that Kafka is away; running it again finishes the batch. */
const PATIENCE_MS = 10_000;

export class BatchSender implements AsyncDisposable {
  readonly #sender: Sender;
  /** It makes identities and sends nothing. */
  readonly #producer: Producer;
  readonly #reader: Consumer;

  constructor(config: KafkaConfig, clientId: string) {
    this.#sender = new Sender(config, { clientId, log: silentLog() });
    const options = { ...connectionOptions(config, clientId), retries: 3, retryDelay: 250 };
    this.#producer = new Producer({ ...options, idempotent: false, autocreateTopics: false });
    // It fetches by topic id and offset and joins no group.
    this.#reader = new Consumer({ ...options, groupId: clientId, autocreateTopics: false });
  }

  /**
   * An identity that no batch ever had: a producer id that sends one batch and nothing else, always with sequence
   * number 0. The broker drops a batch whose numbers it has seen and tells where the first one is, for as long as
   * it remembers the producer id (`producer.id.expiration.ms`, a day).
   * @throws {UnavailableError | ConfigError}
   */
  async newIdentity(): Promise<BatchIdentity> {
    try {
      const info = await this.#producer.initIdempotentProducer({});
      return { producerId: Number(info.producerId), epoch: info.producerEpoch };
    } catch (error) {
      throw kafkaFailure(error, 'Kafka: producer id');
    }
  }

  /**
   * Sends `records` as one batch; it lands whole or not at all, and once however often it is sent.
   * @throws {UnavailableError | ConfigError} it may be in the log or get there yet: {@link find} it,
   * or send it again under the same identity.
   */
  async send(
    { partition, topic }: PartitionOfTopic,
    identity: BatchIdentity,
    records: readonly OutgoingRecord[],
  ): Promise<SendOutcome> {
    const batch = batchOfRecords(partition, records, 'none');
    batch.identity = identity;
    const delivery = await this.#sender.send(topic, batch, AbortSignal.timeout(PATIENCE_MS));
    if (delivery.kind !== 'sent') this.#sender.goOn(topic, partition);
    if (delivery.kind === 'refused') return { kind: 'refused', reason: delivery.reason };
    if (delivery.kind !== 'sent') throw delivery.cause;
    const { offset = -1 } = batch;
    if (offset < 0) throw new UnavailableError(`Kafka: ${topic} did not say where the batch is`);
    return { kind: 'landed', offset };
  }

  /**
   * The offset of the batch with this identity between two offsets of a log, undefined when it is not
   * there.
   * @throws {UnavailableError | ConfigError} also when the topic was replaced, or `from` left its log.
   */
  async find(
    where: PartitionOfTopic,
    { producerId }: BatchIdentity,
    from: number,
    to: number,
  ): Promise<number | undefined> {
    for (let next = from; next < to;) {
      const batches = await this.#fetch(where, next);
      const found = batches.find((batch) => Number(batch.producerId) === producerId);
      if (found !== undefined) return Number(found.firstOffset);
      const last = batches.at(-1);
      const end = last === undefined ? next : Number(last.firstOffset) + last.lastOffsetDelta + 1;
      if (end <= next) {
        throw new UnavailableError(`Kafka: nothing came from offset ${next} of ${where.topic}`);
      }
      next = end;
    }
    return undefined;
  }

  async #fetch({ partition, topic, topicId }: PartitionOfTopic, offset: number) {
    try {
      const metadata = await this.#reader.metadata({ topics: [topic], forceUpdate: true });
      const node = metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
      const asked = {
        partition,
        fetchOffset: BigInt(offset),
        partitionMaxBytes: FETCH_BYTES,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
      };
      const { responses } = await this.#reader.fetch({
        node,
        minBytes: 1,
        maxBytes: FETCH_BYTES,
        maxWaitTime: FETCH_WAIT_MS,
        isolationLevel: 0,
        topics: [{ topicId, partitions: [asked] }],
      });
      return responses[0]?.partitions[0]?.records ?? [];
    } catch (error) {
      throw kafkaFailure(error, `Kafka: reading ${topic}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender[Symbol.asyncDispose]();
    await this.#producer.close();
    await this.#reader.close();
  }
}
