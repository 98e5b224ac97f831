// Sends records to one partition of an output, in order. A stub that names the record replaces a record that
// the broker refuses, so that the records behind it do not wait for ever and nobody misses it in silence.
import { ConfigError } from '../platform/errors.ts';
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import {
  batchOfRecords,
  recordsIn,
  type OutgoingRecord,
} from '../platform/kafka/record-batch-writer.ts';
import type { Sent } from '../platform/kafka/record-sender.ts';
import { ORIGIN_HEADER } from '../streams/origin.ts';

export type Send = (batch: EncodedBatch) => Promise<Sent>;

const KEY_BYTES_MAX = 1_024;

/**
 * Resolves when every record, or a stub for it, is acknowledged; `refused` gets each stub.
 * @throws {ConfigError} when the broker refuses even a stub; whatever `send` throws.
 */
export async function deliver(
  batches: readonly EncodedBatch[],
  send: Send,
  refused: (record: OutgoingRecord, reason: string) => void,
): Promise<void> {
  const left = [...batches];
  for (let next = left.shift(); next !== undefined; next = left.shift()) {
    const sent = await send(next);
    if (sent.kind === 'landed') continue;
    left.unshift(...sent.behind);
    const [record] = await recordsIn(sent.refused);
    refused(record!, sent.reason);
    const stub = batchOfRecords(next.partition, [stubOf(record!, sent.reason)]);
    const again = await send(stub);
    if (again.kind === 'refused') {
      throw new ConfigError(
        `the broker refuses even the stub that stands for a record: ${again.reason}`,
      );
    }
  }
}

/** Says what was refused and why. It is no event, so a sink files it with the record it stands for. */
export function stubOf(
  { headers, key, timestampMs, value }: OutgoingRecord,
  reason: string,
  bytes = value?.length ?? 0,
): OutgoingRecord {
  return {
    key: key !== null && key.length > KEY_BYTES_MAX ? null : key,
    value: Buffer.from(JSON.stringify({ refused: reason, bytes })),
    headers: headers.filter(([name]) => name === ORIGIN_HEADER),
    timestampMs: reason === 'INVALID_TIMESTAMP' ? Date.now() : timestampMs,
  };
}
