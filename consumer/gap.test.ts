// What is written about a gap is what the audit reads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covered, describeGap, readGap } from './gap.ts';

const range = fc
  .tuple(fc.maxSafeNat(), fc.maxSafeNat())
  .map(([one, other]) => ({ first: Math.min(one, other), last: Math.max(one, other) }));

describe('a gap', () => {
  it('is read back as it was described, whatever happened to it', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 9 }), fc.string(), (ranges, why) => {
        expect(readGap(describeGap(ranges, why))).toEqual(ranges);
      }),
    );
  });

  it('is none where none was described', () => {
    for (const detail of ['', 'first floor from the committed offset 7', 'offsets 9 to 5 left']) {
      expect(readGap(detail), detail).toEqual([]);
    }
  });

  it('covers each of its offsets once, in bounds', () => {
    const ranges = [{ first: 8, last: 12 }, { first: 2, last: 4 }, { first: 3, last: 5 }]; // prettier-ignore
    expect(covered(ranges, { first: 0, last: 20 })).toBe(9);
    expect(covered(ranges, { first: 4, last: 9 })).toBe(4);
    expect(covered([], { first: 0, last: 20 })).toBe(0);
  });
});
