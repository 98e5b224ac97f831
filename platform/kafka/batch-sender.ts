// Sends record batches whose identity outlives the process that sends them: whoever sends a batch again
// under its identity, now or after a crash, adds nothing if it is in the log, or gets it there once.
import { Consumer, Producer } from '@platformatic/kafka';
import { UnavailableError, asError } from '../errors.ts';
import { connectionOptions } from './admin.ts';
import { kafkaFailure } from './failure.ts';
import type { KafkaConfig } from './variables.ts';

/**
 * What the broker knows a batch by: a producer id that sends this one batch and nothing else, always
 * with sequence number 0. The broker drops a batch whose numbers it has seen and tells where the first
 * one is, for as long as it remembers the producer id (`producer.id.expiration.ms`, a day).
 */
export interface BatchIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

/** One partition of one incarnation of a topic. */
export interface PartitionOfTopic {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
}

export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A name may occur several times. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  readonly timestampMs: number;
}

/** `refused`: by its content, so that it is in no log; sending it again would be refused again. */
export type SendOutcome =
  | { readonly kind: 'landed'; readonly offset: number }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * The times of one batch must lie within this of its first one: the library writes greater differences
 * wrongly (from 2^31 ms on).
 */
export const BATCH_SPAN_MAX_MS = 7 * 86_400_000;

const FETCH_BYTES = 4 * 1024 * 1024;
const FETCH_WAIT_MS = 1_000;
/** The broker's answers that depend on nothing but what is in the batch. */
const REFUSED = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
];

export class BatchSender implements AsyncDisposable {
  readonly #producer: Producer;
  readonly #reader: Consumer;

  constructor(config: KafkaConfig, clientId: string) {
    const options = { ...connectionOptions(config, clientId), retries: 3, retryDelay: 250 };
    this.#producer = new Producer({ ...options, idempotent: false, autocreateTopics: false });
    // It fetches by topic id and offset and joins no group.
    this.#reader = new Consumer({ ...options, groupId: clientId, autocreateTopics: false });
  }

  /** An identity that no batch ever had. @throws {UnavailableError | ConfigError} */
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
   * @throws {RangeError} when the times lie further apart than {@link BATCH_SPAN_MAX_MS}.
   */
  async send(
    { partition, topic }: PartitionOfTopic,
    { epoch, producerId }: BatchIdentity,
    records: readonly OutgoingRecord[],
  ): Promise<SendOutcome> {
    const firstMs = records[0]?.timestampMs ?? 0;
    if (records.some(({ timestampMs }) => Math.abs(timestampMs - firstMs) > BATCH_SPAN_MAX_MS)) {
      throw new RangeError('the times of a batch lie too far apart');
    }
    const messages = records.map(({ headers, key, timestampMs, value }) => {
      // Names are keys by identity here: the same name may come twice.
      const named = new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes as Buffer]));
      const content = { key: key as Buffer, value: value as Buffer, headers: named };
      return { ...content, topic, partition, timestamp: BigInt(timestampMs) };
    });
    try {
      const identity = { producerId: BigInt(producerId), producerEpoch: epoch };
      const { offsets } = await this.#producer.send({ messages, ...identity, acks: -1 });
      const offset = offsets?.[0]?.offset;
      if (offset === undefined || offset < 0n) {
        throw new UnavailableError(`Kafka: ${topic} did not say where the batch is`);
      }
      return { kind: 'landed', offset: Number(offset) };
    } catch (error) {
      const reason = refusal(error);
      if (reason !== undefined) return { kind: 'refused', reason };
      throw kafkaFailure(error, `Kafka: sending to ${topic}`);
    }
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
    await this.#producer.close();
    await this.#reader.close();
  }
}

/** The broker's word for what is wrong with a batch, undefined for any other failure. */
function refusal(thrown: unknown): string | undefined {
  const error = asError(thrown) as Error & {
    findBy?: (property: string, value: string) => Error | null;
  };
  return REFUSED.find((name) => (error.findBy?.('apiId', name) ?? null) !== null);
}
