// What one parcel holds for one topic: record batches that are full, and the one that is being filled. Records go
// from the bytes they were read in to those they are sent in, without an object for each.
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import type { Records } from '../platform/kafka/record-batch.ts';
import { copyTo } from '../platform/copy-bytes.ts';
import { RecordBatchWriter, type OutgoingRecord } from '../platform/kafka/record-batch-writer.ts';

/** One request carries at most this, before compression, or a single record. */
const REQUEST_BYTES = 512 * 1_024;
/** Lengths, time and offset of a record beside its content. */
const FRAME_BYTES = 20;
/** So many writers are kept for the parcels that come next. */
const IDLE_MAX = 16;

/** Writers that nothing is in, so that parcels need not grow one each. */
export class IdleWriters {
  readonly #idle: RecordBatchWriter[] = [];

  take(): RecordBatchWriter {
    return this.#idle.pop() ?? new RecordBatchWriter();
  }

  giveBack(writer: RecordBatchWriter): void {
    if (this.#idle.length < IDLE_MAX && writer.bytes.length <= 2 * REQUEST_BYTES) {
      this.#idle.push(writer);
    }
  }
}

export class Output {
  readonly #partition: number;
  readonly #idle: IdleWriters;
  readonly #full: EncodedBatch[] = [];
  #writer: RecordBatchWriter | undefined;

  /** `partition` is the one that all of it goes to. */
  constructor(partition: number, idle: IdleWriters) {
    this.#partition = partition;
    this.#idle = idle;
  }

  /** Adds a record; returns how many bytes it takes. */
  add(record: OutgoingRecord): number {
    const bytes = bytesOf(record);
    this.#room(bytes).add(record);
    return bytes;
  }

  /** Adds the record that `records` stands at, with other headers; returns how many bytes it takes. */
  append(records: Records, headers: Uint8Array): number {
    const { bytes, keyAt, keyEnd, timestampMs, valueAt, valueEnd } = records;
    const room =
      FRAME_BYTES + lengthOf(keyAt, keyEnd) + lengthOf(valueAt, valueEnd) + headers.length;
    const writer = this.#room(room);
    writer.append(bytes, keyAt, keyEnd, bytes, valueAt, valueEnd, timestampMs, headers);
    return room;
  }

  /** The same with `added` written into its value before the byte at `at`. */
  appendWith(records: Records, added: Uint8Array, at: number, headers: Uint8Array): number {
    const { bytes, keyAt, keyEnd, timestampMs, valueAt, valueEnd } = records;
    const length = valueEnd - valueAt + added.length;
    const room = FRAME_BYTES + lengthOf(keyAt, keyEnd) + length + headers.length;
    const writer = this.#room(room);
    const from = writer.openValue(bytes, keyAt, keyEnd, timestampMs, length + headers.length);
    let to = copyTo(writer.bytes, from, bytes, valueAt, at);
    to = copyTo(writer.bytes, to, added, 0, added.length);
    to = copyTo(writer.bytes, to, bytes, at, valueEnd);
    writer.closeValue(from, to, headers);
    return room;
  }

  #room(bytes: number): RecordBatchWriter {
    const writer = (this.#writer ??= this.#idle.take());
    if (writer.count > 0 && writer.size + bytes > REQUEST_BYTES)
      this.#full.push(this.#sealed(writer));
    return writer;
  }

  #sealed(writer: RecordBatchWriter): EncodedBatch {
    return writer.seal(this.#partition, 'lz4');
  }

  /** All of it in order; nothing can be added any more. */
  batches(): readonly EncodedBatch[] {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return this.#full;
    if (writer.count > 0) this.#full.push(this.#sealed(writer));
    this.#idle.giveBack(writer);
    return this.#full;
  }
}

function lengthOf(from: number, to: number): number {
  return Math.max(0, to - from);
}

function bytesOf({ headers, key, value }: OutgoingRecord): number {
  let bytes = FRAME_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of headers) bytes += name.length + (text?.length ?? 0) + 4;
  return bytes;
}
