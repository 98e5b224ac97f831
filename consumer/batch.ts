// Records of one source on their way to ClickHouse: good ones as columns, rejected ones as dead
// letters, and per partition which offsets they span. One batch becomes one part.
import { Block, getInt64 } from '../platform/clickhouse/block.ts';
import { InvariantError } from '../platform/errors.ts';
import type { Records } from '../platform/kafka/record-batch.ts';
import type { RecordRun } from '../platform/kafka/record-run.ts';
import type { Origin } from '../streams/origin.ts';
import { reject, type Rejection } from '../streams/rejection.ts';
import type { Stream } from '../streams/stream.ts';
import { ByteArena } from './byte-arena.ts';
import { compileDecode, type Decode } from './decode.ts';
import { extend, without, type OffsetRange } from './gap.ts';
import { OriginReader } from './origin-reader.ts';
import type { Origins } from './origins.ts';

export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  /** Below zero: nobody gave the record a time. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** For `readHeaders`: as objects, they would take many times the memory until they are written. */
  readonly headerBytes: Buffer;
  readonly rejection: Rejection;
  /** Of what the message was made, where the stream has an origin and the message says so. */
  readonly origin: Origin | undefined;
}

/** The part of a partition that a batch brings. */
export interface Span {
  readonly first: number;
  /** One past the last offset the batch covers. */
  next: number;
  rows: number;
  dead: number;
  /** Offsets from `first` on that no record has: compaction, aborted transactions, their markers. */
  readonly absent: OffsetRange[];
  /** Offsets of records that were made from one that was met before: left out. */
  readonly duplicates: OffsetRange[];
  /** Offsets of records that cannot be read, and why. */
  readonly unreadable: UnreadableRange[];
}

export interface UnreadableRange extends OffsetRange {
  readonly why: string;
}

/** When a batch takes no more. */
export interface BatchLimits {
  readonly maxBatchRows: number;
  readonly maxBatchBytes: number;
}

/** What a dead letter takes in memory beside its bytes, until it is written; measured with 180,000. */
const LETTER_BYTES = 700;
const RANGE_BYTES = 64;
/** A larger value is kept cut, unless MAX_MESSAGE_BYTES allows it. */
const KEPT_VALUE_BYTES = 1_048_576;

export class Batch {
  readonly block: Block;
  readonly spans = new Map<number, Span>();
  deadLetters: DeadLetter[] = [];
  /** Bytes of the values of all records, as they came. */
  valueBytes = 0;
  /** Of dead letters and ranges of offsets. */
  #heldBytes = 0;
  openedAtMs = 0;
  /** How much of it has landed for certain; a repeated write goes on from there. */
  landed: 'nothing' | 'dead-letters' | 'rows' = 'nothing';
  /** Offsets already recorded as dead that were met again and left out. */
  skipped = 0;
  /** Records that were left out because another one was made from the same. */
  duplicates = 0;
  /** Offsets of records that cannot be read. */
  unreadable = 0;
  /** Time spent decoding and validating. */
  decodeMs = 0;
  readonly #decode: Decode;
  readonly #hasOrigin: boolean;
  readonly #origin = new OriginReader();
  /** Of the column that says when an event happened. */
  readonly #eventTimeAt: number;
  readonly #keptValueBytes: number;
  readonly #arena = new ByteArena();
  readonly #copy = (bytes: Uint8Array): Buffer => this.#arena.copy(bytes);

  constructor(stream: Stream, maxMessageBytes: number) {
    this.block = new Block(stream);
    this.#hasOrigin = stream.origin !== undefined;
    this.#eventTimeAt = stream.columns.findIndex(({ name }) => name === stream.eventTime);
    this.#keptValueBytes = Math.max(maxMessageBytes, KEPT_VALUE_BYTES);
    this.#decode = compileDecode(stream, this.block, maxMessageBytes);
  }

  /** What the batch holds in memory, near enough: encoded rows, rejected messages, ranges of offsets. */
  get bytes(): number {
    return this.block.bytes + this.#heldBytes;
  }

  /** Rows and dead letters. */
  get records(): number {
    return this.block.rows + this.deadLetters.length;
  }

