// Writes records straight into a record batch of Kafka's log format (magic 2): ranges of bytes or whole
// records go into one buffer that is used again, without an object a record. Pure: sealing compresses and
// gives an EncodedBatch, which the sender stamps with its identity.
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { copyTo } from '../copy-bytes.ts';
import { BATCH_HEAD_BYTES, EncodedBatch } from './encoded-batch.ts';
import { lz4Frame } from './lz4-frames.ts';
import { giveBack } from './native-memory.ts';
import { varintAt, varintBytes } from './varint.ts';

/** One record on its way to Kafka. */
export interface OutgoingRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A name may occur several times. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  /** Epoch milliseconds. */
  readonly timestampMs: number;
}

/** Codecs by their number in the format. */
const CODECS = { none: 0, gzip: 1, lz4: 3, zstd: 4 } as const;
export type Codec = keyof typeof CODECS;
export const CODEC_NAMES = Object.keys(CODECS) as Codec[];

/** Most bytes that lengths, deltas and attributes of a record take: six varints. */
const FRAME_BYTES = 64;
const FIRST_BYTES = 16_384;
/** A length of 64 to 8191 takes two bytes, which most records need: that much is left free for it. */
const [TWO_BYTES_MIN, TWO_BYTES_MAX] = [64, 8_191];
/** Times are 64-bit integers in the batch; doubles beyond this are not exact and may not fit. */
const TIME_MAX_MS = 2 ** 53;

export class RecordBatchWriter {
  /** Where values are written in place between {@link openValue} and {@link closeValue}. */
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  count = 0;
  #at = BATCH_HEAD_BYTES;
  #firstMs = 0;
  #maxMs = 0;

  /** Bytes of all records so far, before compression. */
  get size(): number {
    return this.#at - BATCH_HEAD_BYTES;
  }

  /** Appends a record. @throws {RangeError} when a time is no whole number. */
  add({ headers, key, timestampMs, value }: OutgoingRecord): void {
    const block = headers.length === 0 ? undefined : headerBlock(headers);
    const bytes = value ?? NOTHING;
    const room = bytes.length + (block?.length ?? 0);
    const from = this.#begin(key ?? NOTHING, 0, key === null ? -1 : key.length, timestampMs, room);
    let at = varintAt(this.bytes, from, value === null ? -1 : bytes.length);
    at = copyTo(this.bytes, at, bytes, 0, bytes.length);
    this.#finish(block, at);
  }

  /** Appends a record whose key, value and headers lie in other bytes; no key when it ends before it begins. */
  append(
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    value: Uint8Array,
    from: number,
    to: number,
    timestampMs: number,
    headers?: Uint8Array,
  ): void {
    const room = Math.max(0, to - from) + (headers?.length ?? 0);
    let at = this.#begin(key, keyFrom, keyTo, timestampMs, room);
    at = varintAt(this.bytes, at, to < from ? -1 : to - from);
    if (to > from) at = copyTo(this.bytes, at, value, from, to);
    this.#finish(headers, at);
  }

  /**
   * Begins a record whose value is then written into `bytes` from the returned place on, `room` bytes of it
   * and its headers at most. Beginning another one forgets it.
   */
  openValue(
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    timestampMs: number,
    room: number,
  ): number {
    return this.#begin(key, keyFrom, keyTo, timestampMs, room) + 2;
  }

  /** Ends the record that was begun. */
  closeValue(from: number, to: number, headers?: Uint8Array): void {
    const length = to - from;
    const size = varintBytes(length);
    if (size !== 2) this.bytes.copyWithin(from - 2 + size, from, to);
    varintAt(this.bytes, from - 2, length);
    this.#finish(headers, to + size - 2);
  }

