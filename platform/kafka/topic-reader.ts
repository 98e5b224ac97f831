// Reads a topic as an onlooker: by partition and offset, in no group, so that it leaves no trace on the
// broker. It skips records that left the log meanwhile, and reads a topic that was created again from its
// start.
import { ConnectionPool, Consumer } from '@platformatic/kafka';
import { UnavailableError } from '../errors.ts';
import { silentLog, type Logger } from '../log.ts';
import { Availability, orAborted, untilAvailable } from '../retry.ts';
import { connectionOptions } from './admin.ts';
import { DamagedBatches } from './damaged-batches.ts';
import { kafkaFailure } from './failure.ts';
import type { FetchedBatch } from './fetch-response.ts';
import { inflatedWhole } from './inflate.ts';
import { Records, type RawRecordBatch } from './record-batch.ts';
import { pieces, type InflateLimits } from './record-pieces.ts';
import { TopicIdentities } from './topic-identity.ts';
import { TopicOffsets } from './topic-offsets.ts';
import { undecodedFetch, type UndecodedPartition } from './undecoded-fetch.ts';
import type { KafkaConfig } from './variables.ts';

export interface OffsetRange {
  readonly first: number;
  readonly last: number;
}

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
/** An answer without records is one about the end of the log, or one that Kafka had no time for. */
const EMPTY_FETCHES_MAX = 10;
/** A larger batch is read in pieces. */
const WHOLE_BYTES_MAX = 1_048_576;
const LIMITS: InflateLimits = { batchBytes: 134_217_728, recordBytes: 2_097_152 };
/** Records that are handed over together at most: each is some objects. */
const RECORDS_MAX = 1_000;

export class TopicReader implements AsyncDisposable {
  readonly #topic: string;
  readonly #log: Logger;
  readonly #consumer: Consumer;
  readonly #identities: TopicIdentities;
  readonly #offsets: TopicOffsets;
  readonly #connections: ConnectionPool;
  readonly #damaged = new DamagedBatches();
  #topicId = '';
  /** The next offset of each partition. */
  readonly #next = new Map<number, number>();

