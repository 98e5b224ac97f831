// What a rejection shows of a value: the beginning of its JSON, for work bounded by what is shown.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describe as shown } from './describe.ts';
import { reject, undecodable } from './rejection.ts';

function cutJson(value: unknown): string {
  const json = JSON.stringify(value);
  return (json.length > 120 ? `${json.slice(0, 120)}…` : json).toWellFormed();
}

/** The value, with every look at one of its members or elements counted. */
function counting(value: unknown, looks: { count: number }): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get: (target, name) => {
      looks.count += 1;
      return counting(Reflect.get(target, name), looks);
    },
  });
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

describe('describe', () => {
  it('is the beginning of the JSON of any value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        expect(shown(value)).toBe(cutJson(value));
      }),
      { numRuns: 40 },
    );
    const text = fc.string({ unit: 'binary', minLength: 100, maxLength: 140 });
    fc.assert(
      fc.property(text, text, (one, other) => {
        for (const value of [one, [one], { [one]: other }])
          expect(shown(value)).toBe(cutJson(value));
      }),
      { numRuns: 20 },
    );
  });

  it('keeps names that mean something to an object, and numbers that JSON lacks', () => {
    for (const text of ['{"__proto__":1,"toJSON":{"a":null}}', '[1e400,-0]', '1.5']) {
      expect(shown(JSON.parse(text))).toBe(cutJson(JSON.parse(text)));
    }
    expect(shown(JSON.parse('-1e400'))).toBe('-Infinity');
  });

  it.each<[string, unknown]>([
    ['deep', nested(6_000)],
    ['as deep as a megabyte', nested(500_000)],
    ['wide', Array.from({ length: 100_000 }, (_, index) => index)],
    ['full of names', Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`n${at}`, at]))],
    ['full of empty lists', Array.from({ length: 100_000 }, () => [])],
    ['long', ['\u0000'.repeat(1_000_000), 'x'.repeat(1_000_000)]],
  ])('looks at little of a value that is %s', (_, value) => {
    const looks = { count: 0 };
    const detail = shown(counting(value, looks));
    expect(detail).toHaveLength(121);
    expect(looks.count).toBeLessThan(1_000);
  });
});

describe('undecodable', () => {
  it('names the error, cut, whatever was thrown', () => {
    const error = new RangeError('Maximum call stack size exceeded');
    expect(undecodable(error).detail).toBe('RangeError: Maximum call stack size exceeded');
    expect(undecodable(new TypeError('x'.repeat(1_000))).detail).toHaveLength(121);
    expect(undecodable(Object.create(null)).detail).toBe('object');
    expect(reject('tombstone').detail).toBe('');
  });
});