  /** Writes what comes before the value; returns where the value's length goes. */
  #begin(
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    timestampMs: number,
    room: number,
  ): number {
    const timeMs = Math.max(-TIME_MAX_MS, Math.min(TIME_MAX_MS, timestampMs));
    if (!Number.isInteger(timeMs)) throw new RangeError(`${timestampMs} is not a time of a record`);
    this.#reserve(Math.max(0, keyTo - keyFrom) + room + FRAME_BYTES);
    if (this.count === 0) this.#firstMs = this.#maxMs = timeMs;
    else if (timeMs > this.#maxMs) this.#maxMs = timeMs;
    const { bytes } = this;
    let at = this.#at + 2; // the record's length, mended by #finish
    bytes[at] = 0;
    at = varintAt(bytes, at + 1, timeMs - this.#firstMs);
    at = varintAt(bytes, at, this.count);
    at = varintAt(bytes, at, keyTo < keyFrom ? -1 : keyTo - keyFrom);
    return keyTo > keyFrom ? copyTo(bytes, at, key, keyFrom, keyTo) : at;
  }

  #finish(headers: Uint8Array | undefined, valueEnd: number): void {
    const { bytes } = this;
    const start = this.#at;
    let end = valueEnd;
    if (headers === undefined) bytes[end++] = 0;
    else end = copyTo(bytes, end, headers, 0, headers.length);
    const length = end - start - 2;
    if (length >= TWO_BYTES_MIN && length <= TWO_BYTES_MAX) {
      bytes[start] = ((length << 1) & 0x7f) | 0x80;
      bytes[start + 1] = length >>> 6;
      this.#at = end;
    } else {
      const size = varintBytes(length);
      if (size !== 2) bytes.copyWithin(start + size, start + 2, end);
      varintAt(bytes, start, length);
      this.#at = end + size - 2;
    }
    this.count += 1;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.#at);
    this.bytes = larger;
  }

  /** The batch of what was appended, for `partition`; the writer is empty then. */
  seal(partition: number, codec: Codec): EncodedBatch {
    const packed = compressed(codec, this.bytes.subarray(BATCH_HEAD_BYTES, this.#at));
    const bytes = Buffer.allocUnsafeSlow(BATCH_HEAD_BYTES + packed.length);
    packed.copy(bytes, BATCH_HEAD_BYTES);
    giveBack(packed);
    bytes.fill(0, 0, BATCH_HEAD_BYTES);
    bytes.writeInt32BE(bytes.length - 12, 8);
    bytes.writeInt32BE(-1, 12);
    bytes[16] = 2;
    bytes.writeInt16BE(CODECS[codec], 21);
    bytes.writeInt32BE(this.count - 1, 23);
    bytes.writeBigInt64BE(BigInt(this.#firstMs), 27);
    bytes.writeBigInt64BE(BigInt(this.#maxMs), 35);
    bytes.writeInt32BE(this.count, 57);
    const batch = new EncodedBatch(partition, this.count, bytes);
    this.#at = BATCH_HEAD_BYTES;
    this.count = 0;
    return batch;
  }
}

const NOTHING = Buffer.alloc(0);

/** The headers of a record as they stand in it. */
export function headerBlock(headers: OutgoingRecord['headers']): Buffer {
  const named = headers.map(([name, value]) => [Buffer.from(name), value] as const);
  const size = named.reduce(
    (sum, [name, value]) => sum + name.length + (value?.length ?? 0) + 20,
    10,
  );
  const block = Buffer.allocUnsafe(size);
  let at = varintAt(block, 0, named.length);
  for (const [name, value] of named) {
    at = varintAt(block, at, name.length);
    at += name.copy(block, at);
    at = varintAt(block, at, value === null ? -1 : value.length);
    if (value !== null) at += value.copy(block, at);
  }
  return block.subarray(0, at);
}

/** `records` as one batch. */
export function batchOfRecords(
  partition: number,
  records: readonly OutgoingRecord[],
  codec: Codec = 'lz4',
): EncodedBatch {
  const writer = new RecordBatchWriter();
  for (const record of records) writer.add(record);
  return writer.seal(partition, codec);
}

/** The records of a batch, read again. */
export async function recordsIn(batch: EncodedBatch): Promise<OutgoingRecord[]> {
  const records = await batch.records();
  const found: OutgoingRecord[] = [];
  while (records.next()) {
    const { timestampMs } = records;
    found.push({
      key: records.key(),
      value: records.value(),
      headers: records.headers(),
      timestampMs,
    });
  }
  return found;
}

/**
 * A batch in two halves, for when a broker refuses it for its size; whoever reads it must have found at least
 * two records in it.
 */
export async function halved(batch: EncodedBatch, codec: Codec): Promise<EncodedBatch[]> {
  const writer = new RecordBatchWriter();
  const halves: EncodedBatch[] = [];
  const records = await batch.records();
  const half = Math.ceil(batch.count / 2);
  while (records.next()) {
    const { bytes, keyAt, keyEnd, timestampMs, valueAt, valueEnd } = records;
    const block = records.headerBytes();
    writer.append(bytes, keyAt, keyEnd, bytes, valueAt, valueEnd, timestampMs, block);
    if (writer.count === half) halves.push(writer.seal(batch.partition, codec));
  }
  if (writer.count > 0) halves.push(writer.seal(batch.partition, codec));
  return halves;
}

/**
 * The fastest level of each: on the core that also parses, time costs more than bytes. Measured on sensor events:
 * zstd 3.3 M records/s (a tenth of the bytes), lz4 2.0 M (a fifth), gzip 1.3 M.
 */
function compressed(codec: Codec, bytes: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes, { level: 1 });
    case 'lz4':
      return lz4Frame(bytes);
    case 'zstd':
      return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  }
}
