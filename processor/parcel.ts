// What was made of consecutive records of one partition and waits to be sent: by topic, with the count of
// what became of each record, and how far it goes.
import type { Records } from '../platform/kafka/record-batch.ts';
import type { PlacedRecord } from '../platform/kafka/record-sender.ts';
import { ORIGIN_HEADER, readOrigin, writeOrigin } from '../streams/origin.ts';
import type { RejectionReason } from '../streams/rejection.ts';
import type { Outcome, Transform } from '../streams/transform.ts';

export type Apply = (value: Buffer | null, recordTimeMs: number, nowMs: number) => Outcome;

/** The partition that records are read from. */
export interface Place {
  /** `topic@topic-id`. */
  readonly source: string;
  readonly partition: number;
}

/** What an output takes in memory beside its bytes, near enough. */
const RECORD_BYTES = 200;

export class Parcel {
  /** By the name of the stream they go to. */
  readonly outputs = new Map<string, PlacedRecord[]>();
  bytes = 0;
  /** Records that were read, each of which is sent, unchanged or not, or filtered. */
  read = 0;
  filtered = 0;
  /** Sent unchanged because they are no events, by reason. */
  readonly rejected = new Map<RejectionReason, number>();
  /** One past the last offset it covers. */
  next: number;

  constructor(next: number) {
    this.next = next;
  }

  /** Adds what becomes of the record at the cursor. */
  add(
    records: Records,
    apply: Apply,
    origin: Transform['origin'],
    place: Place,
    nowMs: number,
  ): void {
    const { offset, timestampMs } = records;
    const read = records.value();
    const outcome = apply(read, timestampMs, nowMs);
    this.read += 1;
    this.next = offset + 1;
    if (outcome.kind === 'filtered') {
      this.filtered += 1;
      return;
    }
    if (outcome.kind === 'rejected') {
      const { reason } = outcome.rejection;
      this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
    }
    const value = outcome.kind === 'passed' ? outcome.value : read;
    const key = records.key();
    const headers = withOrigin(records.headers(), origin, { ...place, offset });
    const output = this.outputs.get(outcome.to.name);
    const record = { key, value, headers, timestampMs };
    if (output === undefined) this.outputs.set(outcome.to.name, [record]);
    else output.push(record);
    this.bytes += (key?.length ?? 0) + (value?.length ?? 0) + RECORD_BYTES;
  }
}

type Headers = PlacedRecord['headers'];

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
