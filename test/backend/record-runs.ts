// Runs of records as the consumer gets them, made from record batches without a broker.
import { Records, type RawRecordBatch } from '../../platform/kafka/record-batch.ts';
import type { RecordRun } from '../../platform/kafka/record-run.ts';
import { rawBatches } from '../../platform/kafka/record-set.ts';
import { batchBytes, recordBytes, type TestRecord } from '../../platform/kafka/test-batches.ts';

/** One batch of `records` from offset `first` on; undefined stands for an offset without a record. */
export function runOf(records: readonly (TestRecord | undefined)[], first = 0): RecordRun {
  const held = records.flatMap((record, delta) =>
    record === undefined ? [] : [recordBytes(record, delta)],
  );
  const lastOffsetDelta = records.length - 1;
  const inflated = Buffer.concat(held);
  const bytes = batchBytes({ baseOffset: first, count: held.length, lastOffsetDelta, inflated });
  const raw = rawBatches(bytes, { from: 0, end: 2 ** 40 })[0] as RawRecordBatch;
  const lastOffset = first + lastOffsetDelta;
  const range = { fetchedOffset: first, firstOffset: first, lastOffset };
  return { ...range, records: [new Records(raw, raw.body)] };
}
