// A batch holds no more than its limits, whatever fills it, and what does not fit goes into the next one:
// every offset once, as a row, a dead letter, an absent or an unreadable offset.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Records, type RawRecordBatch } from '../platform/kafka/record-batch.ts';
import { batchBytes, recordBytes, type TestRecord } from '../platform/kafka/test-batches.ts';
import { rawBatches } from '../platform/kafka/record-set.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { eventMessage } from '../test/chaos/messages.ts';
import { Batch } from './batch.ts';

const state = { dead: new Set<number>(), origins: new Map<string, number>() };
const good = { value: Buffer.from(String(eventMessage(1, 0).value)) };
const bad = (bytes: Partial<TestRecord> = {}): TestRecord => ({
  value: Buffer.from('x'),
  ...bytes,
});

/** A run of one batch; `claimed` is how many records it says that it has. */
function runOf(records: readonly (TestRecord | undefined)[], claimed = 0) {
  const held = records.flatMap((record, at) =>
    record === undefined ? [] : [recordBytes(record, at)],
  );
  const count = held.length + claimed;
  const lastOffsetDelta = records.length - 1 + claimed;
  const inflated = Buffer.concat(held);
  const bytes = batchBytes({ baseOffset: 0, count, lastOffsetDelta, inflated });
  const raw = rawBatches(bytes, { from: 0, end: 2 ** 40 })[0] as RawRecordBatch;
  const range = { fetchedOffset: 0, firstOffset: 0, lastOffset: lastOffsetDelta };
  return { ...range, records: [new Records(raw, raw.body)] };
}

/** Fills batches with a run until all of it is taken. */
function filled(run: ReturnType<typeof runOf>, limits: { maxBatchRows: number; maxBatchBytes: number }) {
  const batches: Batch[] = [];
  for (let position = 0; ;) {
    const batch = new Batch(sensorData, 1_000);
    batches.push(batch);
    const isTaken = batch.add(0, run, position, state, limits);
    position = batch.spans.get(0)!.next;
    if (isTaken) return batches;
  }
} // prettier-ignore

const rows = (maxBatchRows: number) => ({ maxBatchRows, maxBatchBytes: 2 ** 40 });
const bytes = (maxBatchBytes: number) => ({ maxBatchRows: 2 ** 40, maxBatchBytes });

describe('a batch', () => {
  it.each([
    ['keys', bad({ key: Buffer.alloc(10_000) }), 10_702],
    ['values', bad({ value: Buffer.alloc(10_000) }), 10_701],
    ['headers', bad({ headers: [['name', Buffer.alloc(10_000)]] }), 10_710],
    ['next to nothing', bad(), 702],
  ])('of rejected messages counts %s and a constant', (_, record, each) => {
    const records = Array.from({ length: 100 }, () => record);
    const batches = filled(runOf(records), bytes(20 * each));
    expect(batches.map(({ deadLetters }) => deadLetters.length)).toEqual([20, 20, 20, 20, 20, 0]);
    expect(batches[0]!.bytes).toBe(20 * each);
  });

  it('keeps the beginning of a value that is too large, and of a cut one', () => {
    const [batch] = filled(runOf([bad({ value: Buffer.alloc(3_000_000, 'v') })]), rows(9));
    expect(batch!.deadLetters[0]).toMatchObject({
      rejection: { reason: 'too_large', detail: '3000000' },
    });
    expect(batch!.deadLetters[0]!.value).toHaveLength(1_048_576);
  });

  it('loses no offset and takes none twice where it is full', () => {
    const record = fc.constantFrom(good, bad(), bad({ key: Buffer.alloc(3_000) }), undefined);
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 2 }),
        (records, max, claimed) => {
          const limits = { maxBatchRows: max, maxBatchBytes: 2_000 * max };
          const batches = filled(runOf(records, claimed), limits);
          const fates: string[] = [];
          let next = 0;
          for (const { block, deadLetters, spans } of batches) {
            const span = spans.get(0)!;
            expect(span.first).toBe(next);
            next = span.next;
            expect(block.rows).toBeLessThanOrEqual(max);
            const offsets = new Uint32Array(block.offset.values.buffer, 0, 2 * block.rows);
            for (let row = 0; row < block.rows; row += 1) fates[offsets[2 * row]!] = 'good';
            for (const { offset } of deadLetters) fates[offset] = 'dead';
            for (const [fate, ranges] of [['absent', span.absent], ['unreadable', span.unreadable]] as const) {
              for (const { first, last } of ranges) {
                for (let offset = first; offset <= last; offset += 1) {
                  expect(fates[offset]).toBeUndefined();
                  fates[offset] = fate;
                }
              }
            }
          }
          expect(next).toBe(records.length + claimed);
          const last = records.findLastIndex((each) => each !== undefined);
          const expected = records.map((each, at) => {
            if (each !== undefined) return each === good ? 'good' : 'dead';
            return at > last && claimed > 0 ? 'unreadable' : 'absent';
          });
          const behind = Array.from({ length: claimed }, () => 'unreadable');
          expect(fates).toEqual([...expected, ...behind]);
        },
      ),
      { numRuns: 300 },
    );
  }); // prettier-ignore

  it('is as new when it is emptied', () => {
    const batch = new Batch(sensorData, 1_000);
    const used = { dead: new Set([3]), origins: new Map<string, number>() };
    batch.add(0, runOf([good, bad(), undefined, bad(), good], 2), 0, used, rows(99));
    batch.openedAtMs = 5;
    batch.landed = 'rows';
    expect(batch).toMatchObject({ skipped: 1, unreadable: 2, records: 3 });
    batch.clear();
    const counts = { bytes: 0, records: 0, valueBytes: 0, openedAtMs: 0, skipped: 0 };
    expect(batch).toMatchObject({ ...counts, duplicates: 0, unreadable: 0, decodeMs: 0 });
    expect(batch).toMatchObject({ landed: 'nothing', deadLetters: [] });
    expect(batch.spans.size).toBe(0);
  });

  it('counts ranges of offsets in what it holds', () => {
    const batch = new Batch(sensorData, 1_000);
    batch.add(0, runOf([good, undefined, good, undefined, undefined, good]), 0, state, rows(99));
    expect(batch.spans.get(0)!.absent).toEqual([{ first: 1, last: 1 }, { first: 3, last: 4 }]); // prettier-ignore
    const whole = new Batch(sensorData, 1_000);
    whole.add(0, runOf([good, good, good]), 0, state, rows(99));
    expect(batch.bytes - whole.bytes).toBe(2 * 64);
  });

  it('keeps as much of a large value as a message may have', () => {
    const batch = new Batch(sensorData, 2_000_000);
    const value = Buffer.alloc(3_000_000, 'v');
    batch.add(0, runOf([bad({ value })]), 0, state, rows(9));
    expect(batch.deadLetters[0]!.value).toHaveLength(2_000_000);
  });

  it('takes the record at its position, and none before it', () => {
    const batch = new Batch(sensorData, 1_000);
    batch.add(0, runOf([good, good, bad()]), 1, state, rows(9));
    expect(batch.spans.get(0)).toMatchObject({ first: 1, next: 3, rows: 1, dead: 1, absent: [] });
  });
});
