// Gets records into one partition of an output, in order. A record that the broker refuses is replaced by a
// stub that names it, so that neither the records behind it wait for ever nor anybody misses it in silence.
import { ConfigError } from '../platform/errors.ts';
import type { PlacedRecord, Sent } from '../platform/kafka/record-sender.ts';
import { ORIGIN_HEADER } from '../streams/origin.ts';

export type Send = (records: readonly PlacedRecord[]) => Promise<Sent>;

/** One request carries at most this, before compression, or a single record. */
const REQUEST_BYTES = 512 * 1_024;
const KEY_BYTES_MAX = 1_024;

/**
 * Resolves when every record, or a stub for it, is acknowledged; `refused` is told of each stub.
 * @throws {ConfigError} when the broker refuses even a stub; whatever `send` throws.
 */
export async function deliver(
  records: readonly PlacedRecord[],
  send: Send,
  refused: (record: PlacedRecord, reason: string) => void,
): Promise<void> {
  for (const portion of portions(records)) await deliverWhole(portion, send, refused);
}

async function deliverWhole(
  records: readonly PlacedRecord[],
  send: Send,
  refused: (record: PlacedRecord, reason: string) => void,
): Promise<void> {
  for (let left = records; left.length > 0;) {
    const sent = await send(left);
    if (sent.kind === 'landed') return;
    const record = left[sent.landed]!;
    refused(record, sent.reason);
    const again = await send([stubOf(record, sent.reason)]);
    if (again.kind === 'refused') {
      throw new ConfigError(`the broker refuses even what stands for a record: ${again.reason}`);
    }
    left = left.slice(sent.landed + 1);
  }
}

/** Says what was refused and why. It is no event, so a sink files it with the record it stands for. */
export function stubOf(
  { headers, key, timestampMs, value }: PlacedRecord,
  reason: string,
  bytes = value?.length ?? 0,
): PlacedRecord {
  return {
    key: key !== null && key.length > KEY_BYTES_MAX ? null : key,
    value: Buffer.from(JSON.stringify({ refused: reason, bytes })),
    headers: headers.filter(([name]) => name === ORIGIN_HEADER),
    timestampMs: reason === 'INVALID_TIMESTAMP' ? Date.now() : timestampMs,
  };
}

/** Cuts records into what one request carries. */
export function* portions(records: readonly PlacedRecord[]): Generator<readonly PlacedRecord[]> {
  for (let from = 0, to = 0; from < records.length; from = to) {
    for (let bytes = 0; to < records.length; to += 1) {
      bytes += bytesOf(records[to]!);
      if (bytes > REQUEST_BYTES && to > from) break;
    }
    yield records.slice(from, to);
  }
}

function bytesOf({ headers, key, value }: PlacedRecord): number {
  let bytes = 20 + (key?.length ?? 0) + (value?.length ?? 0);
  for (const [name, text] of headers) bytes += name.length + (text?.length ?? 0) + 4;
  return bytes;
}
