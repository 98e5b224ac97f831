// Gaps and dead letters never overlap in what is recorded, whatever was dead already.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeGap, readGap, without } from './gap.ts';
import { factsOf } from './lost.ts';
import { LEFT_THE_LOG } from './resume-from-table.ts';

const recorded = (dead: readonly number[]) => ({ deadFrom: () => Promise.resolve(new Set(dead)) });

const gapFloor = (first: number, last: number) => {
  const detail = describeGap([{ first, last }], LEFT_THE_LOG);
  return { offset: last + 1, reason: 'gap' as const, detail };
};

describe('the facts of a gap', () => {
  it('cover every lost offset that is not dead, and no dead one', async () => {
    const offsets = fc.array(fc.nat({ max: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 20 }), fc.nat({ max: 20 }), offsets, async (first, more, dead) => {
        const last = first + more;
        const facts = await factsOf(gapFloor(first, last), 's', 3, recorded(dead));
        expect(facts.every(({ offset, partition }) => offset === last + 1 && partition === 3)).toBe(true);
        const covered = facts.flatMap(({ detail }) => {
          return readGap(detail).flatMap((range) => {
            return Array.from({ length: range.last - range.first + 1 }, (_, at) => range.first + at);
          });
        });
        const lost = Array.from({ length: more + 1 }, (_, at) => first + at);
        expect(covered).toEqual(lost.filter((offset) => !dead.includes(offset)));
      }),
    ); // prettier-ignore
  });

  it('still say where to go on when every lost offset is dead', async () => {
    const facts = await factsOf(gapFloor(5, 6), 's', 0, recorded([5, 6]));
    expect(facts).toEqual([{ partition: 0, offset: 7, reason: 'dead-letters', detail: '' }]);
  });

  it('are the floor itself when nothing was lost', async () => {
    const floor = { offset: 4, reason: 'start' as const, detail: 'x' };
    expect(await factsOf(floor, 's', 1, recorded([9]))).toEqual([{ partition: 1, ...floor }]);
    // A first floor may quote a gap; only a floor over one is a gap.
    const seed = { ...gapFloor(3, 5), reason: 'upgrade' as const };
    expect(await factsOf(seed, 's', 1, recorded([4]))).toEqual([{ partition: 1, ...seed }]);
  });
});

describe('a range without offsets', () => {
  it('is itself when none of them is in it', () => {
    expect(without({ first: 3, last: 5 }, new Set([2, 6]))).toEqual([{ first: 3, last: 5 }]);
  });
});
