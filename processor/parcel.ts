// The output of consecutive records of one partition that waits to be sent: by topic, with the outcome of
// each record counted, and the offset it reaches. Most records need no object of their own on their way.
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import type { Records } from '../platform/kafka/record-batch.ts';
import type { OutgoingRecord } from '../platform/kafka/record-batch-writer.ts';
import type { RecordRun } from '../platform/kafka/record-run.ts';
import type { Logger } from '../platform/log.ts';
import { OriginBytes } from '../streams/origin-bytes.ts';
import { ORIGIN_HEADER, readOrigin, UNREADABLE_HEADER, writeOrigin } from '../streams/origin.ts';
import type { RejectionReason } from '../streams/rejection.ts';
import type { Outcome, Transform } from '../streams/transform.ts';
import type { ByteEnrich } from '../streams/byte-enrich.ts';
import { stubOf } from './delivery.ts';
import { OriginHeader } from './origin-header.ts';
import { Output, type IdleWriters } from './output.ts';

export type Apply = (value: Buffer | null, recordTimeMs: number, nowMs: number) => Outcome;

/** The partition that records are read from. */
export interface Place {
  /** `topic@topic-id`. */
  readonly source: string;
  readonly partition: number;
}

/** How records are made. */
export interface Making {
  readonly apply: Apply;
  /** The same for events that need not be parsed; they go to the first output. */
  readonly byteEnrich?: ByteEnrich | undefined;
  /** The transform has no steps: records go on as they are to the first output. */
  readonly handsOn?: boolean | undefined;
  readonly origin: Transform['origin'];
  readonly place: Place;
  /** The first output. Stubs go to it, too: its sink files them as dead letters. */
  readonly stubsTo: string;
  /** Partitions of each output, by the name of its stream. */
  readonly widths: ReadonlyMap<string, number>;
  readonly writers: IdleWriters;
  readonly nowMs: number;
}

/** A parcel that holds this much takes no more: what one partition may hold that is not sent yet. */
export const OPEN_BYTES_MAX = 1_048_576;

/** 60,000 headers in each of ten records took 414 MB. */
export const HEADERS_HANDED_ON_MAX = 1_000;
const ORIGIN_NAME = Buffer.from(ORIGIN_HEADER);
const asItIs = (bytes: Buffer): Buffer => bytes;

export class Parcel {
  /** By the name of the stream they go to. */
  readonly #outputs = new Map<string, Output>();
  readonly #named = new OriginBytes();
  bytes = 0;
  /** Records that were read, each of which is sent, unchanged or not, or filtered. */
  read = 0;
  filtered = 0;
  /** Sent unchanged because they are no events, by reason. */
  readonly rejected = new Map<RejectionReason, number>();
  /** Of those sent: stubs for what is too large to be read whole. */
  tooLarge = 0;
  /** Offsets that cannot be read, and why. A stub for each range is sent. */
  readonly unreadable: { readonly first: number; readonly last: number; readonly why: string }[] =
    [];
  /** The first offset it covers, and one past the last. */
  readonly first: number;
  next: number;

  constructor(first: number) {
    this.first = first;
    this.next = first;
  }

  /**
   * Adds the output of the records of a run from `position` on, at most `recordsMax` of them and no more
   * than the parcel may hold. False when it is full: the rest of the same run goes into another.
   */
  addRun(run: RecordRun, position: number, making: Making, recordsMax: number): boolean {
    const end = this.read + recordsMax;
    const { handsOn = false, place } = making;
    const own = new OriginHeader(place.source, place.partition);
    for (const records of run.records) {
      while (this.read < end && this.bytes < OPEN_BYTES_MAX && records.next()) {
        if (records.offset < position) continue;
        if (records.isCut) this.#addCut(records, making);
        else if (!handsOn) this.#add(records, making, own);
        else if (!this.#handOn(records, making, own)) this.#addSlowly(records, making);
        this.next = records.offset + 1;
      }
      if (this.read >= end) return true;
      if (this.bytes >= OPEN_BYTES_MAX) return false;
      if (records.damage !== undefined) this.#addUnreadable(records, records.damage, making);
    }
    this.next = Math.max(this.next, run.lastOffset + 1);
    return true;
  }

  #add(records: Records, making: Making, own: OriginHeader): void {
    const { byteEnrich, nowMs, origin } = making;
    const { bytes, timestampMs, valueAt, valueEnd } = records;
    if (
      byteEnrich !== undefined &&
      origin === 'read' &&
      valueEnd > valueAt &&
      records.hasNoHeaders()
    ) {
      const added = byteEnrich.added(bytes, valueAt, valueEnd, timestampMs, nowMs);
      if (added !== undefined) {
        const header = own.at(records.offset);
        const output = this.#output(making.stubsTo, making);
        this.bytes += output.appendWith(records, added, byteEnrich.at, header);
        this.read += 1;
        return;
      }
    }
    this.#addSlowly(records, making);
  }

