// The rules that a batch keeps before it is written, each broken once.
import { expect, it } from 'vitest';
import { InvariantError } from '../platform/errors.ts';
import { assertBatch } from './assert-batch.ts';
import type { Batch, Span } from './batch.ts';
import type { Taken } from './table-takeover.ts';

type Facts = Partial<Omit<Span, 'first' | 'next'>>;

/** Offsets 10 to 19: five rows, two dead letters, and one each that is absent, made twice and unreadable. */
function span(first: number, next: number, facts: Facts = {}): Span {
  const one = (offset: number) => [{ first: offset, last: offset }];
  const unreadable = [{ first: 19, last: 19, why: 'damaged' }];
  const gone = { absent: one(17), duplicates: one(18), unreadable };
  return { first, next, rows: 5, dead: 2, ...gone, ...facts };
}

function batch(spanned: Span, { letters = 2, rows = 5, skipped = 0 } = {}): Batch {
  const held = { block: { rows }, deadLetters: Array.from({ length: letters }), skipped };
  return { ...held, spans: new Map([[3, spanned]]) } as unknown as Batch;
}

function taken(landed: number, position: number, partition = 3): Taken {
  const ownership = { source: 't@id' };
  return { ownership, states: new Map([[partition, { landed, position }]]) } as unknown as Taken;
}

it('holds for a batch that counts every offset and continues where the partition has landed', () => {
  assertBatch(batch(span(10, 20)), taken(10, 25));
  assertBatch(batch(span(10, 21), { skipped: 1 }), taken(10, 21));
});

it.each([
  ['leaves out offsets before it', batch(span(11, 21)), taken(10, 25)],
  ['brings offsets that have landed', batch(span(9, 19)), taken(10, 25)],
  ['goes beyond what was taken', batch(span(10, 20)), taken(10, 19)],
  ['is of a partition that is not owned', batch(span(10, 20)), taken(10, 25, 4)],
  ['lost a row', batch(span(10, 20), { rows: 4 }), taken(10, 25)],
  ['lost a dead letter', batch(span(10, 20), { letters: 1 }), taken(10, 25)],
  ['did not count an offset', batch(span(10, 21)), taken(10, 25)],
  ['counted an offset twice', batch(span(10, 20), { skipped: 1 }), taken(10, 25)],
])('fails for a batch that %s', (_, broken, owned) => {
  expect(() => assertBatch(broken, owned)).toThrow(InvariantError);
});
