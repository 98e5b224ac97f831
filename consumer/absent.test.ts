// What is recorded of offsets without a record is what the audit reads, however many ranges there are.
import { expect, it } from 'vitest';
import { absentFacts } from './absent.ts';
import { DUPLICATE, NOT_IN_LOG, readGap, UNREADABLE, type OffsetRange } from './gap.ts';

const spanOf = (first: number, absent: OffsetRange[], duplicates: OffsetRange[] = []) => {
  return { first, next: first + 9_999, rows: 1, dead: 0, absent, duplicates, unreadable: [] };
};

it('records nothing where every offset had a record', () => {
  expect(absentFacts(new Map([[0, spanOf(5, [])]]))).toEqual([]);
});

it('records each range once, by partition, at the position the batch begins with', () => {
  const many = Array.from({ length: 2_500 }, (_, at) => ({
    first: 10 + 2 * at,
    last: 10 + 2 * at,
  }));
  const facts = absentFacts(
    new Map([
      [0, spanOf(7, many)],
      [3, spanOf(0, [{ first: 0, last: 4 }])],
    ]),
  );
  expect(new Set(facts.map(({ offset, partition }) => `${partition}@${offset}`))).toEqual(
    new Set(['0@7', '3@0']),
  );
  expect(facts.every(({ reason }) => reason === NOT_IN_LOG)).toBe(true);
  const recorded = (of: number) =>
    facts.flatMap(({ detail, partition }) => (partition === of ? readGap(detail) : []));
  expect(recorded(0)).toEqual(many);
  expect(recorded(3)).toEqual([{ first: 0, last: 4 }]);
});

it('keeps duplicates apart from offsets without a record', () => {
  const duplicates = [{ first: 4, last: 6 }];
  const facts = absentFacts(new Map([[1, spanOf(2, [{ first: 2, last: 3 }], duplicates)]]));
  const read = facts.map(({ detail, reason }) => [reason, readGap(detail)]);
  expect(read).toEqual([
    [NOT_IN_LOG, [{ first: 2, last: 3 }]],
    [DUPLICATE, duplicates],
  ]);
});

it('records unreadable offsets by reason, so that the audit counts them and a person knows why', () => {
  const unreadable = [
    { first: 2, last: 3, why: 'its checksum is wrong' },
    { first: 5, last: 5, why: 'it is cut short' },
    { first: 7, last: 9, why: 'its checksum is wrong' },
  ];
  const facts = absentFacts(new Map([[1, { ...spanOf(2, []), unreadable }]]));
  expect(facts.map(({ detail, reason }) => [reason, readGap(detail)])).toEqual([
    [UNREADABLE, [unreadable[0]!, unreadable[2]!].map(({ first, last }) => ({ first, last }))],
    [UNREADABLE, [{ first: 5, last: 5 }]],
  ]);
  expect(facts[0]!.detail).toMatch(/cannot be read: its checksum is wrong$/);
});
