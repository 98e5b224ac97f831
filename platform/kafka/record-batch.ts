// The records of one batch of Kafka's log format (magic 2), read where they lie: a cursor goes over them
// without an object, a string or a copy per record. Pure; clause names are those of the Kafka protocol
// guide. The cursor ends at the first record that contradicts itself and says so: nothing is guessed.

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
  /** The records, compressed by `codec`; the head of a damaged batch. */
  readonly body: Buffer;
  /** Why nothing of it can be read; undefined for a batch that agrees with its checksum. */
  readonly damage: string | undefined;
}

/** Which records of a batch some bytes hold, where that is not all of them. */
export interface Part {
  readonly count: number;
  /** The last offset that the part covers. */
  readonly lastOffset: number;
  /** The offset of the record before it. */
  readonly after: number;
  /** Its only record goes on beyond the bytes. */
  readonly isCut?: boolean;
  /** Why the records after these cannot be read. */
  readonly damage?: string | undefined;
}

/** How bytes are copied out of a batch that is given back. */
export type Copy = (bytes: Buffer) => Buffer;

const ownCopy: Copy = (bytes) => Buffer.from(bytes);

export type Headers = readonly (readonly [name: string, value: Buffer | null])[];

/** More headers of one record are left out: each takes 200 bytes of memory and as few as two in the batch. */
export const HEADERS_MAX = 100_000;
/** Stands in the place of the headers that are left out; its value is their number. */
const LEFT_OUT = 'sensorhouse-headers-left-out';

/**
 * Goes over the records of a batch. After `next()` returned true the fields describe a record; its value
 * is bytes `valueAt` to `valueEnd` of `bytes`, and null when `valueEnd` is below `valueAt`.
 */
export class Records {
  readonly bytes: Buffer;
  readonly count: number;
  /** Offsets after the last record up to here have none, or cannot be read if there is `damage`. */
  readonly lastOffset: number;
  /** The only record is larger than what is kept of it: key and value may be cut, headers are left out. */
  readonly isCut: boolean;
  /** Set when `next()` has returned false: why what follows cannot be read. */
  damage: string | undefined;
  offset: number;
  timestampMs = 0;
  keyAt = 0;
  keyEnd = 0;
  valueAt = 0;
  valueEnd = 0;
  /** Where the value of the header is that {@link findHeader} found. */
  headerAt = 0;
  headerEnd = 0;
  /** Bytes of the whole value of a cut record, as far as that is known. */
  wholeValueBytes = 0;
  readonly #batch: RawRecordBatch;
  #read = 0;
  #next = 0;
  /** Where the varint that was read last ended; NaN after one that has no end. */
  #at = 0;

  /** `bytes` are the records of `batch`, decompressed, or a `part` of them. */
  constructor(batch: RawRecordBatch, bytes: Buffer, part?: Part) {
    this.#batch = batch;
    this.bytes = bytes;
    this.count = part?.count ?? batch.count;
    this.lastOffset = part?.lastOffset ?? batch.lastOffset;
    this.offset = part?.after ?? batch.baseOffset - 1;
    this.isCut = part?.isCut ?? false;
    this.damage = part === undefined ? batch.damage : part.damage;
  }

  next(): boolean {
    if (this.#read === this.count) return false;
    this.#read += 1;
    this.#at = this.#next;
    const length = this.#varint();
    const end = this.#at + length;
    if (!(length > 0 && (end <= this.bytes.length || this.isCut))) {
      return this.#end('a record reaches beyond its batch');
    }
    this.#next = end;
    this.#at += 1; // attributes, unused
    const { baseOffset, timestampIsFixed, timestampMs } = this.#batch;
    const timestampDelta = this.#varint();
    const offset = baseOffset + this.#varint();
    // A comparison with NaN is false: whatever has no end fails here.
    if (!(offset > this.offset && offset <= this.lastOffset)) {
      return this.#end(
        'the offset of a record is not after the one before it, or beyond its batch',
      );
    }
    this.offset = offset;
    this.timestampMs = timestampIsFixed ? timestampMs : timestampMs + timestampDelta;
    const keyLength = this.#varint();
    this.keyAt = this.#at;
    this.keyEnd = this.keyAt + keyLength;
    this.#at += Math.max(0, keyLength);
    const valueLength = this.#varint();
    this.valueAt = this.#at;
    this.valueEnd = this.valueAt + valueLength;
    if (this.isCut) return this.#cut();
    if (!(Math.max(this.valueAt, this.valueEnd) <= end)) {
      return this.#end('a value reaches beyond its record');
    }
    return true;
  }

