import { expect, it } from 'vitest';
import { countedOnce } from './landed-since.ts';

it('counts an offset once, for a gap first and a duplicate second', () => {
  const range = (first: number, last: number) => [{ first, last }];
  const recorded = [
    { reason: 'not-in-log', ranges: range(0, 9) },
    { reason: 'duplicate', ranges: range(4, 6) },
    { reason: 'gap', ranges: range(6, 7) },
    { reason: 'not-in-log', ranges: range(0, 3) },
  ];
  expect(countedOnce(recorded, { first: 0, last: 9 })).toEqual({
    ...{ gap: 2, duplicate: 2, 'not-in-log': 6 },
  });
  expect(countedOnce(recorded, { first: 7, last: 8 })).toEqual({ gap: 1, 'not-in-log': 1 });
  expect(countedOnce(recorded, { first: 10, last: 9 })).toEqual({});
});
