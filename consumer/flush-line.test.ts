// The line of a flush: what landed and how long it took; what did not happen is not in its text.
import { expect, it } from 'vitest';
import type { Batch } from './batch.ts';
import { flushLine } from './flush-line.ts';

const batchOf = (given: object): Batch =>
  ({
    ...{ block: { rows: 7 }, deadLetters: [], duplicates: 0, unreadable: 0 },
    spans: new Map([
      [0, { first: 5, next: 9 }],
      [2, { first: 0, next: 3 }],
    ]),
    ...given,
  }) as unknown as Batch;

it('has rows, table, whole milliseconds and lag, and each partition with its last offset', () => {
  const { fields, text } = flushLine(batchOf({}), 'd.t', 12.6, 30);
  expect(text).toBe('Inserted 7 rows into d.t in 13 ms, lag 30');
  expect(fields).toEqual({
    ...{ rows: 7, dead: 0, duplicates: 0, unreadable: 0, ms: 13, lag: 30 },
    offsets: { 0: '5-8', 2: '0-2' },
  });
});

it('names what became no row', () => {
  const batch = batchOf({ deadLetters: [{}, {}], duplicates: 3, unreadable: 4 });
  expect(flushLine(batch, 'd.t', 1, 0).text).toBe(
    'Inserted 7 rows into d.t, 2 dead letters, 3 duplicates left out, 4 unreadable offsets passed over in 1 ms, lag 0',
  );
  expect(flushLine(batchOf({ duplicates: 1 }), 'd.t', 1, 0).text).toContain(
    'd.t, 1 duplicates left',
  );
  expect(flushLine(batchOf({ unreadable: 1 }), 'd.t', 1, 0).text).toContain('d.t, 1 unreadable');
});
