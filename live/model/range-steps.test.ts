import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earlier, later, rangeBetween, zoomedOut } from './range-steps.ts';
import { LATEST_MS, rangeMs, type TimeRange } from './time-range.ts';

const NOW = Date.UTC(2026, 10, 27, 12);
const live = { from: 'now-15m', to: 'now' };
const at = (fromMs: number, toMs: number): TimeRange => ({
  from: String(fromMs),
  to: String(toMs),
});
const MINUTE = 60_000;

const range = fc
  .tuple(fc.nat(LATEST_MS), fc.nat(LATEST_MS))
  .filter(([a, b]) => Math.abs(a - b) > 1_000)
  .map(([a, b]) => at(Math.min(a, b), Math.max(a, b)));
const anyRange = fc.oneof(
  range,
  fc.integer({ min: 1, max: 999_999 }).map((n) => ({ from: `now-${n}m`, to: 'now' })),
  fc.constant({ from: 'now/d', to: 'now/d' }),
);

describe('steps from a range', () => {
  it('zoom out to twice the length, and go on with the clock where the range did', () => {
    expect(zoomedOut(live, NOW)).toEqual({ from: 'now-30m', to: 'now' });
    expect(zoomedOut(at(NOW - 60 * MINUTE, NOW - 50 * MINUTE), NOW)).toEqual(
      at(NOW - 65 * MINUTE, NOW - 45 * MINUTE),
    );
    // Not into the future, where nothing is yet.
    expect(zoomedOut(at(NOW - 10 * MINUTE, NOW), NOW)).toEqual(at(NOW - 20 * MINUTE, NOW));
    expect(zoomedOut(at(0, LATEST_MS), NOW)).toBeUndefined();
    expect(zoomedOut({ from: 'abc', to: 'now' }, NOW)).toBeUndefined();
  });

  it('go earlier and later by half a length, and back to now', () => {
    const before = earlier(live, NOW)!;
    expect(before).toEqual(at(NOW - 22.5 * MINUTE, NOW - 7.5 * MINUTE));
    expect(later(before, NOW)).toEqual(live);
    expect(later(live, NOW)).toBeUndefined();
    expect(later(at(0, 1_000), NOW)).toEqual(at(500, 1_500));
    expect(earlier(at(0, 1_000), NOW)).toBeUndefined();
    expect(later(at(NOW + 1_000, NOW + 3_000), NOW)).toEqual(at(NOW + 2_000, NOW + 4_000));
    expect(later(at(1, LATEST_MS), NOW)).toBeUndefined();
  });

  it('make a range of a drag, whichever way, that is never empty', () => {
    expect(rangeBetween(9_000, 4_000)).toEqual(at(4_000, 9_000));
    expect(rangeBetween(4_000.2, 4_000.3)).toEqual(at(3_950, 4_051));
    expect(rangeBetween(-9_000, 4_000)).toEqual(at(0, 4_000));
  });

  it('always lead to a range that can be asked', () => {
    fc.assert(
      fc.property(anyRange, (from) => {
        for (const step of [zoomedOut, earlier, later]) {
          const next = step(from, NOW);
          if (next !== undefined) expect(rangeMs(next, NOW)).toBeDefined();
        }
      }),
    );
  });

  it('reach every bound in a limited number of steps', () => {
    for (const step of [zoomedOut, earlier, later]) {
      let next: TimeRange | undefined = at(NOW - 8 * 86_400_000 * 365, NOW - 60_000);
      let steps = 0;
      for (; next !== undefined && steps < 100; steps += 1) next = step(next, NOW);
      expect(steps).toBeLessThan(100);
    }
  });
});