  /**
   * Adds the records of a partition from `position` on. Offsets in `dead` stay dead: whatever this
   * version thinks of them, they are recorded already. `origins` is what was met in the partition.
   * False when `limits` are reached: call another batch with the same run, from where this span ends.
   */
  add(
    partition: number,
    run: RecordRun,
    position: number,
    { dead, origins }: { readonly dead: ReadonlySet<number>; readonly origins: Origins },
    { maxBatchBytes, maxBatchRows }: BatchLimits,
  ): boolean {
    const startedAt = performance.now();
    const span = this.#span(partition, position);
    if (span.next !== position) {
      throw new InvariantError(`partition ${partition} goes from ${span.next} on at ${position}`);
    }
    const rowsBefore = this.block.rows;
    let next = position;
    let isFull = false;
    for (const records of run.records) {
      while (!isFull && records.next()) {
        const { offset } = records;
        if (offset < position) continue;
        if (offset > next) this.#absent(span, next, offset - 1, dead);
        next = offset + 1;
        const isDead = dead.size > 0 && dead.has(offset);
        if (this.#hasOrigin) this.#addMade(partition, records, span, origins, isDead);
        else if (isDead) this.skipped += 1;
        else this.#addRecord(partition, records, span);
        isFull = this.block.rows >= maxBatchRows || this.#heldBytes >= maxBatchBytes;
      }
      if (isFull) break;
      if (records.damage === undefined || records.lastOffset < next) continue;
      this.#unreadable(span, { first: next, last: records.lastOffset }, dead, records.damage);
      next = records.lastOffset + 1;
    }
    if (!isFull && run.lastOffset >= next) {
      this.#absent(span, next, run.lastOffset, dead);
      next = run.lastOffset + 1;
    }
    span.rows += this.block.rows - rowsBefore;
    span.next = next;
    this.decodeMs += performance.now() - startedAt;
    return !isFull;
  }

  /** A dead letter whose record compaction took since is no absent offset: each offset is of one class. */
  #absent(span: Span, first: number, last: number, dead: ReadonlySet<number>): void {
    const before = span.absent.length;
    span.absent.push(...without({ first, last }, dead));
    this.skipped += deadAmong({ first, last }, dead);
    this.#heldBytes += RANGE_BYTES * (span.absent.length - before);
  }

  #unreadable(span: Span, all: OffsetRange, dead: ReadonlySet<number>, why: string): void {
    this.skipped += deadAmong(all, dead);
    for (const { first, last } of without(all, dead)) {
      span.unreadable.push({ first, last, why });
      this.#heldBytes += RANGE_BYTES;
      this.unreadable += last - first + 1;
    }
  }

  /** A record of a stream that is made from another: once, whatever was produced twice. */
  #addMade(
    partition: number,
    records: Records,
    span: Span,
    origins: Origins,
    isDead: boolean,
  ): void {
    const { offset } = records;
    const origin = this.#origin;
    const isKnown = origin.read(records, origins);
    if (isKnown && origin.isDuplicate(origins)) {
      extend(span.duplicates, offset);
      this.#heldBytes += RANGE_BYTES;
      this.duplicates += 1;
    } else if (isDead) this.skipped += 1;
    else if (records.isCut) this.#addRecord(partition, records, span);
    else if (!isKnown) this.#reject(partition, records, span, reject('unknown_origin'));
    else {
      this.block.setOrigin(origin);
      this.#addRecord(partition, records, span, origin);
    }
  }

  #addRecord(partition: number, records: Records, span: Span, made?: OriginReader): void {
    const { bytes, offset, timestampMs, valueAt, valueEnd } = records;
    const rejection = records.isCut
      ? reject('too_large', '', records.wholeValueBytes)
      : this.#decode(bytes, valueAt, valueEnd, timestampMs);
    if (rejection !== undefined) {
      this.#reject(partition, records, span, rejection, made?.origin());
      return;
    }
    this.valueBytes += valueEnd - valueAt;
    this.block.commitRow(partition, offset, timestampMs < 0 ? this.#eventTimeMs() : timestampMs);
  }

  /** When the event of the row that was set happened: for a record that nobody gave a time. */
  #eventTimeMs(): number {
    const column = this.block.columns[this.#eventTimeAt]!;
    return column.kind === 'instant' ? getInt64(column.int64.values, this.block.rows) : 0;
  }

  #reject(
    partition: number,
    records: Records,
    span: Span,
    rejection: Rejection,
    origin?: Origin,
  ): void {
    const { offset, timestampMs } = records;
    const [key, value, headerBytes] = [
      records.key(this.#copy),
      records.value(this.#keptValueBytes, this.#copy),
      records.headerBytes(this.#copy),
    ];
    const valueBytes = value?.length ?? 0;
    this.valueBytes += valueBytes;
    this.#heldBytes += LETTER_BYTES + valueBytes + (key?.length ?? 0) + headerBytes.length;
    const where = { partition, offset, timestampMs };
    this.deadLetters.push({ ...where, key, value, headerBytes, rejection, origin });
    span.dead += 1;
  }

  #span(partition: number, position: number): Span {
    let span = this.spans.get(partition);
    if (span === undefined) {
      const [absent, duplicates, unreadable] = [[], [], []];
      span = { first: position, next: position, rows: 0, dead: 0, absent, duplicates, unreadable };
      this.spans.set(partition, span);
    }
    return span;
  }

  /** Empties the batch for reuse. */
  clear(): void {
    this.block.clear();
    this.spans.clear();
    this.deadLetters = [];
    this.#arena.clear();
    this.valueBytes = 0;
    this.#heldBytes = 0;
    this.openedAtMs = 0;
    this.skipped = 0;
    this.duplicates = 0;
    this.unreadable = 0;
    this.decodeMs = 0;
    this.landed = 'nothing';
  }
}

/** How many offsets of a range are recorded as dead already. */
function deadAmong({ first, last }: OffsetRange, dead: ReadonlySet<number>): number {
  let count = 0;
  for (const offset of dead) if (offset >= first && offset <= last) count += 1;
  return count;
}
