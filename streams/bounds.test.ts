// Every bound of a field is allowed itself and nothing beyond it is, on either path of the consumer: whoever
// declares 0 to 100 gets both ends.
import { describe, expect, it } from 'vitest';
import { Block } from '../platform/clickhouse/block.ts';
import { compileDecode } from '../consumer/decode.ts';
import { compileFastPath } from '../consumer/fast-path.ts';
import { boolean, float64, instant, integer, text, type Field } from './field.ts';
import { LAST_INSTANT_MS } from './instant.ts';
import { readOrigin, writeOrigin } from './origin.ts';
import { defineStream } from './stream.ts';
import { checkField, NO_RECORD_TIME } from './validate.ts';

const RECORD_MS = Date.UTC(2026, 0, 1);
const FIRST_MS = Date.UTC(2020, 0, 1);
const AHEAD_MS = 3_600_000;

const fields = {
  name: text({ maxBytes: 6 }),
  ratio: float64({ min: -1.5, max: 2.5 }),
  // Wider than JSON numbers are exact: the bound of the format holds all the same.
  count: integer({ min: -(2 ** 60), max: 2 ** 60 }),
  few: integer({ min: -3, max: 7 }),
  at: instant({ minMs: FIRST_MS, maxAheadMs: AHEAD_MS }),
  on: boolean(),
};
const stream = defineStream({
  ...{ name: 'bounds', key: 'name', eventTime: 'at' },
  topic: { name: 'bounds', partitions: 1, retentionMs: -1 },
  event: fields,
  table: { name: 'bounds', orderBy: ['name', 'at'] },
});

const good = { name: '"a"', ratio: '1', count: '1', few: '1', at: '1700000000', on: 'true' };
const jsonOf = (member: keyof typeof good, written: string): string => {
  const all = { ...good, [member]: written };
  return `{${Object.entries(all).map(([name, value]) => `"${name}":${value}`).join(',')}}`; // prettier-ignore
};
const seconds = (ms: number): string => (ms / 1_000).toFixed(3);

/** Taken by the hot path, taken at all. */
function taken(json: string, recordMs = RECORD_MS): [hot: boolean, all: boolean] {
  const bytes = Buffer.from(json);
  const hot = compileFastPath(stream, new Block(stream))(bytes, 0, bytes.length, recordMs);
  const decode = compileDecode(stream, new Block(stream), 1_000);
  return [hot, decode(bytes, 0, bytes.length, recordMs) === undefined];
}

describe('the bounds of a field', () => {
  it.each<[keyof typeof good, string]>([
    ['name', '"abcdef"'],
    ['name', '"~"'],
    ['ratio', '-1.5'],
    ['ratio', '2.5'],
    ['count', String(Number.MAX_SAFE_INTEGER)],
    ['count', String(Number.MIN_SAFE_INTEGER)],
    ['few', '-3'],
    ['few', '7'],
    ['at', seconds(FIRST_MS)],
    ['at', seconds(RECORD_MS + AHEAD_MS)],
    ['on', 'false'],
  ])('are allowed themselves, also on the hot path: %s %s', (member, written) => {
    expect(taken(jsonOf(member, written))).toEqual([true, true]);
  });

  it.each<[keyof typeof good, string]>([
    ['name', '"abcdefg"'],
    ['name', '"ääää"'],
    ['name', '""'],
    ['name', '"\\ud800"'],
    ['ratio', '-1.500001'],
    ['ratio', '2.500001'],
    ['count', '9007199254740992'],
    ['count', '-9007199254740992'],
    ['count', '9007199254740993'],
    ['count', '1000000000000000000'],
    ['few', '-4'],
    ['few', '8'],
    ['few', '6.5'],
    ['at', seconds(FIRST_MS - 1)],
    ['at', seconds(RECORD_MS + AHEAD_MS + 1)],
    ['on', '2'],
  ])('end there on both paths: %s %s', (member, written) => {
    expect(taken(jsonOf(member, written))).toEqual([false, false]);
  });

  it('of a text are bytes, not characters', () => {
    expect(taken(jsonOf('name', '"äää"'))[1]).toBe(true);
    expect(taken(jsonOf('name', '"äääa"'))[1]).toBe(false);
    expect(taken(jsonOf('name', '"日本"'))[1]).toBe(true);
    expect(taken(jsonOf('name', '"🙂🙂"'))[1]).toBe(false);
  });

  it('do not lie ahead of a record that has no time', () => {
    const late = jsonOf('at', seconds(RECORD_MS + 10 * AHEAD_MS));
    expect(taken(late)).toEqual([false, false]);
    expect(taken(late, NO_RECORD_TIME)).toEqual([true, true]);
    expect(taken(jsonOf('at', '1'), 0)).toEqual([false, false]);
  });

  it('take a message up to its limit, byte by byte', () => {
    const decodeWithin = (limit: number, json: string): unknown => {
      const bytes = Buffer.from(json);
      return compileDecode(stream, new Block(stream), limit)(bytes, 0, bytes.length, RECORD_MS);
    };
    const json = jsonOf('on', 'true');
    expect(decodeWithin(json.length, json)).toBeUndefined();
    expect(decodeWithin(json.length - 1, json)).toMatchObject({ reason: 'too_large' });
  });
});

