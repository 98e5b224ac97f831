// What is said before a dead letter is published again is what the consumer decides afterwards.
import { describe, expect, it } from 'vitest';
import { sensorData } from '../../streams/sensor-data.ts';
import { trafficEvents, trafficRaw } from '../../streams/traffic.ts';
import { filter, type Transform } from '../../streams/transform.ts';
import type { RedriveBook } from './redrive-book.ts';
import { compileForecast, Tally } from './redrive-forecast.ts';
import { survey } from './redrive-survey.ts';
import { redrive, type RedriveParts } from './redriver.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const letter = (value: string, reason = 'wrong_type') => {
  return { value: Buffer.from(value), reason, timestampMs: NOW_MS };
};
const reading = { co: 0, humidity: 1, light: true, lpg: 0, motion: false, smoke: 0, temp: 20 };
const event = { data: reading, device_id: 'd', ts: NOW_MS / 1_000 };
const good = JSON.stringify(event);
const withoutHumidity = JSON.stringify({ ...event, data: { ...reading, humidity: undefined } });
const report = {
  ...{ detector_id: 'D1', detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S1' },
  timestamp: '2025-12-31T00:00:00Z',
};

describe('a forecast', () => {
  it('is the decision of the consumer', () => {
    const forecast = compileForecast(sensorData, 300);
    expect(forecast(letter(good), false, NOW_MS)).toEqual({ kind: 'row' });
    const rejected = (value: string, reason?: string) => forecast(letter(value, reason), false, 0);
    const field = 'data.humidity';
    expect(rejected(withoutHumidity)).toEqual({ kind: 'rejected', reason: 'missing_field', field });
    expect(rejected('')).toMatchObject({ reason: 'empty_value' });
    expect(rejected('', 'tombstone')).toMatchObject({ reason: 'tombstone' });
    expect(rejected(good.padEnd(301))).toMatchObject({ reason: 'too_large' });
    // A rejection leaves nothing behind for the next one.
    expect(forecast(letter(good), false, NOW_MS)).toEqual({ kind: 'row' });
  });

  it('includes what a processor makes of it', () => {
    const forecast = compileForecast(trafficEvents, 1_000);
    const raw = JSON.stringify(report);
    expect(forecast(letter(raw), true, NOW_MS)).toEqual({ kind: 'row' });
    const bad = JSON.stringify({ ...report, detector_status: 7 });
    expect(forecast(letter(bad), true, NOW_MS)).toMatchObject({ reason: 'wrong_type' });
    expect(forecast(letter(raw), false, NOW_MS)).toMatchObject({ reason: 'unknown_origin' });
  });

  it('reports a letter that a processor would filter, and one whose outcome is unknown', () => {
    const none: Transform = {
      ...{ name: 'none', group: 'none', input: trafficRaw, outputs: [trafficEvents] },
      ...{ origin: 'read', steps: [filter(() => false)] },
    };
    const raw = letter(JSON.stringify(report));
    expect(compileForecast(trafficEvents, 1_000, [none])(raw, true, NOW_MS).kind).toBe('filtered');
    expect(compileForecast(trafficEvents, 1_000, [])(raw, true, NOW_MS).kind).toBe('unknown');
  });
});

describe('a re-drive', () => {
  const values = [good, withoutHumidity, good, 'not json', withoutHumidity];
  const where = { source: 's@1', partition: 0, home: { source: 's@1', partition: 0 }, letters: 5 };
  const open = values.map((_, offset) => ({ offset, timestampMs: NOW_MS, bytes: 9, attempts: 0 }));

  /** What it publishes, by offset, and its account. */
  async function published(forecast: ReturnType<typeof compileForecast> | undefined) {
    const intended: number[] = [];
    const contents = ({ letters }: { letters: readonly { offset: number }[] }) =>
      Promise.resolve(letters.map(({ offset }) => ({ ...letter(values[offset]!), key: Buffer.alloc(0), headers: '', offset }))); // prettier-ignore
    const book = {
      claim: () => Promise.resolve({}),
      interrupted: () => Promise.resolve([]),
      openPartitions: () => Promise.resolve([where]),
      open: (_: unknown, __: unknown, { from }: { from: number }) =>
        Promise.resolve(open.filter(({ offset }) => offset >= from)),
      contents,
      intend: ({ letters }: { letters: readonly { offset: number }[] }) => {
        intended.push(...letters.map(({ offset }) => offset));
        return Promise.resolve();
      },
      conclude: () => Promise.resolve(),
    };
    const parts = {
      book,
      sender: {
        newIdentity: () => Promise.resolve({ producerId: 1, epoch: 0 }),
        send: () => Promise.resolve({ kind: 'landed', offset: 9 }),
      },
      topics: {
        exists: () => Promise.resolve(true),
        topicId: () => Promise.resolve('1'),
        logRanges: () => Promise.resolve(new Map([[0, { begin: 0, end: 5 }]])),
      },
      signal: new AbortController().signal,
    } as unknown as RedriveParts;
    const filterBy = { reasons: [], sinceMs: 0, doubtful: false };
    const account = await redrive(parts, { ...filterBy, limit: 10, forecast });
    const judge = compileForecast(sensorData, 1_000);
    const asked = book as unknown as RedriveBook;
    const tally = await survey(asked, [where], filterBy, judge, parts.signal);
    return { intended, account, tally };
  }

  it('leaves letters open that would be rejected again, and counts them', async () => {
    const { account, intended, tally } = await published(compileForecast(sensorData, 1_000));
    expect(intended).toEqual([0, 2]);
    expect(account).toMatchObject({ published: 2, kept: 3 });
    expect(tally).toMatchObject({ letters: 5, rows: 2, rejections: 3 });
    expect(tally.reasons).toBe('2 missing_field (data.humidity), 1 invalid_json');
  });

  it('publishes everything when that is asked for', async () => {
    const { account, intended } = await published(undefined);
    expect(intended).toEqual([0, 1, 2, 3, 4]);
    expect(account).toMatchObject({ published: 5, kept: 0 });
  });
});

it('puts the most frequent reason first', () => {
  const tally = new Tally();
  tally.reject('a', '', 1);
  tally.reject('b', 'x', 2);
  tally.reject('a', '', 3);
  expect(tally.reasons).toBe('4 a, 2 b (x)');
  expect(tally.rejections).toBe(6);
});
