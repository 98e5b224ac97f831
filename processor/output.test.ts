// What one parcel holds for one topic: every record once, in order, in batches of half a megabyte or of one record.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordsIn, type OutgoingRecord } from '../platform/kafka/record-batch-writer.ts';
import { IdleWriters, Output } from './output.ts';

const record = (bytes: number, number = 0): OutgoingRecord => ({
  key: Buffer.from(String(number)),
  value: Buffer.alloc(bytes, number),
  headers: [['n', Buffer.from([number])]],
  timestampMs: 1_000 + number,
});

const essence = ({ headers, key, timestampMs, value }: OutgoingRecord) => {
  return { key, headers, timestampMs, bytes: value!.length };
};

it('holds every record once, in order, half a megabyte a batch or a single record', async () => {
  const idle = new IdleWriters();
  const sizes = fc.array(fc.oneof(fc.nat(300), fc.integer({ min: 1, max: 700_000 })), { maxLength: 8 }); // prettier-ignore
  await fc.assert(
    fc.asyncProperty(sizes, async (all) => {
      const output = new Output(2, idle);
      const records = all.map(record);
      for (const each of records) output.add(each);
      const batches = output.batches();
      const found = await Promise.all(batches.map(recordsIn));
      const flat = found.flat();
      // Comparing long values byte by byte takes vitest seconds.
      expect(flat.map(essence)).toEqual(records.map(essence));
      for (const [at, { value }] of flat.entries()) {
        expect(value!.equals(records[at]!.value!)).toBe(true);
      }
      for (const [at, batch] of batches.entries()) {
        expect(batch.partition).toBe(2);
        const bytes = found[at]!.reduce((sum, { value }) => sum + value!.length, 0);
        expect(batch.count > 0 && (batch.count === 1 || bytes <= 524_288)).toBe(true);
      }
      // A batch ends only where the next record would not fit.
      for (const [at, batch] of found.slice(1).entries()) {
        const before = found[at]!.reduce((sum, { value }) => sum + value!.length, 0);
        expect(before + batch[0]!.value!.length + 30 * found[at]!.length + 30).toBeGreaterThan(
          524_288,
        );
      }
    }),
    { numRuns: 40 },
  );
});

it('gives its writer back for the next one, unless a record made it too large', () => {
  const idle = new IdleWriters();
  const writer = idle.take();
  const first = new Output(0, idle);
  idle.giveBack(writer);
  first.add(record(10));
  first.batches();
  expect(idle.take()).toBe(writer);
  const large = new Output(0, idle);
  idle.giveBack(writer);
  large.add(record(2_000_000));
  large.batches();
  expect(idle.take()).not.toBe(writer);
});
