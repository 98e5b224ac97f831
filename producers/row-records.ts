// The records of rows: an event under its key as it goes over the wire, stamped with the current time where the
// replay is to look live; a row that does not fit as it is, with headers that say where it is from.
import { InvariantError } from '../platform/errors.ts';
import { partitionOfKey } from '../platform/kafka/key-partition.ts';
import { copyTo } from '../platform/copy-bytes.ts';
import type { RecordBatchWriter } from '../platform/kafka/record-batch-writer.ts';
import type { EventPage } from './event-page.ts';
import type { FileEvent } from './file-event.ts';

export interface KeyedValue {
  readonly key: string;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const QUOTE = 0x22;
/** More than a time takes that is written now. */
const STAMP_BYTES = 32;

export class RowRecords {
  readonly #encode: (event: FileEvent) => KeyedValue;
  readonly #stampsNow: boolean;

  /** `encode` makes the record of a row that is not packed. */
  constructor(encode: (event: FileEvent) => KeyedValue, stampsNow: boolean) {
    this.#encode = encode;
    this.#stampsNow = stampsNow;
  }

  /** A row's record as text. */
  keyedValue(page: EventPage, row: number): KeyedValue {
    const other = page.other(row);
    if (other !== undefined) return this.#encode(other);
    const text = (from: number, to: number): string => page.bytes.toString('utf8', from, to);
    const key = text(page.keyFrom(row), page.keyTo(row));
    const [from, to] = [page.from(row), page.to(row)];
    if (!this.#stampsNow) return { key, value: text(from, to) };
    const stamp = stampFor(page, row);
    return { key, value: text(from, page.timeFrom(row)) + stamp + text(page.timeTo(row), to) };
  }

  /** The partition that a row's key belongs to, of so many. */
  partition(page: EventPage, row: number, partitions: number): number {
    const other = page.other(row);
    if (other === undefined) {
      return partitionOfKey(page.bytes, page.keyFrom(row), page.keyTo(row), partitions);
    }
    const key = Buffer.from(this.#encode(other).key);
    return partitionOfKey(key, 0, key.length, partitions);
  }

  /** About how many bytes a row takes in a batch. */
  size(page: EventPage, row: number): number {
    const other = page.other(row);
    if (other === undefined) return page.to(row) - page.from(row) + STAMP_BYTES;
    const { headers = {}, key, value } = this.#encode(other);
    const parts = [key, value, ...Object.entries(headers).flat()];
    return parts.reduce((bytes, part) => bytes + Buffer.byteLength(part), STAMP_BYTES);
  }

  /** Appends a row's record. */
  append(page: EventPage, row: number, writer: RecordBatchWriter, nowMs: number): void {
    const other = page.other(row);
    if (other !== undefined) {
      const { headers = {}, key, value } = this.#encode(other);
      const named = Object.entries(headers).map(
        ([name, held]) => [name, Buffer.from(held)] as const,
      );
      const record = { key: Buffer.from(key), value: Buffer.from(value), headers: named };
      writer.add({ ...record, timestampMs: nowMs });
      return;
    }
    const { bytes } = page;
    const [from, to] = [page.from(row), page.to(row)];
    if (to <= from) throw new InvariantError(`row ${row} of ${page.length} has no bytes`);
    const [keyFrom, keyTo] = [page.keyFrom(row), page.keyTo(row)];
    if (!this.#stampsNow) {
      writer.append(bytes, keyFrom, keyTo, bytes, from, to, nowMs);
      return;
    }
    const stamp = Buffer.from(stampFor(page, row));
    const begin = writer.openValue(bytes, keyFrom, keyTo, nowMs, to - from + STAMP_BYTES);
    const out = writer.bytes;
    let end = copyTo(out, begin, bytes, from, page.timeFrom(row));
    end = copyTo(out, end, stamp, 0, stamp.length);
    end = copyTo(out, end, bytes, page.timeTo(row), to);
    writer.closeValue(begin, end);
  }
}

/** Now, in the form that the row's time has. */
function stampFor(page: EventPage, row: number): string {
  const isText = page.bytes[page.timeFrom(row)] === QUOTE;
  return isText ? JSON.stringify(new Date().toISOString()) : String(Date.now() / 1_000);
}
