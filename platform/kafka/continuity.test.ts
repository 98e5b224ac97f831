// Every fetched batch is judged against where the partition stands; no offset is ever taken twice.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continuity } from './continuity.ts';

describe('continuity', () => {
  it.each([
    [
      'the next batch',
      10,
      undefined,
      { fetchedOffset: 10, firstOffset: 10, lastOffset: 19 },
      'take',
    ],
    ['an overlap', 15, undefined, { fetchedOffset: 10, firstOffset: 10, lastOffset: 19 }, 'take'],
    ['the past', 20, undefined, { fetchedOffset: 10, firstOffset: 10, lastOffset: 19 }, 'seek'],
    ['the future', 5, undefined, { fetchedOffset: 10, firstOffset: 10, lastOffset: 19 }, 'seek'],
    [
      'a hole in the log',
      5,
      undefined,
      { fetchedOffset: 5, firstOffset: 10, lastOffset: 19 },
      'hole',
    ],
    [
      'a hole found by seeking',
      5,
      5,
      { fetchedOffset: 8, firstOffset: 10, lastOffset: 19 },
      'hole',
    ],
    [
      'the future, after another seek',
      5,
      4,
      { fetchedOffset: 8, firstOffset: 10, lastOffset: 19 },
      'seek',
    ],
  ] as const)('%s', (_, position, sought, fetched, expected) => {
    expect(continuity({ position, sought }, fetched)).toBe(expected);
  });

  it('reads a log with holes exactly once though fetches start anywhere', () => {
    const log = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        log,
        fc.array(fc.nat(60), { maxLength: 20 }),
        fc.integer({ min: 1, max: 8 }),
        (offsets, strays, size) => {
          const sorted = [...offsets].sort((a, b) => a - b);
          const fetch = (from: number) => {
            const found = sorted.filter((offset) => offset >= from).slice(0, size);
            return found.length === 0
              ? undefined
              : { fetchedOffset: from, firstOffset: found[0]!, lastOffset: found.at(-1)!, found };
          };
          const taken: number[] = [];
          let position = 0;
          let sought: number | undefined;
          let next = 0;
          for (let step = 0; step < 500; step += 1) {
            // A stray fetch stands for a join, a reset or a committed offset somebody moved.
            const batch = fetch(strays.length > step ? strays[step]! : next);
            if (batch === undefined) {
              if (strays.length > step) continue;
              break;
            }
            const answer = continuity({ position, sought }, batch);
            if (answer === 'seek') {
              sought = position;
              next = position;
              continue;
            }
            taken.push(...batch.found.filter((offset) => offset >= position));
            position = batch.lastOffset + 1;
            sought = undefined;
            next = position;
          }
          // A stray right after a seek may pass for a hole; the lane starts over on every join.
          if (strays.length === 0) expect(taken).toEqual(sorted);
          expect(new Set(taken).size).toBe(taken.length);
        },
      ),
    );
  });
});