  /** Hands on a record that has no header but the one that names its origin; false for any other. */
  #handOn(records: Records, making: Making, own: OriginHeader): boolean {
    let headers: Buffer;
    if (records.hasNoHeaders()) headers = own.at(records.offset);
    else if (making.origin === 'read' || !records.hasOnlyHeader(ORIGIN_NAME)) return false;
    else if (!this.#named.read(records.bytes, records.headerAt, records.headerEnd)) return false;
    else headers = records.headerBytes(asItIs);
    this.bytes += this.#output(making.stubsTo, making).append(records, headers);
    this.read += 1;
    return true;
  }

  #addSlowly(records: Records, making: Making): void {
    const { apply, nowMs, origin, place } = making;
    const { offset, timestampMs } = records;
    const read = records.value();
    const outcome = apply(read, timestampMs, nowMs);
    this.read += 1;
    if (outcome.kind === 'filtered') {
      this.filtered += 1;
      return;
    }
    if (outcome.kind === 'rejected') {
      const { reason } = outcome.rejection;
      this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    }
    const value = outcome.kind === 'passed' ? outcome.value : read;
    const headers = withOrigin(handedOn(records, origin), origin, { ...place, offset });
    this.#push(outcome.to.name, { key: records.key(), value, headers, timestampMs }, making);
  }

  /** What is too large to be read whole would be refused by the output, too. */
  #addCut(records: Records, making: Making): void {
    const { place, stubsTo } = making;
    const { offset, timestampMs, wholeValueBytes } = records;
    this.read += 1;
    this.tooLarge += 1;
    const headers = withOrigin([], 'read', { ...place, offset });
    const cut = { key: records.key(), value: null, headers, timestampMs };
    this.#push(stubsTo, stubOf(cut, 'MESSAGE_TOO_LARGE', wholeValueBytes), making);
  }

  /** One record stands for all that cannot be read, so that the audit of the output knows of them. */
  #addUnreadable({ lastOffset: last }: Records, why: string, making: Making): void {
    const { nowMs: timestampMs, place, stubsTo } = making;
    const first = this.next;
    if (last < first) return;
    this.unreadable.push({ first, last, why });
    const headers = [
      [UNREADABLE_HEADER, Buffer.from(`${first}-${last}`)],
      [ORIGIN_HEADER, Buffer.from(writeOrigin({ ...place, offset: last }))],
    ] as const;
    const value = Buffer.from(JSON.stringify({ unreadable: `offsets ${first} to ${last}`, why }));
    this.#push(stubsTo, { key: null, value, headers, timestampMs }, making);
    this.next = last + 1;
  }

  #push(stream: string, record: OutgoingRecord, making: Making): void {
    this.bytes += this.#output(stream, making).add(record);
  }

  #output(stream: string, { place, widths, writers }: Making): Output {
    const known = this.#outputs.get(stream);
    if (known !== undefined) return known;
    const output = new Output(place.partition % widths.get(stream)!, writers);
    this.#outputs.set(stream, output);
    return output;
  }

  /** All of it, by the name of the stream it goes to, in order; nothing can be added any more. */
  batches(): ReadonlyMap<string, readonly EncodedBatch[]> {
    return new Map([...this.#outputs].map(([stream, output]) => [stream, output.batches()]));
  }
}

type Headers = OutgoingRecord['headers'];

/**
 * The headers that go on with a record: the first ones, and where there are more, one that says how many were
 * left out. A forwarder makes room for the two that the processor before it added.
 */
export function handedOn(
  records: Pick<Records, 'header' | 'headers'>,
  origin: Transform['origin'],
): Headers {
  const max = origin === 'named' ? HEADERS_HANDED_ON_MAX + 2 : HEADERS_HANDED_ON_MAX;
  const headers = records.headers(max);
  if (headers.length <= max || origin === 'read') return headers;
  const named = records.header(ORIGIN_NAME);
  return named === undefined ? headers : [...headers, [ORIGIN_HEADER, named]];
}

/** The headers with exactly one that says which record it was made from. */
export function withOrigin(
  headers: Headers,
  origin: Transform['origin'],
  read: Place & { readonly offset: number },
): Headers {
  const others = headers.filter(([name]) => name !== ORIGIN_HEADER);
  const named = origin === 'named' ? headers.findLast(isOrigin) : undefined;
  return [...others, named ?? [ORIGIN_HEADER, Buffer.from(writeOrigin(read))]];
}

function isOrigin([name, value]: Headers[number]): boolean {
  return name === ORIGIN_HEADER && value !== null && readOrigin(value.toString()) !== undefined;
}

/** One loud line for every range of records that cannot be read. */
export function sayUnreadable({ unreadable }: Parcel, logger: Logger, where: string): void {
  for (const { first, last, why } of unreadable) {
    const text = `${where}: the records at offsets ${first} to ${last} cannot be read and are passed over: ${why}`;
    logger.error({ first, last, why }, text);
  }
}
