// What is written about a gap is what the audit reads.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeGap, readGap } from './gap.ts';

it('reads back any range it described', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.string(), (one, other, why) => {
      const range = { first: Math.min(one, other), last: Math.max(one, other) };
      expect(readGap(describeGap(range, why))).toEqual(range);
    }),
  );
});

it('reads no range where there is none', () => {
  for (const detail of ['', 'first floor from the committed offset 7', 'offsets 9 to 5 left']) {
    expect(readGap(detail), detail).toBeUndefined();
  }
});
