// One record batch of Kafka's log format (magic 2), read where it lies: a cursor goes over the records
// without an object, a string or a copy per record. Pure; clause names are those of the Kafka protocol
// guide. A batch that contradicts its own lengths is refused, never half read.
import { UnavailableError } from '../errors.ts';

/** Bytes before the records: base offset to record count. */
const HEAD_BYTES = 61;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;

const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What stands in the way of reading on; fetching again may help, guessing cannot. */
function corrupt(what: string): UnavailableError {
  return new UnavailableError(`Kafka: corrupt record batch: ${what}`);
}

/** A record batch as fetched: its head read, its records still compressed. */
export interface RawRecordBatch {
  readonly baseOffset: number;
  /** Kept by compaction even when the record is gone. */
  readonly lastOffset: number;
  readonly count: number;
  /** Number of the compression codec, 0 for none. */
  readonly codec: number;
  readonly control: boolean;
  readonly transactional: boolean;
  readonly producerId: bigint;
  /** Time of every record, or the base their deltas are added to; epoch milliseconds. */
  readonly timestampMs: number;
  readonly timestampIsFixed: boolean;
  /** The records, compressed by `codec`. */
  readonly body: Buffer;
}

/**
 * The complete batches of a record set. What follows the last of them was cut off by the fetch's byte
 * limit, which the protocol allows.
 * @throws {UnavailableError} for another magic than 2 or lengths that contradict each other.
 */
export function rawBatches(records: Buffer): RawRecordBatch[] {
  const found: RawRecordBatch[] = [];
  for (let at = 0; at + HEAD_BYTES <= records.length;) {
    const end = at + LENGTH_AT + 4 + records.readInt32BE(at + LENGTH_AT);
    if (records.readInt8(at + MAGIC_AT) !== 2) throw corrupt('its magic is not 2');
    if (end < at + HEAD_BYTES) throw corrupt('it is shorter than its head');
    if (end > records.length) break;
    found.push(rawBatch(records.subarray(at, end)));
    at = end;
  }
  return found;
}

function rawBatch(bytes: Buffer): RawRecordBatch {
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const baseOffset = Number(bytes.readBigInt64BE(0));
  const timestampIsFixed = (attributes & LOG_APPEND_TIME) !== 0;
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(LAST_OFFSET_DELTA_AT),
    count: bytes.readInt32BE(COUNT_AT),
    codec: attributes & CODEC_MASK,
    control: (attributes & CONTROL) !== 0,
    transactional: (attributes & TRANSACTIONAL) !== 0,
    producerId: bytes.readBigInt64BE(PRODUCER_ID_AT),
    timestampMs: Number(
      bytes.readBigInt64BE(timestampIsFixed ? MAX_TIMESTAMP_AT : FIRST_TIMESTAMP_AT),
    ),
    timestampIsFixed,
    body: bytes.subarray(HEAD_BYTES),
  };
}

/**
 * Goes over the records of a batch. After `next()` returned true the fields describe a record; its value
 * is bytes `valueAt` to `valueEnd` of `bytes`, and null when `valueEnd` is below `valueAt`.
 */
export class Records {
  readonly bytes: Buffer;
  readonly count: number;
  offset = 0;
  timestampMs = 0;
  keyAt = 0;
  keyEnd = 0;
  valueAt = 0;
  valueEnd = 0;
  readonly #batch: RawRecordBatch;
  #read = 0;
  #next = 0;
  /** Where the varint that was read last ended. */
  #at = 0;

  /** `bytes` are the records of `batch`, decompressed. */
  constructor(batch: RawRecordBatch, bytes: Buffer) {
    this.#batch = batch;
    this.bytes = bytes;
    this.count = batch.count;
  }

  /** @throws {UnavailableError} when the record reaches beyond the batch. */
  next(): boolean {
    if (this.#read === this.count) return false;
    this.#read += 1;
    this.#at = this.#next;
    const length = this.#varint();
    const end = this.#at + length;
    if (length <= 0 || end > this.bytes.length) throw corrupt('a record reaches beyond it');
    this.#next = end;
    this.#at += 1; // attributes, unused
    const { baseOffset, timestampIsFixed, timestampMs } = this.#batch;
    const timestampDelta = this.#varint();
    this.timestampMs = timestampIsFixed ? timestampMs : timestampMs + timestampDelta;
    this.offset = baseOffset + this.#varint();
    const keyLength = this.#varint();
    this.keyAt = this.#at;
    this.keyEnd = this.keyAt + keyLength;
    this.#at += Math.max(0, keyLength);
    const valueLength = this.#varint();
    this.valueAt = this.#at;
    this.valueEnd = this.valueAt + valueLength;
    if (Math.max(this.valueAt, this.valueEnd) > end) throw corrupt('a value reaches beyond it');
    return true;
  }

  /** A copy of the record's key; null when it has none. */
  key(): Buffer | null {
    return this.#copy(this.keyAt, this.keyEnd);
  }

  /** A copy of the record's value; null for a tombstone. */
  value(): Buffer | null {
    return this.#copy(this.valueAt, this.valueEnd);
  }

  /** The record's headers in their order; a name may come more than once. */
  headers(): (readonly [name: string, value: Buffer | null])[] {
    this.#at = Math.max(this.valueAt, this.valueEnd);
    const count = this.#varint();
    const headers: (readonly [string, Buffer | null])[] = [];
    for (let index = 0; index < count; index += 1) {
      headers.push([this.#lengthPrefixed()?.toString() ?? '', this.#lengthPrefixed()]);
    }
    return headers;
  }

  #lengthPrefixed(): Buffer | null {
    const length = this.#varint();
    const from = this.#at;
    this.#at += Math.max(0, length);
    if (this.#at > this.#next) throw corrupt('a header reaches beyond it');
    return this.#copy(from, from + length);
  }

  #copy(from: number, to: number): Buffer | null {
    return to < from ? null : Buffer.from(this.bytes.subarray(from, to));
  }

  /** A zigzag varint of up to 64 bits, exact up to 2^53. */
  #varint(): number {
    const { bytes } = this;
    const first = bytes[this.#at++]!;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let value = first & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 63) throw corrupt('a number has no end');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
