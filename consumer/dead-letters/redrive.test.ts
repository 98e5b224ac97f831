import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchesOf,
  isViaProcessor,
  messageOf,
  topicOf,
  type LetterContent,
  type Redrive,
} from './redrive.ts';

const redrive: Redrive = {
  id: 'id',
  source: 'old@topic@uuid',
  partition: 2,
  letters: [{ offset: 7, attempt: 3 }],
  target: { topic: 'old@topic', topicId: 'other', partition: 2 },
  from: 10,
  identity: { producerId: 1, epoch: 0 },
};

const letter: LetterContent = {
  offset: 7,
  timestampMs: 5,
  reason: 'invalid_json',
  key: Buffer.from('k'),
  value: Buffer.from([0, 255]),
  headers: '',
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('messageOf', () => {
  it('keeps the message and names its origin', () => {
    const headers = JSON.stringify([
      ['trace', [base64('a'), base64('b')]],
      ['none', []],
    ]);
    const message = messageOf({ ...letter, headers }, redrive, 3);
    expect(message).toMatchObject({ key: letter.key, value: letter.value, timestampMs: 5 });
    expect(message.headers.map(([name, value]) => [name, value?.toString() ?? null])).toEqual([
      ['trace', 'a'],
      ['trace', 'b'],
      ['none', null],
      ['sensorhouse-redrive', 'id'],
      ['sensorhouse-origin-source', 'old@topic@uuid'],
      ['sensorhouse-origin-partition', '2'],
      ['sensorhouse-origin-offset', '7'],
      ['sensorhouse-attempt', '3'],
    ]);
  });

  it('says no more than where it comes from of a message without headers', () => {
    const { headers } = messageOf(letter, redrive, 3);
    expect(headers.map(([name]) => name)).toEqual([
      ...['sensorhouse-redrive', 'sensorhouse-origin-source', 'sensorhouse-origin-partition'],
      ...['sensorhouse-origin-offset', 'sensorhouse-attempt'],
    ]);
  });

  it('replaces the origin of an earlier time', () => {
    const headers = JSON.stringify([['sensorhouse-origin-offset', [base64('1')]]]);
    const names = messageOf({ ...letter, headers }, redrive, 3).headers.map(([name]) => name);
    expect(names.filter((name) => name === 'sensorhouse-origin-offset')).toHaveLength(1);
  });

  it('tells no value from an empty one, and knows no empty key', () => {
    const empty = { ...letter, key: Buffer.alloc(0), value: Buffer.alloc(0) };
    expect(messageOf({ ...empty, reason: 'tombstone' }, redrive, 1).value).toBeNull();
    expect(messageOf({ ...empty, reason: 'empty_value' }, redrive, 1).value).toEqual(empty.value);
    expect(messageOf(empty, redrive, 1).key).toBeNull();
  });
});

describe('batchesOf', () => {
  it('keeps every letter, in order, within the limits', () => {
    const letters = fc.array(
      fc.record({ timestampMs: fc.nat(100), bytes: fc.nat(100), attempts: fc.nat(3) }),
    );
    const limits = fc.record({
      letters: fc.integer({ min: 1, max: 5 }),
      bytes: fc.nat(150),
    });
    fc.assert(
      fc.property(letters, limits, (some, limit) => {
        const all = some.map((each, offset) => ({ ...each, offset }));
        const batches = batchesOf(all, limit);
        expect(batches.flat()).toEqual(all);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(limit.letters);
          const bytes = batch.reduce((sum, each) => sum + each.bytes, 0);
          if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(limit.bytes);
        }
      }),
    );
  });
});

describe('a batch of letters is filled', () => {
  const limits = { letters: 3, bytes: 100 };
  const sizes = (letters: readonly number[]) =>
    batchesOf(
      letters.map((bytes, offset) => ({ offset, bytes, timestampMs: 0, attempts: 0 })),
      limits,
    ).map(({ length }) => length);

  it('up to each of its limits, and no further', () => {
    expect(sizes([1, 1, 1, 1])).toEqual([3, 1]);
    expect(sizes([60, 40])).toEqual([2]);
    expect(sizes([60, 41])).toEqual([1, 1]);
    expect(sizes([101, 1, 99])).toEqual([1, 2]);
  });
});

it('a letter goes by way of a processor when its message was made from a record of another topic', () => {
  const source = 'made@id';
  expect(isViaProcessor({ home: { source: 'raw@id' }, source })).toBe(true);
  expect(isViaProcessor({ home: { source }, source })).toBe(false);
});

it('the topic of a source is the text before its id', () => {
  expect(topicOf(redrive.source)).toBe('old@topic');
});
