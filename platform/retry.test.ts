import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UnavailableError } from './errors.ts';
import { createLog } from './log.ts';
import {
  Availability,
  backoffMs,
  orAborted,
  pause,
  untilAvailable,
  withPatience,
  within,
} from './retry.ts';
import { manualRuntime } from '../test/manual-runtime.ts';
import { silentLog } from './log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listening(): { readonly said: string[]; readonly availability: Availability } {
  const said: string[] = [];
  const to = { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) };
  const log = createLog({ service: 'test', to: { write: (line) => void to.write(line) } });
  return { said, availability: new Availability('Kafka', log) };
}

const away = new UnavailableError('nothing answers on 127.0.0.1:9092');

it('says once that a server is away, once a minute that it still is, and when it is back', () => {
  const { availability, said } = listening();
  for (let second = 0; second <= 185; second += 5) {
    availability.lost(away);
    vi.advanceTimersByTime(5_000);
  }
  availability.back();
  availability.back();
  expect(said).toEqual([
    'Kafka: waiting: nothing answers on 127.0.0.1:9092',
    'Kafka: still waiting, 1 min so far: nothing answers on 127.0.0.1:9092',
    'Kafka: still waiting, 2 min so far: nothing answers on 127.0.0.1:9092',
    'Kafka: still waiting, 3 min so far: nothing answers on 127.0.0.1:9092',
    'Kafka: going on after 190.0 s',
  ]);
});

it('says the reason of the moment', () => {
  const { availability, said } = listening();
  availability.lost(away);
  vi.advanceTimersByTime(125_000);
  availability.lost(new UnavailableError('topic a does not exist'));
  expect(said[1]).toBe('Kafka: still waiting, 2 min so far: topic a does not exist');
});

it('waits for an event within a limit, and leaves no timer behind', async () => {
  await within(1_000, Promise.resolve());
  expect(vi.getTimerCount()).toBe(0);
  const never = within(1_000, new Promise(() => undefined)).then(() => 'over');
  await vi.advanceTimersByTimeAsync(999);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(await never).toBe('over');
  await expect(within(1_000, Promise.reject(away))).rejects.toBe(away);
  expect(vi.getTimerCount()).toBe(0);
});

it('says every minute once, from its first moment on', () => {
  const { availability, said } = listening();
  availability.lost(away);
  vi.advanceTimersByTime(59_999);
  availability.lost(away);
  expect(said).toHaveLength(1);
  vi.advanceTimersByTime(1);
  availability.lost(away);
  availability.lost(away);
  expect(said).toHaveLength(2);
  availability.back();
  availability.lost(away);
  expect(said).toHaveLength(4);
  // Minutes count from the new beginning.
  vi.advanceTimersByTime(60_000);
  availability.lost(away);
  expect(said).toHaveLength(5);
});

it('waits ever longer, by half at least and never longer than the longest', async () => {
  const least = { random: () => 0 };
  const most = { random: () => 1 };
  const backoff = { firstMs: 100, maxMs: 5_000 };
  expect([0, 1, 2, 5, 6, 40].map((attempt) => backoffMs(attempt, backoff, most))).toEqual([
    100, 200, 400, 3_200, 5_000, 5_000,
  ]);
  expect([0, 1, 40].map((attempt) => backoffMs(attempt, backoff, least))).toEqual([50, 100, 2_500]);
  const runtime = manualRuntime();
  await pause(3, runtime);
  expect(runtime.slept).toEqual([400]);
});

it('repeats an unavailable call until it succeeds, and no other failure', async () => {
  vi.useRealTimers();
  const backoff = { firstMs: 1, maxMs: 1 };
  const availability = new Availability('x', silentLog());
  const seen: boolean[] = [];
  const attempt = (): Promise<string> => {
    seen.push(availability.away);
    return seen.length < 3 ? Promise.reject(away) : Promise.resolve('done');
  };
  const never = new AbortController().signal;
  expect(await untilAvailable(attempt, availability, never, backoff)).toBe('done');
  expect(seen).toEqual([false, true, true]);
  expect(availability.away).toBe(false);
  const mistake = new TypeError('mistake');
  await expect(untilAvailable(() => Promise.reject(mistake), availability, never)).rejects.toBe(
    mistake,
  );
  const stopped = AbortSignal.abort(new Error('stopped'));
  let asked = 0;
  const asking = (): Promise<number> => Promise.resolve((asked += 1));
  await expect(untilAvailable(asking, availability, stopped)).rejects.toThrow('stopped');
  expect(asked).toBe(0);
});

it('is patient for some seconds and then reports the failure', async () => {
  let attempts = 0;
  const failing = withPatience(() => {
    attempts += 1;
    return Promise.reject(away);
  });
  const told = expect(failing).rejects.toBe(away);
  vi.useRealTimers();
  await told;
  expect(attempts).toBe(20);
  let other = 0;
  const mistake = new TypeError('mistake');
  const wrong = withPatience(() => {
    other += 1;
    return Promise.reject(mistake);
  });
  await expect(wrong).rejects.toBe(mistake);
  expect(other).toBe(1);
});

it('does not wait for what nobody waits for any more, whenever that was', async () => {
  const open = new Promise<never>(() => undefined);
  const gone = new Error('gone');
  const turns = async (): Promise<string> => {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    return 'still waits';
  };
  const ended = orAborted(open, AbortSignal.abort(gone)).catch((error: unknown) => error);
  expect(await Promise.race([ended, turns()])).toBe(gone);
  const stop = new AbortController();
  const waiting = orAborted(open, stop.signal);
  stop.abort(gone);
  await expect(waiting).rejects.toBe(gone);
  expect(await orAborted(Promise.resolve(7), new AbortController().signal)).toBe(7);
});