  #end(damage: string): false {
    this.damage = damage;
    this.#read = this.count;
    return false;
  }

  /** What is kept of a record that is larger than the bytes. A key that fills them leaves no value. */
  #cut(): boolean {
    const { length } = this.bytes;
    this.wholeValueBytes = this.valueEnd - this.valueAt || 0;
    this.keyEnd = Math.min(this.keyEnd || 0, length);
    this.valueAt = Math.min(this.valueAt || length, length);
    this.valueEnd = Math.min(this.valueEnd || length, length);
    return true;
  }

  /** A copy of the record's key, made by `copy`; null when it has none. */
  key(copy: Copy = ownCopy): Buffer | null {
    return this.#copy(this.keyAt, this.keyEnd, copy);
  }

  /** A copy of the record's value, of its first `bytesMax` bytes; null for a tombstone. */
  value(bytesMax = Infinity, copy: Copy = ownCopy): Buffer | null {
    return this.#copy(this.valueAt, Math.min(this.valueEnd, this.valueAt + bytesMax), copy);
  }

  /** A copy of the bytes of the record's headers, for {@link readHeaders}. */
  headerBytes(copy: Copy = ownCopy): Buffer {
    return copy(this.#headerView());
  }

  /** The record's first `max` headers in their order; a name may come more than once. */
  headers(max = HEADERS_MAX): Headers {
    return readHeaders(this.#headerView(), max);
  }

  /** True when the record has no headers. */
  hasNoHeaders(): boolean {
    const from = Math.max(this.valueAt, this.valueEnd);
    return from >= this.#next || this.bytes[from] === 0;
  }

  /** A copy of the last value of a header, without looking at the others; undefined without one. */
  header(name: Uint8Array): Buffer | undefined {
    if (!this.findHeader(name)) return undefined;
    return Buffer.from(this.bytes.subarray(this.headerAt, this.headerEnd));
  }

  /** Sets where the last value of a header is; false, with any values, without one. */
  findHeader(name: Uint8Array): boolean {
    const from = this.#headersAt();
    const reader = new HeaderReader(this.bytes, from, this.#headersEnd(from));
    let isFound = false;
    while (reader.next()) {
      if (!reader.isNamed(name)) continue;
      this.headerAt = reader.valueAt;
      this.headerEnd = reader.valueEnd;
      isFound = reader.valueEnd >= reader.valueAt;
    }
    return isFound;
  }

  /** Sets where the value of the record's one header is; false, with any values, if it has others or another. */
  hasOnlyHeader(name: Uint8Array): boolean {
    const from = this.#headersAt();
    const reader = new HeaderReader(this.bytes, from, this.#headersEnd(from));
    if (!reader.next() || !reader.isLast() || !reader.isNamed(name)) return false;
    this.headerAt = reader.valueAt;
    this.headerEnd = reader.valueEnd;
    return reader.valueEnd >= reader.valueAt;
  }

  #headersAt(): number {
    return Math.max(this.valueAt, this.valueEnd);
  }

  #headersEnd(from: number): number {
    return this.isCut ? from : Math.max(from, this.#next);
  }

  #headerView(): Buffer {
    const from = this.#headersAt();
    return this.bytes.subarray(from, this.#headersEnd(from));
  }

  #copy(from: number, to: number, copy: Copy): Buffer | null {
    return to < from ? null : copy(this.bytes.subarray(from, to));
  }

  /** A zigzag varint of up to 64 bits, exact up to 2^53; NaN when it has no end. */
  #varint(): number {
    const { bytes } = this;
    const first = bytes[this.#at++]!;
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    return this.#longVarint(first);
  }

  #longVarint(first: number): number {
    const { bytes } = this;
    let value = first & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      const byte = bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 63) return NaN;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    // Above 2^53 the double has lost its lowest bit, which is the sign.
    return (first & 1) === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** The headers in some bytes, in their order; damage ends them, and there is a limit to their number. */
export function readHeaders(bytes: Buffer, max = HEADERS_MAX): Headers {
  const reader = new HeaderReader(bytes, 0, bytes.length);
  const headers: [string, Buffer | null][] = [];
  while (headers.length < max && reader.next()) {
    headers.push([reader.name(), reader.value()]);
  }
  let leftOut = 0;
  while (reader.next()) leftOut += 1;
  if (leftOut > 0) headers.push([LEFT_OUT, Buffer.from(String(leftOut))]);
  return headers;
}

/** Goes over the headers of one record without an object for each. */
class HeaderReader {
  /** Where the value is; its end is below for null. */
  valueAt = 0;
  valueEnd = 0;
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #left: number;
  #nameAt = 0;
  #nameEnd = 0;

  /** The headers are bytes `from` to `end`: none, or their number and then each. */
  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
    this.#left = from === end ? 0 : this.#varint();
  }

  next(): boolean {
    if (!(this.#left > 0)) return false;
    this.#left -= 1;
    const nameLength = this.#varint();
    this.#nameAt = this.#at;
    this.#nameEnd = this.#at += Math.max(0, nameLength);
    const valueLength = this.#varint();
    this.valueAt = this.#at;
    this.valueEnd = this.#at + valueLength;
    this.#at += Math.max(0, valueLength);
    return this.#at <= this.#end;
  }

  /** True when nothing lies behind the header that was read. */
  isLast(): boolean {
    return this.#left === 0 && this.#at === this.#end;
  }

  isNamed(name: Uint8Array): boolean {
    const from = this.#nameAt;
    if (this.#nameEnd - from !== name.length) return false;
    for (let index = 0; index < name.length; index += 1) {
      if (this.#bytes[from + index] !== name[index]) return false;
    }
    return true;
  }

  name(): string {
    return this.#bytes.toString('utf8', this.#nameAt, this.#nameEnd);
  }

  value(): Buffer | null {
    const { valueAt, valueEnd } = this;
    return valueEnd < valueAt ? null : Buffer.from(this.#bytes.subarray(valueAt, valueEnd));
  }

  /** NaN, which ends the headers, when the bytes end first. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
      this.#at += 1;
      if (byte === undefined || scale > 2 ** 35) return NaN;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
