import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UnavailableError } from './errors.ts';
import { createLog } from './log.ts';
import { Availability, within } from './retry.ts';

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
