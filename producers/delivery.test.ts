// Batches that a broker takes: everything once, in order, none too large unless it is alone.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inBatches } from './delivery.ts';

it('cuts events into batches within the limit', () => {
  const events = fc.array(fc.record({ key: fc.string(), value: fc.string({ maxLength: 40 }) }));
  fc.assert(
    fc.property(events, fc.integer({ min: 1, max: 100 }), (all, limit) => {
      const batches = [...inBatches(all, limit)];
      expect(batches.flat()).toEqual(all);
      for (const batch of batches) {
        const bytes = batch.reduce((sum, { key, value }) => {
          return sum + Buffer.byteLength(key) + Buffer.byteLength(value);
        }, 0);
        expect(batch.length).toBeGreaterThan(0);
        expect(bytes <= limit || batch.length === 1).toBe(true);
      }
      // As few as possible: what begins a batch did not fit into the one before.
      for (const [index, batch] of batches.slice(1).entries()) {
        expect([...inBatches([...batches[index]!, batch[0]!], limit)].length).toBe(2);
      }
    }),
  );
});
