// What is written about a gap is what the audit reads.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covered, describeGap, extend, readGap, without, type OffsetRange } from './gap.ts';

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
    const none = [
      ...['', 'first floor from the committed offset 7', 'offsets 9 to 5 left'],
      ...['said: offsets 5 to 9 left', 'offsets 5 to 9, 8 to 7 left', 'offsets 5 to 9'],
    ];
    for (const detail of none) {
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

describe('ranges of offsets', () => {
  it('grow by the offset behind the last one, and begin anew behind a hole', () => {
    const ranges: OffsetRange[] = [];
    for (const offset of [3, 4, 5, 7, 9, 10]) extend(ranges, offset);
    expect(ranges).toEqual([{ first: 3, last: 5 }, { first: 7, last: 7 }, { first: 9, last: 10 }]); // prettier-ignore
  });

  it('without some offsets are the remaining ranges, whichever of the two are more', () => {
    const bounds = fc
      .tuple(fc.nat(30), fc.nat(30))
      .map(([first, more]) => ({ first, last: first + more }));
    const offsets = fc.uniqueArray(fc.nat(70), { maxLength: 60 });
    fc.assert(
      fc.property(bounds, offsets, ({ first, last }, some) => {
        const taken = new Set(some);
        const left = without({ first, last }, taken);
        const all = Array.from({ length: last - first + 1 }, (_, at) => first + at);
        const expected: OffsetRange[] = [];
        for (const offset of all) if (!taken.has(offset)) extend(expected, offset);
        expect(left).toEqual(expected);
        expect(covered(left, { first, last })).toBe(
          all.filter((offset) => !taken.has(offset)).length,
        );
      }),
    );
  });
});

describe('a range without offsets', () => {
  it('is itself when none of them is in it', () => {
    expect(without({ first: 3, last: 5 }, new Set([2, 6]))).toEqual([{ first: 3, last: 5 }]);
  });
});
