// What an audit reads from recorded facts: the ranges of one reason and partition, or an error.
import { expect, it } from 'vitest';
import { UnavailableError } from '../../platform/errors.ts';
import { rangesOf, seedOf, type RecordedFact } from './recorded-facts.ts';

const fact = (given: Partial<RecordedFact>): RecordedFact => {
  return { partition: 0, offset: 0, reason: 'gap', detail: 'offsets 1 to 2 x', ...given };
};

it('are the ranges of the reason in the partition', () => {
  const facts = [
    fact({}),
    fact({ detail: 'offsets 4 to 4, 6 to 9 x' }),
    fact({ partition: 1, detail: 'offsets 7 to 7 x' }),
    fact({ reason: 'not-in-log', detail: 'offsets 8 to 8 x' }),
  ];
  const ranges = rangesOf('gap', facts, 0).map(({ first, last }) => `${first}-${last}`);
  expect(ranges).toEqual(['1-2', '4-4', '6-9']);
  expect(rangesOf('gap', facts, 2)).toEqual([]);
});

it('that say no range are an error, since they would hide rows or invent lost ones', () => {
  expect(() => rangesOf('gap', [fact({ detail: 'x' })], 0)).toThrow(UnavailableError);
  expect(rangesOf('gap', [fact({ detail: 'x', partition: 1 })], 0)).toEqual([]);
});

it('tell where an older installation stood: the greatest of its offsets', () => {
  expect(seedOf([fact({ offset: 9 })])).toBeUndefined();
  const seeds = [3, 0, 7, 5].map((offset) => fact({ reason: 'upgrade', offset }));
  expect(seedOf([...seeds, fact({ offset: 99 })])).toBe(7);
  expect(seedOf([fact({ reason: 'upgrade', offset: 0 })])).toBe(0);
});
