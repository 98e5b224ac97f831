// Batches shrink until they land, and grow back; never beyond what was configured.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Doubt } from './doubt.ts';

const LIMITS = {
  batchRows: 100,
  flushIntervalMs: 2_000,
  maxBatchRows: 250_000,
  maxBatchBytes: 64_000_000,
};

it('finds a size that lands, whatever the server manages within the timeout', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 300_000 }), (rowsInTime) => {
      const doubt = new Doubt(LIMITS);
      let flushes = 0;
      while (doubt.limits.maxBatchRows > rowsInTime) {
        doubt.raised();
        flushes += 1;
      }
      expect(flushes).toBeLessThanOrEqual(5);
    }),
  );
});

it('keeps landing more than it loses when only a part of the size fits', () => {
  const doubt = new Doubt(LIMITS);
  let [landed, lost] = [0, 0];
  for (let flush = 0; flush < 100; flush += 1) {
    if (doubt.limits.maxBatchRows <= 20_000) {
      landed += 1;
      doubt.settled();
    } else {
      lost += 1;
      doubt.raised();
    }
  }
  expect(landed).toBeGreaterThan(lost);
});

it('stays within the configured limit, and comes back to it', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), fc.integer({ min: 1, max: 500_000 }), (history, rows) => {
      const doubt = new Doubt({ ...LIMITS, maxBatchRows: rows });
      for (const lands of history) {
        if (lands) doubt.settled();
        else doubt.raised();
        const { maxBatchBytes, maxBatchRows } = doubt.limits;
        expect(maxBatchRows).toBeGreaterThanOrEqual(Math.min(1_000, rows));
        expect(maxBatchRows).toBeLessThanOrEqual(rows);
        expect(maxBatchBytes).toBeLessThanOrEqual(LIMITS.maxBatchBytes);
      }
      for (let flush = 0; flush < 20; flush += 1) doubt.settled();
      expect(doubt.limits.maxBatchRows).toBe(rows);
    }),
  );
});

it('counts doubts until a flush lands, and never goes below what any server takes', () => {
  const doubt = new Doubt({ ...LIMITS, maxBatchRows: 4_000, maxBatchBytes: 8_000 });
  expect([doubt.count, doubt.limits.maxBatchRows]).toEqual([0, 4_000]);
  doubt.raised();
  expect([doubt.count, doubt.limits]).toEqual([
    1,
    { ...LIMITS, maxBatchRows: 1_000, maxBatchBytes: 2_000 },
  ]);
  doubt.raised();
  expect([doubt.count, doubt.limits.maxBatchRows]).toEqual([2, 1_000]);
  // One that landed doubles what may be sent: the second doubt has taken nothing away.
  doubt.settled();
  expect([doubt.count, doubt.limits.maxBatchRows]).toEqual([0, 2_000]);
  doubt.settled();
  expect(doubt.limits.maxBatchRows).toBe(4_000);
});
