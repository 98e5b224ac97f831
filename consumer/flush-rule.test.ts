// When a batch is due: by rows, by age, by size, and never in a storm of tiny inserts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BACKLOG_SPACING_MS,
  dueInMs,
  FLUSH_SPACING_MS,
  isFull,
  type FlushLimits,
  type OpenBatch,
} from './flush-rule.ts';

const limits: FlushLimits = {
  batchRows: 100,
  flushIntervalMs: 2_000,
  maxBatchRows: 1_000,
  maxBatchBytes: 100_000,
};
const NOW = 1_000_000;
const open = (given: Partial<OpenBatch>): OpenBatch => ({
  records: 1,
  bytes: 100,
  openedAtMs: NOW,
  lastFlushAtMs: 0,
  behind: false,
  ...given,
});

describe('dueInMs', () => {
  it('never flushes nothing', () => {
    expect(dueInMs(open({ records: 0 }), limits, NOW)).toBeUndefined();
  });

  it('waits for the interval while there are few rows', () => {
    expect(dueInMs(open({ records: 99 }), limits, NOW + 500)).toBe(1_500);
    expect(dueInMs(open({ records: 99 }), limits, NOW + 2_000)).toBe(0);
  });

  it('is due at BATCH_SIZE, but not in a storm', () => {
    expect(dueInMs(open({ records: 100 }), limits, NOW)).toBe(0);
    expect(dueInMs(open({ records: 100, lastFlushAtMs: NOW - 30 }), limits, NOW)).toBe(
      FLUSH_SPACING_MS - 30,
    );
    const behind = open({ records: 100, lastFlushAtMs: NOW - 30, behind: true });
    expect(dueInMs(behind, limits, NOW)).toBe(BACKLOG_SPACING_MS - 30);
  });

  it('is due at once when full, by rows or bytes', () => {
    expect(dueInMs(open({ records: 1_000, lastFlushAtMs: NOW }), limits, NOW)).toBe(0);
    expect(dueInMs(open({ bytes: 100_000, lastFlushAtMs: NOW }), limits, NOW)).toBe(0);
    expect(isFull(open({ records: 1_000, bytes: 0 }), limits)).toBe(true);
    expect(isFull(open({ records: 0, bytes: 100_000 }), limits)).toBe(true);
    expect(isFull(open({ records: 999, bytes: 99_999 }), limits)).toBe(false);
  });

  it('never lets a row wait longer than the interval, and more rows never delay it', () => {
    const batch = fc.record({
      records: fc.integer({ min: 1, max: 2_000 }),
      bytes: fc.nat(200_000),
      openedAtMs: fc.integer({ min: NOW - 5_000, max: NOW }),
      lastFlushAtMs: fc.integer({ min: NOW - 5_000, max: NOW }),
      behind: fc.boolean(),
    });
    fc.assert(
      fc.property(batch, fc.nat(2_000), (given, more) => {
        const waitMs = dueInMs(given, limits, NOW)!;
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(NOW + waitMs).toBeLessThanOrEqual(
          Math.max(NOW, given.openedAtMs + limits.flushIntervalMs),
        );
        const larger = { ...given, records: given.records + more };
        expect(dueInMs(larger, limits, NOW)!).toBeLessThanOrEqual(waitMs);
      }),
    );
  });
});
