import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepingAlive } from './keep-alive.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('sends heartbeats while the work goes on, whatever becomes of them, and none afterwards', async () => {
  let beats = 0;
  const work = Promise.withResolvers<string>();
  const done = keepingAlive(
    () => Promise.reject(new Error(`rebalancing, heartbeat ${(beats += 1)}`)),
    1_000,
    () => work.promise,
  );
  await vi.advanceTimersByTimeAsync(3_500);
  expect(beats).toBe(3);
  work.resolve('done');
  expect(await done).toBe('done');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(beats).toBe(3);
});

it('stops when the work fails, and passes its failure on', async () => {
  let beats = 0;
  const failing = keepingAlive(
    () => Promise.resolve(void (beats += 1)),
    1_000,
    () => Promise.reject(new Error('no')),
  );
  await expect(failing).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(beats).toBe(0);
});