describe('a value', () => {
  const check = (field: Field, value: unknown): unknown => {
    const checked = checkField(field, 'x', value, NO_RECORD_TIME);
    return typeof checked === 'object' ? checked.reason : checked;
  };

  it('is held to the last moment of a column', () => {
    expect(check(instant(), LAST_INSTANT_MS / 1_000)).toBe(LAST_INSTANT_MS);
    expect(check(instant(), (LAST_INSTANT_MS + 1) / 1_000)).toBe('instant_out_of_range');
  });

  it('is whole and not negative zero', () => {
    expect(Object.is(check(integer(), -0), 0)).toBe(true);
    expect(check(integer(), 2 ** 53)).toBe('out_of_range');
    expect(check(integer({ max: 2 ** 60 }), 2 ** 53)).toBe('out_of_range');
    expect(check(float64(), Infinity)).toBe('not_finite');
    expect(check(boolean(), 0)).toBe(0);
  });

  it.each([
    ['2024-02-29T00:00:00Z', true],
    ['2023-02-29T00:00:00Z', false],
    ['2100-02-29T00:00:00Z', false],
    ['2000-02-29T00:00:00Z', true],
    ['2020-01-01T23:59:59Z', true],
    ['2020-01-01T24:00:00Z', false],
    ['2020-01-01T00:60:00Z', false],
    ['2020-01-01T00:00:60Z', false],
    ['2020-12-31T00:00:00Z', true],
    ['2020-13-01T00:00:00Z', false],
    ['2020-00-01T00:00:00Z', false],
    ['2020-01-00T00:00:00Z', false],
    ['2020-01-32T00:00:00Z', false],
    ['2020-04-31T00:00:00Z', false],
    ['2020-01-01T00:00:00+14:00', true],
    ['2020-01-01T00:00:00+15:00', false],
    ['2020-01-01T00:00:00-14:59', true],
    ['2020-01-01T00:00:00+01:60', false],
  ])('names a moment: %s is one: %s', (written, isOne) => {
    expect(check(instant(), written) !== 'invalid_instant').toBe(isOne);
  });
});

describe('an origin', () => {
  const origin = { source: 't@1', partition: 65_535, offset: Number.MAX_SAFE_INTEGER };

  it('names any partition and offset that a table holds, and none beyond', () => {
    expect(readOrigin(writeOrigin(origin))).toEqual(origin);
    expect(readOrigin('t@1/65536/0')).toBeUndefined();
    expect(readOrigin(`t@1/0/${2 ** 53}`)).toBeUndefined();
    expect(readOrigin('t@1/0/0')).toEqual({ source: 't@1', partition: 0, offset: 0 });
  });
});
