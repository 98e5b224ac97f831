// Reads a topic as somebody who looks on: by partition and offset, in no group, so that nothing of it is left
// behind on the broker. What left the log meanwhile is skipped; a topic created again is read from its start.
import { Consumer } from '@platformatic/kafka';
import { UnavailableError } from '../errors.ts';
import { silentLog, type Logger } from '../log.ts';
import { Availability, orAborted, untilAvailable } from '../retry.ts';
import { connectionOptions } from './admin.ts';
import { kafkaFailure } from './failure.ts';
import { TopicIdentities } from './topic-identity.ts';
import { TopicOffsets } from './topic-offsets.ts';
import type { KafkaConfig } from './variables.ts';

export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  /** Epoch milliseconds. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

const FETCH_BYTES = 1_048_576;
const FETCH_WAIT_MS = 500;
const READ_COMMITTED = 1;
const LOG_APPEND_TIME = 0x08;
const CONTROL = 0x20;

type Fetched = Awaited<ReturnType<Consumer['fetch']>>['responses'][number]['partitions'][number];

export class TopicReader implements AsyncDisposable {
  readonly #topic: string;
  readonly #log: Logger;
  readonly #consumer: Consumer;
  readonly #identities: TopicIdentities;
  readonly #offsets: TopicOffsets;
  #topicId = '';
  /** The next offset of each partition. */
  readonly #next = new Map<number, number>();

  constructor(config: KafkaConfig, topic: string, clientId: string, log: Logger) {
    this.#topic = topic;
    this.#log = log;
    const options = connectionOptions(config, clientId);
    // It fetches by topic id and offset and joins no group.
    this.#consumer = new Consumer({ ...options, groupId: clientId, autocreateTopics: false });
    this.#identities = new TopicIdentities(config, clientId);
    this.#offsets = new TopicOffsets(config, silentLog(), clientId);
  }

  /**
   * Finds the topic and where to begin; false when there is no such topic.
   * @throws {UnavailableError | ConfigError}
   */
  async open(from: 'beginning' | 'end'): Promise<boolean> {
    if (!(await this.#identities.exists(this.#topic))) return false;
    this.#topicId = await this.#identities.idOf(this.#topic);
    for (const [partition, { begin, end }] of await this.#offsets.rangesOf(this.#topic)) {
      this.#next.set(partition, from === 'end' ? end : begin);
    }
    return true;
  }

  /**
   * The records from there on, some of one partition at a time, until `signal` aborts. It waits while Kafka
   * is away.
   * @throws {ConfigError} when Kafka refuses.
   */
  async *records(signal: AbortSignal): AsyncGenerator<readonly ReadRecord[]> {
    const availability = new Availability('Kafka', this.#log);
    let doubt = false;
    const round = async (): Promise<Fetched[]> => {
      if (doubt) await this.#lookAgain();
      doubt = true;
      const fetched = await this.#fetch();
      doubt = false;
      return fetched;
    };
    while (!signal.aborted) {
      const waiting = untilAvailable(() => orAborted(round(), signal), availability, signal);
      const partitions = await waiting.catch((error: unknown) => {
        if (signal.aborted) return [];
        throw error;
      });
      for (const partition of partitions) {
        const records = this.#read(partition);
        if (records.length > 0) yield records;
      }
    }
  }

  /** After a failure: is it still the same topic, and what does it hold? */
  async #lookAgain(): Promise<void> {
    const topicId = await this.#identities.idOf(this.#topic);
    const isNew = topicId !== this.#topicId;
    this.#topicId = topicId;
    for (const [partition, { begin, end }] of await this.#offsets.rangesOf(this.#topic)) {
      const next = this.#next.get(partition) ?? begin;
      this.#next.set(partition, isNew || next < begin || next > end ? begin : next);
    }
  }

  async #fetch(): Promise<Fetched[]> {
    try {
      const { topics } = await this.#consumer.metadata({ topics: [this.#topic] });
      const leaders = topics.get(this.#topic)?.partitions ?? [];
      const byNode = Map.groupBy(
        this.#next.keys(),
        (partition) => leaders[partition]?.leader ?? -1,
      );
      const asked = [...byNode].map(([node, partitions]) => this.#fetchFrom(node, partitions));
      return (await Promise.all(asked)).flat();
    } catch (error) {
      this.#consumer.clearMetadata();
      throw kafkaFailure(error, `Kafka: reading ${this.#topic}`);
    }
  }

  async #fetchFrom(node: number, partitions: readonly number[]): Promise<Fetched[]> {
    if (node < 0) throw new UnavailableError(`Kafka: a partition of ${this.#topic} has no leader`);
    const asked = partitions.map((partition) => ({
      partition,
      fetchOffset: BigInt(this.#next.get(partition)!),
      partitionMaxBytes: FETCH_BYTES,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    }));
    const { responses } = await this.#consumer.fetch({
      node,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      maxWaitTime: FETCH_WAIT_MS,
      isolationLevel: READ_COMMITTED,
      topics: [{ topicId: this.#topicId, partitions: asked }],
    });
    return responses.flatMap((topic) => topic.partitions);
  }

  #read({ partitionIndex: partition, records: batches = [] }: Fetched): ReadRecord[] {
    const from = this.#next.get(partition)!;
    const read: ReadRecord[] = [];
    for (const { attributes, firstOffset, firstTimestamp, lastOffsetDelta, ...batch } of batches) {
      this.#next.set(partition, Number(firstOffset) + lastOffsetDelta + 1);
      if ((attributes & CONTROL) !== 0) continue;
      const isFixed = (attributes & LOG_APPEND_TIME) !== 0;
      for (const { key, offsetDelta, timestampDelta, value } of batch.records) {
        const offset = Number(firstOffset) + offsetDelta;
        const time = isFixed ? batch.maxTimestamp : firstTimestamp + timestampDelta;
        if (offset >= from) read.push({ partition, offset, timestampMs: Number(time), key, value });
      }
    }
    return read;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.close();
    await this.#identities[Symbol.asyncDispose]();
    await this.#offsets[Symbol.asyncDispose]();
  }
}
