// A large record batch, decompressed piece by piece: whole records in a window that is used again and again,
// so that a batch of any size is read in bounded memory. A record that is larger than the window may grow is
// cut; what follows the limit or the damage is named as such. The pieces depend on the bytes alone.
import { isDamage } from './corrupt.ts';
import { inflatedPieces } from './inflate.ts';
import { Records, type Part, type RawRecordBatch } from './record-batch.ts';

export interface InflateLimits {
  /** Most bytes that one batch may inflate to; what lies behind them is not read. */
  readonly batchBytes: number;
  /** Most bytes of one record, with its key and headers, that is read whole. */
  readonly recordBytes: number;
}

/** A window of this size holds some thousand records, and most records. */
const WINDOW_BYTES = 1_048_576;
/** Three varints of at most ten bytes and the attributes: enough to know a record's end and its offset. */
const RECORD_HEAD_BYTES = 31;

/**
 * The records of `raw`, some at a time. They are valid until the next are asked for; the last ones say what
 * is wrong with those that follow them. @throws when memory ran out: the records may be whole.
 */
export async function* pieces(raw: RawRecordBatch, limits: InflateLimits): AsyncGenerator<Records> {
  const reading = new Reading(raw, limits);
  try {
    for await (const inflated of inflatedPieces(raw.body, raw.codec)) {
      for (let at = 0; at < inflated.length && !reading.isDone;) {
        at += reading.take(inflated, at);
        if (reading.isFull) yield* reading.whole();
      }
      if (reading.isDone) break;
    }
    reading.ended('its records end early');
  } catch (error) {
    if (!isDamage(error)) throw error;
    reading.ended(`it cannot be decompressed (${(error as Error).message})`);
  }
  yield* reading.rest();
}

/** Collects inflated bytes and knows where in them records begin. */
class Reading {
  readonly #raw: RawRecordBatch;
  readonly #limits: InflateLimits;
  #window: Buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  #filled = 0;
  /** Bytes of a cut record that are still to come, to be left out. */
  #skip = 0;
  #inflated = 0;
  #read = 0;
  #offset: number;
  #damage: string | undefined;

  constructor(raw: RawRecordBatch, limits: InflateLimits) {
    this.#raw = raw;
    this.#limits = limits;
    this.#offset = raw.baseOffset - 1;
  }

  get isFull(): boolean {
    return this.#filled === this.#window.length;
  }

  /** All records are read, or no more will be. */
  get isDone(): boolean {
    return this.#damage !== undefined || this.#read === this.#raw.count;
  }

  /** Takes bytes of `from`, from `at` on; returns how many. */
  take(from: Buffer, at: number): number {
    const available = Math.min(from.length - at, this.#limits.batchBytes - this.#inflated);
    if (available <= 0) {
      this.#damage = `it inflates to more than ${this.#limits.batchBytes} bytes`;
      return 0;
    }
    const skipped = Math.min(this.#skip, available);
    this.#skip -= skipped;
    const copied = Math.min(available - skipped, this.#window.length - this.#filled);
    from.copy(this.#window, this.#filled, at + skipped, at + skipped + copied);
    this.#filled += copied;
    this.#inflated += skipped + copied;
    return skipped + copied;
  }

  /** The records that lie whole in the window; what is left of it moves to its front. */
  *whole(): Generator<Records> {
    const after = this.#offset;
    let at = 0;
    let count = 0;
    let needed = 0;
    while (this.#read < this.#raw.count) {
      const head = this.#head(at);
      if (head === undefined || head.bytes > this.#filled - at) {
        needed = head?.bytes ?? 0;
        break;
      }
      at += head.bytes;
      this.#offset = head.offset;
      this.#read += 1;
      count += 1;
    }
    if (count > 0) yield this.#records(at, { count, lastOffset: this.#offset, after });
    this.#window.copyWithin(0, at, this.#filled);
    this.#filled -= at;
    if (needed > this.#window.length) yield* this.#large(needed);
  }

  /** The record at the front of the window does not fit into it. */
  *#large(bytes: number): Generator<Records> {
    if (bytes <= this.#limits.recordBytes) {
      const grown = Buffer.allocUnsafe(bytes);
      this.#window.copy(grown, 0, 0, this.#filled);
      this.#window = grown;
      return;
    }
    if (this.#filled < WINDOW_BYTES) return;
    const after = this.#offset;
    this.#offset = this.#head(0)!.offset;
    this.#read += 1;
    yield this.#records(this.#filled, { count: 1, lastOffset: this.#offset, after, isCut: true });
    this.#skip = bytes - this.#filled;
    this.#filled = 0;
  }

  /** Undefined when there is too little of the record, or damage that ends the batch. */
  #head(at: number): RecordHead | undefined {
    const left = this.#filled - at;
    const head = recordHead(this.#window, at, at + Math.min(left, RECORD_HEAD_BYTES));
    if (head === undefined) {
      if (left >= RECORD_HEAD_BYTES) this.#damage ??= 'a number in a record has no end';
      return undefined;
    }
    const offset = this.#raw.baseOffset + head.offset;
    const isInOrder = offset > this.#offset && offset <= this.#raw.lastOffset;
    if (head.bytes > 0 && isInOrder) return { bytes: head.bytes, offset };
    this.#damage ??= 'a record has no length, or its offset is not after the one before it';
    return undefined;
  }

  #records(length: number, part: Part): Records {
    return new Records(this.#raw, this.#window.subarray(0, length), part);
  }

  ended(damage: string): void {
    if (!this.isDone) this.#damage = damage;
  }

  /** What is whole in the window, and what is to be said of the rest of the batch. */
  *rest(): Generator<Records> {
    yield* this.whole();
    const { lastOffset } = this.#raw;
    const missing = this.#raw.count - this.#read;
    const damage = missing === 0 ? undefined : (this.#damage ?? 'its records end early');
    yield this.#records(0, { count: 0, lastOffset, after: this.#offset, damage });
  }
}

interface RecordHead {
  /** All of the record, with the number that says its length. */
  readonly bytes: number;
  readonly offset: number;
}

/** The head of the record at `from`, with the offset as in the batch; undefined when it is not whole. */
function recordHead(window: Buffer, from: number, to: number): RecordHead | undefined {
  let at = from;
  const varint = (): number => {
    let value = 0;
    const isNegative = (window[at]! & 1) === 1;
    for (let scale = 1; at < to && scale <= 2 ** 63; scale *= 0x80) {
      const byte = window[at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return isNegative ? -(value + 1) / 2 : value / 2;
    }
    return NaN;
  };
  const length = varint();
  const bytes = length > 0 ? at + length - from : 0;
  at += 1;
  const timestamp = varint();
  const offset = varint();
  return Number.isNaN(length + timestamp + offset) ? undefined : { bytes, offset };
}
