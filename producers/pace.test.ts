// The pace: no interval, an interval, small delays, a long hold-up, a stop.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Pace } from './pace.ts';

const never = new AbortController().signal;

describe('Pace', () => {
  it('claims as many rows as fit when there is no interval', async () => {
    expect(await new Pace(0).due(1_000, never)).toBe(1_000);
  });

  it('waits out the interval between rows', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
    const pace = new Pace(20_000, () => performance.now());
    vi.useRealTimers();
    expect(await pace.due(10, never)).toBe(1);
    const stop = new AbortController();
    const waiting = pace.due(10, stop.signal);
    stop.abort();
    expect(await waiting).toBe(0);
  });

  it('claims the next row when its time has come, and not before', async () => {
    const pace = new Pace(20);
    const startedAtMs = performance.now();
    expect(await pace.due(10, never)).toBe(1);
    expect(await pace.due(1, never)).toBe(1);
    // Timers may be early by a fraction of a millisecond.
    expect(performance.now() - startedAtMs).toBeGreaterThan(18);
  });

  it('keeps the average pace over small delays and never exceeds it', async () => {
    const delays = fc.array(fc.nat(90), { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 10 }), delays, async (intervalMs, gaps) => {
        let nowMs = 0;
        const pace = new Pace(intervalMs, () => nowMs);
        let rows = await pace.due(1_000_000, never);
        for (const gap of gaps) {
          nowMs += intervalMs + gap;
          rows += await pace.due(1_000_000, never);
        }
        expect(rows).toBe(1 + Math.floor(nowMs / intervalMs));
      }),
    );
  });

  it('goes on at its pace after a long hold-up instead of rushing', async () => {
    let nowMs = 0;
    const pace = new Pace(200, () => nowMs);
    expect(await pace.due(1_000, never)).toBe(1);
    nowMs = 60_000;
    expect(await pace.due(1_000, never)).toBe(6); // one second's worth, and the row due now
    nowMs = 60_200;
    expect(await pace.due(1_000, never)).toBe(1);
  });

  it('claims nothing once it was stopped', async () => {
    expect(await new Pace(0).due(5, AbortSignal.abort())).toBe(0);
  });
});