  constructor(config: KafkaConfig, topic: string, clientId: string, log: Logger) {
    this.#topic = topic;
    this.#log = log;
    const options = connectionOptions(config, clientId);
    // It fetches by topic id and offset and joins no group.
    this.#consumer = new Consumer({ ...options, groupId: clientId, autocreateTopics: false });
    this.#connections = new ConnectionPool(clientId, options);
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
    const round = async (): Promise<UndecodedPartition[]> => {
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
      for (const { batches, partition } of partitions) yield* this.#read(partition, batches);
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

  async #fetch(): Promise<UndecodedPartition[]> {
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

  async #fetchFrom(node: number, partitions: readonly number[]): Promise<UndecodedPartition[]> {
    if (node < 0) throw new UnavailableError(`Kafka: a partition of ${this.#topic} has no leader`);
    const asked = partitions.map((partition) => ({
      partition,
      fetchOffset: BigInt(this.#next.get(partition)!),
      partitionMaxBytes: FETCH_BYTES,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    }));
    const fetch = undecodedFetch(this.#connections, (partition) => this.#next.get(partition)!);
    await this.#consumer.fetch({
      node,
      connectionPool: fetch.connectionPool,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      maxWaitTime: FETCH_WAIT_MS,
      isolationLevel: READ_COMMITTED,
      topics: [{ topicId: this.#topicId, partitions: asked }],
    });
    return fetch.partitions;
  }

  async *#read(
    partition: number,
    batches: readonly FetchedBatch[],
  ): AsyncGenerator<readonly ReadRecord[]> {
    for (const { raw, readable } of batches) {
      const isDamaged = raw.damage !== undefined;
      // It is fetched again before it counts as unreadable.
      if (isDamaged && !this.#damaged.isConfirmed(this.#topic, partition, raw)) return;
      if (readable) yield* this.#readBatch(partition, raw);
      this.#next.set(partition, raw.lastOffset + 1);
    }
  }

  /**
   * How many of these offsets have a record that may be read, without reading what lies between the ranges, which
   * are in order. Compaction, aborted transactions and the markers of all transactions leave offsets without one;
   * what is damaged counts as a record. Kafka has to answer.
   * @throws {UnavailableError | ConfigError} also when the log ends before the ranges do.
   */
  async present(partition: number, ranges: readonly OffsetRange[]): Promise<number> {
    let found = 0;
    let next = 0;
    for (const [at, { first, last }] of ranges.entries()) {
      next = Math.max(next, first);
      for (let empty = 0; next <= last; ) {
        this.#next.clear();
        this.#next.set(partition, next);
        const fetched = await this.#fetch();
        const batches = fetched.flatMap((each) => (each.partition === partition ? each.batches : []));
        const within = new Presence(next, ranges.slice(at));
        for (const { raw, readable } of batches) if (readable) await within.add(raw);
        found += within.found;
        const reached = Math.max(next, ...batches.map(({ raw }) => raw.lastOffset + 1));
        empty = reached === next ? empty + 1 : 0;
        next = reached;
        if (empty < EMPTY_FETCHES_MAX) continue;
        throw new UnavailableError(`Kafka: partition ${partition} of ${this.#topic} brings nothing at offset ${next}`);
      }
    }
    return found;
  } // prettier-ignore

  async *#readBatch(partition: number, raw: RawRecordBatch): AsyncGenerator<readonly ReadRecord[]> {
    const from = this.#next.get(partition)!;
    for await (const records of recordsOf(raw)) {
      let read: ReadRecord[] = [];
      while (records.next()) {
        const { offset, timestampMs } = records;
        if (offset < from) continue;
        read.push({ partition, offset, timestampMs, key: records.key(), value: records.value() });
        if (read.length < RECORDS_MAX) continue;
        yield read;
        read = [];
      }
      if (read.length > 0) yield read;
      if (records.damage === undefined) continue;
      const text = `${this.#topic}: records of partition ${partition} up to offset ${records.lastOffset} cannot be read: ${records.damage}`;
      this.#log.warn({ partition, last: records.lastOffset }, text);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.close();
    await this.#connections.close();
    await this.#identities[Symbol.asyncDispose]();
    await this.#offsets[Symbol.asyncDispose]();
  }
}

/** Counts the records of batches in order that lie in some ranges. */
class Presence {
  found = 0;
  readonly #from: number;
  readonly #ranges: readonly OffsetRange[];
  #at = 0;

  constructor(from: number, ranges: readonly OffsetRange[]) {
    this.#from = from;
    this.#ranges = ranges;
  }

  async add(raw: RawRecordBatch): Promise<void> {
    let next = raw.baseOffset;
    for await (const records of recordsOf(raw)) {
      for (; records.next(); next = records.offset + 1) this.#note(records.offset, records.offset);
      if (records.damage !== undefined) this.#note(next, records.lastOffset);
    }
  }

  #note(first: number, last: number): void {
    while ((this.#ranges[this.#at]?.last ?? Infinity) < first) this.#at += 1;
    for (let at = this.#at; (this.#ranges[at]?.first ?? Infinity) <= last; at += 1) {
      const range = this.#ranges[at]!;
      const from = Math.max(first, range.first, this.#from);
      this.found += Math.max(0, Math.min(last, range.last) - from + 1);
    }
  }
}

async function* recordsOf(raw: RawRecordBatch): AsyncGenerator<Records> {
  const codec = raw.damage === undefined ? raw.codec : 0;
  const whole = await inflatedWhole(raw.body, codec, WHOLE_BYTES_MAX);
  if (whole === undefined) yield* pieces(raw, LIMITS);
  else yield new Records(raw, whole);
}
