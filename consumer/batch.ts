// Records of one source on their way to ClickHouse: good ones as columns, rejected ones as dead
// letters, and per partition which offsets they span. One batch becomes one part.
import { Block, getInt64 } from '../platform/clickhouse/block.ts';
import type { Records } from '../platform/kafka/record-batch.ts';
import type { RecordRun } from '../platform/kafka/record-run.ts';
import type { Origin } from '../streams/origin.ts';
import { reject, type Rejection } from '../streams/rejection.ts';
import type { Stream } from '../streams/stream.ts';
import { compileDecode, type Decode } from './decode.ts';
import { extend, without, type OffsetRange } from './gap.ts';
import { isDuplicate, originOf, type Origins } from './origins.ts';

export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  /** Below zero: nobody gave the record a time. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
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
}

export class Batch {
  readonly block: Block;
  readonly spans = new Map<number, Span>();
  deadLetters: DeadLetter[] = [];
  /** Bytes of the values of all records, as they came. */
  valueBytes = 0;
  #deadBytes = 0;
  openedAtMs = 0;
  /** How much of it has landed for certain; a repeated write goes on from there. */
  landed: 'nothing' | 'dead-letters' | 'rows' = 'nothing';
  /** Offsets already recorded as dead that were met again and left out. */
  skipped = 0;
  /** Records that were left out because another one was made from the same. */
  duplicates = 0;
  /** Time spent decoding and validating. */
  decodeMs = 0;
  readonly #decode: Decode;
  readonly #hasOrigin: boolean;
  /** Of the column that says when an event happened. */
  readonly #eventTimeAt: number;

  constructor(stream: Stream, maxMessageBytes: number) {
    this.block = new Block(stream);
    this.#hasOrigin = stream.origin !== undefined;
    this.#eventTimeAt = stream.columns.findIndex(({ name }) => name === stream.eventTime);
    this.#decode = compileDecode(stream, this.block, maxMessageBytes);
  }

  /** What the batch holds in memory, near enough: encoded rows, and rejected values whole. */
  get bytes(): number {
    return this.block.bytes + this.#deadBytes;
  }

  /** Rows and dead letters. */
  get records(): number {
    return this.block.rows + this.deadLetters.length;
  }

  /**
   * Adds the records of a partition from `position` on. Offsets in `dead` stay dead: whatever this
   * version thinks of them, they are recorded already. `origins` is what was met in the partition.
   */
  add(
    partition: number,
    run: RecordRun,
    position: number,
    { dead, origins }: { readonly dead: ReadonlySet<number>; readonly origins: Origins },
  ): void {
    const startedAt = performance.now();
    const span = this.#span(partition, position);
    const rowsBefore = this.block.rows;
    let expected = position;
    for (const records of run.records) {
      while (records.next()) {
        const { offset } = records;
        if (offset < position) continue;
        if (offset > expected) noteAbsent(span, expected, offset - 1, dead);
        expected = offset + 1;
        const isDead = dead.size > 0 && dead.has(offset);
        if (this.#hasOrigin) this.#addMade(partition, records, span, origins, isDead);
        else if (isDead) this.skipped += 1;
        else this.#addRecord(partition, records, span);
      }
    }
    if (run.lastOffset >= expected) noteAbsent(span, expected, run.lastOffset, dead);
    span.rows += this.block.rows - rowsBefore;
    span.next = run.lastOffset + 1;
    this.decodeMs += performance.now() - startedAt;
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
    const origin = originOf(records);
    if (origin !== undefined && isDuplicate(origins, origin)) {
      extend(span.duplicates, offset);
      this.duplicates += 1;
    } else if (isDead) this.skipped += 1;
    else if (origin === undefined) this.#reject(partition, records, span, reject('unknown_origin'));
    else {
      this.block.setOrigin(origin);
      this.#addRecord(partition, records, span, origin);
    }
  }

  #addRecord(partition: number, records: Records, span: Span, origin?: Origin): void {
    const { bytes, offset, timestampMs, valueAt, valueEnd } = records;
    const rejection = this.#decode(bytes, valueAt, valueEnd, timestampMs);
    if (rejection !== undefined) {
      this.#reject(partition, records, span, rejection, origin);
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
    const { offset, timestampMs, valueAt, valueEnd } = records;
    const valueBytes = Math.max(0, valueEnd - valueAt);
    this.valueBytes += valueBytes;
    this.#deadBytes += valueBytes;
    const [key, value, headers] = [records.key(), records.value(), records.headers()];
    const where = { partition, offset, timestampMs };
    this.deadLetters.push({ ...where, key, value, headers, rejection, origin });
    span.dead += 1;
  }

  #span(partition: number, position: number): Span {
    let span = this.spans.get(partition);
    if (span === undefined) {
      span = { first: position, next: position, rows: 0, dead: 0, absent: [], duplicates: [] };
      this.spans.set(partition, span);
    }
    return span;
  }

  /** Empties the batch for reuse. */
  clear(): void {
    this.block.clear();
    this.spans.clear();
    this.deadLetters = [];
    this.valueBytes = 0;
    this.#deadBytes = 0;
    this.openedAtMs = 0;
    this.skipped = 0;
    this.duplicates = 0;
    this.decodeMs = 0;
    this.landed = 'nothing';
  }
}

/** A dead letter whose record compaction took since is no absent offset: each offset is of one class. */
function noteAbsent(span: Span, first: number, last: number, dead: ReadonlySet<number>): void {
  span.absent.push(...without({ first, last }, dead));
}
