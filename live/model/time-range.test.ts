import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, intervalMs, momentMs, rangeInWords, rangeMs } from './time-range.ts';

const NOW = Date.UTC(2026, 10, 18, 13, 45, 12, 345); // a Wednesday

describe('momentMs', () => {
  it.each([
    ['now', false, NOW],
    ['now-15m', false, NOW - 900_000],
    ['now+1h', false, NOW + 3_600_000],
    ['now/d', false, Date.UTC(2026, 10, 18)],
    ['now/d', true, Date.UTC(2026, 10, 19) - 1],
    ['now-1d/d', false, Date.UTC(2026, 10, 17)],
    ['now/w', false, Date.UTC(2026, 10, 16)],
    ['now/M', true, Date.UTC(2026, 11, 1) - 1],
    ['now/y', false, Date.UTC(2026, 0, 1)],
    ['now/y', true, Date.UTC(2027, 0, 1) - 1],
    ['1594512094385', false, 1_594_512_094_385],
    ['2020-07-12', false, Date.UTC(2020, 6, 12)],
    ['2020-07-12 01:00:00', false, Date.UTC(2020, 6, 12, 1)],
    ['2020-07-12T01:00:00.000Z', false, Date.UTC(2020, 6, 12, 1)],
    ['2020-07-12T01:00:00+02:00', false, Date.UTC(2020, 6, 11, 23)],
    ['2020-07-12T01:00:00-0530', false, Date.UTC(2020, 6, 12, 6, 30)],
  ])('reads %s (end: %s)', (text, end, expected) =>
    expect(momentMs(text, NOW, end)).toBe(expected),
  );

  it.each([
    ...['', 'now-', 'now-15', 'now-1x', 'yesterday', '-5', '9999999999999999', '2020-99-99'],
    ...['anow', 'now-15ma', 'on 2020-07-12', '2020-07-1'],
  ])('takes "%s" for no moment', (text) => expect(momentMs(text, NOW)).toBeUndefined());

  it('rounds down unless it is told otherwise, and knows nothing before 1970', () => {
    expect(momentMs('now/d', NOW)).toBe(Date.UTC(2026, 10, 18));
    expect([momentMs('now-1s', 1_000), momentMs('now-1s', 999)]).toEqual([0, undefined]);
  });

  it('answers a moment within bounds or nothing, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = momentMs(text, NOW);
        if (ms !== undefined) expect(ms >= 0 && ms <= Date.UTC(2299, 0, 1)).toBe(true);
      }),
    );
  });
});

describe('rangeMs', () => {
  it('has no range without a length, and one of a millisecond', () => {
    const range = (from: number, to: number) =>
      rangeMs({ from: String(from), to: String(to) }, NOW);
    expect(range(5, 5)).toBeUndefined();
    expect(range(5, 6)).toEqual({ fromMs: 5, toMs: 6 });
    expect(range(0, Date.UTC(2299, 0, 1))).toBeDefined();
    expect(range(0, Date.UTC(2299, 0, 1) + 1)).toBeUndefined();
  });

  it('holds the day it ends with', () => {
    const day = { fromMs: Date.UTC(2026, 10, 18), toMs: Date.UTC(2026, 10, 19) - 1 };
    expect(rangeMs({ from: 'now/d', to: 'now/d' }, NOW)).toEqual(day);
  });

  it('has no range that ends before it begins', () => {
    expect(rangeMs({ from: 'now', to: 'now-1h' }, NOW)).toBeUndefined();
    expect(rangeMs({ from: 'now-1h', to: 'now' }, NOW)).toEqual({
      fromMs: NOW - 3_600_000,
      toMs: NOW,
    });
  });
});

describe('intervalMs', () => {
  it('takes the readable step nearest to what the chart has room for', () => {
    expect(intervalMs(900_000, 800, 5_000)).toBe(5_000);
    expect(intervalMs(86_400_000, 800, 5_000)).toBe(120_000);
    expect(intervalMs(1_000, 800, 1)).toBe(1);
  });

  it('knows the steps that a person reads at a glance', () => {
    const [second, hour] = [1_000, 3_600_000];
    const steps = [
      ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
      ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800].map((each) => each * second),
      ...[1, 2, 3, 6, 12, 24, 168, 720, 8_760].map((each) => each * hour),
    ];
    expect(steps.map((step) => intervalMs(step * 800, 800, 1))).toEqual(steps);
    expect([intervalMs(1_199, 800, 1), intervalMs(1_200, 800, 1)]).toEqual([1, 2]);
    expect(intervalMs(100 * 365 * 24 * hour, 1, 1)).toBe(365 * 24 * hour);
  });

  it('is never below the least, and never makes far more points than asked for', () => {
    const length = fc.integer({ min: 1, max: 315_360_000_000 });
    fc.assert(
      fc.property(
        length,
        fc.constantFrom(400, 800, 1_600),
        fc.constantFrom(1, 1_000, 5_000),
        (ms, points, min) => {
          const step = intervalMs(ms, points, min);
          expect(step).toBeGreaterThanOrEqual(min);
          expect(ms / step).toBeLessThanOrEqual(points * 4);
        },
      ),
    );
  });
});

describe('durationMs and rangeInWords', () => {
  it('read what dashboards say', () => {
    expect([durationMs('5s'), durationMs('>10s'), durationMs('1m'), durationMs('soon')]).toEqual([
      5_000,
      10_000,
      60_000,
      undefined,
    ]);
    expect(rangeInWords({ from: 'now-15m', to: 'now' })).toBe('Last 15 minutes');
    expect(rangeInWords({ from: 'now-1h', to: 'now' })).toBe('Last hour');
    expect(rangeInWords({ from: 'now/d', to: 'now/d' })).toBe('now/d to now/d');
  });

  it.each(['a5s', '5sa', '5>s', '>>5s', '5'])('take "%s" for no duration', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it.each([
    ['now-15m', 'now-5m', 'now-15m to now-5m'],
    ['now-1d/d', 'now', 'now-1d/d to now'],
    ['anow-1d', 'now', 'anow-1d to now'],
    ['now/d', 'now', 'now/d to now'],
    ['1594512094385', '2020-07-13', '2020-07-12 00:01 to 2020-07-13 00:00'],
  ])('put the range from %s to %s into words', (from, to, words) => {
    expect(rangeInWords({ from, to })).toBe(words);
  });
});
