// Reads Kafka's Fetch response, versions 4 to 11, into the shape kafkajs works with, but leaves every
// record batch as it came: one entry a batch instead of one a record. Transactions are settled here:
// markers and aborted batches are passed on as batches without records, so that offsets stay gapless.
import type { RawRecordBatch } from './record-batch.ts';
import { rawBatches } from './record-set.ts';

/** What kafkajs takes for a message: it looks at nothing but these two. */
export interface FetchedBatch {
  /** The batch's last offset, in decimal. */
  readonly offset: string;
  readonly isControlRecord: false;
  readonly raw: RawRecordBatch;
  /** False for a transaction's marker and for what an aborted transaction wrote. */
  readonly readable: boolean;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly lastStartOffset: string;
  readonly abortedTransactions: readonly never[];
  readonly preferredReadReplica: number;
  readonly messages: readonly FetchedBatch[];
}

export interface FetchResponse {
  /** Always 0: since version 1 the broker expects the client to wait by itself. */
  readonly throttleTime: 0;
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly sessionId: number;
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export const FIRST_VERSION = 4;
export const LAST_VERSION = 11;

/** The offset that was asked for in a partition. */
export type AskedOffset = (topic: string, partition: number) => number;

/** @throws {RangeError} when the response is shorter than it says. */
export function readFetchResponse(
  bytes: Buffer,
  version: number,
  asked: AskedOffset,
): FetchResponse {
  const reader = new Reader(bytes);
  return {
    throttleTime: 0,
    clientSideThrottleTime: reader.int32(),
    errorCode: version >= 7 ? reader.int16() : 0,
    sessionId: version >= 7 ? reader.int32() : 0,
    responses: reader.array(() => {
      const topicName = reader.string();
      const partitions = reader.array(() => {
        return readPartition(reader, version, (partition) => asked(topicName, partition));
      });
      return { topicName, partitions };
    }),
  };
}

function readPartition(
  reader: Reader,
  version: number,
  asked: (partition: number) => number,
): FetchedPartition {
  const partition = reader.int32();
  const errorCode = reader.int16();
  const end = reader.int64();
  const stable = reader.int64();
  // For kafkajs the end of what may be read: what an open transaction hides is no lag. -1 is not known.
  const highWatermark = String(stable < 0n ? end : stable);
  const lastStableOffset = String(stable);
  const lastStartOffset = version >= 5 ? String(reader.int64()) : '-1';
  const aborted = reader.array(() => {
    return { producerId: reader.int64(), firstOffset: Number(reader.int64()) };
  });
  const preferredReadReplica = version >= 11 ? reader.int32() : -1;
  const log = { from: asked(partition), end: end < 0n ? Infinity : Number(end) };
  const messages = settled(rawBatches(reader.bytes(), log), aborted);
  return {
    partition,
    errorCode,
    highWatermark,
    lastStableOffset,
    lastStartOffset,
    abortedTransactions: [],
    preferredReadReplica,
    messages,
  };
}

/**
 * Marks what may be read. A producer's transaction is aborted from `firstOffset` to its next marker;
 * one producer has one transaction at a time.
 */
export function settled(
  batches: readonly RawRecordBatch[],
  aborted: readonly AbortedTransaction[],
): FetchedBatch[] {
  const coming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const dropping = new Set<bigint>();
  return batches.map((raw) => {
    while (coming.length > 0 && coming[0]!.firstOffset <= raw.lastOffset) {
      dropping.add(coming.shift()!.producerId);
    }
    const dropped = raw.transactional && dropping.has(raw.producerId);
    if (raw.control) dropping.delete(raw.producerId);
    const readable = !raw.control && !dropped;
    return { offset: String(raw.lastOffset), isControlRecord: false, raw, readable };
  });
}

/** Reads big-endian fields one after the other. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  int64(): bigint {
    this.#at += 8;
    return this.#bytes.readBigInt64BE(this.#at - 8);
  }

  string(): string {
    const length = this.int16();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** Null counts as empty, as in kafkajs. */
  array<T>(read: () => T): T[] {
    const length = Math.max(0, this.int32());
    const found: T[] = [];
    // One by one: a length that is not true ends at the last byte, before memory is taken for it.
    for (let index = 0; index < length; index += 1) found.push(read());
    return found;
  }

  /** A slice, not a copy. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32());
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }
}
