import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { startOffset } from './plan.ts';
import { stretches } from './positions.ts';

describe('startOffset', () => {
  const known = { begin: 100, byTime: 300, landed: 500, seed: undefined };

  it('is where the records of that time begin', () => {
    expect(startOffset(known)).toBe(300);
  });

  it('is not before the log, whatever the time', () => {
    expect(startOffset({ ...known, byTime: 40 })).toBe(100);
  });

  it('is not beyond what has landed: what lands later has to be read', () => {
    expect(startOffset({ ...known, byTime: 900 })).toBe(500);
  });

  it('is not before what an older installation took: those rows stay without coordinates', () => {
    expect(startOffset({ ...known, seed: 350 })).toBe(350);
    expect(startOffset({ ...known, seed: 200 })).toBe(300);
  });

  it('always splits the landed rows into those to carry over and those to read again', () => {
    const offset = fc.nat(1_000);
    fc.assert(
      fc.property(offset, offset, offset, offset, (begin, more, byTime, seedMore) => {
        const landed = begin + more;
        const seed = Math.min(landed, begin + seedMore);
        const start = startOffset({ begin, byTime, landed, seed });
        expect(start).toBeGreaterThanOrEqual(begin);
        expect(start).toBeLessThanOrEqual(landed);
      }),
    );
  });
});

describe('stretches', () => {
  it('names what is missing of each partition, one that was never read from its start', () => {
    const target = new Map([['t@1', new Map([[0, 10], [1, 5], [2, 7]])]]); // prettier-ignore
    const reached = new Map([['t@1', new Map([[0, 4], [1, 9]])]]); // prettier-ignore
    expect(stretches(target, reached)).toEqual([
      { source: 't@1', partition: 0, first: 4, next: 10 },
      { source: 't@1', partition: 2, first: 0, next: 7 },
    ]);
  });
});
