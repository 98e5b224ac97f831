// Checks a batch against the rules of the protocol before any of it is written: it continues exactly where
// its partitions have landed, and every offset that it spans belongs to a row, a dead letter, an earlier dead
// letter, a duplicate, an unreadable record, or to no record.
import { InvariantError } from '../platform/errors.ts';
import type { Batch, Span } from './batch.ts';
import type { OffsetRange } from './gap.ts';
import type { Taken } from './table-takeover.ts';

/** @throws {InvariantError} */
export function assertBatch(batch: Batch, { ownership, states }: Taken): void {
  let offsets = 0;
  let rows = 0;
  let dead = 0;
  let without = batch.skipped;
  for (const [partition, span] of batch.spans) {
    const where = `partition ${partition} of ${ownership.source}`;
    const state = states.get(partition);
    if (state === undefined) throw new InvariantError(`a batch of ${where}, which is not owned`);
    const { first, next } = span;
    if (first !== state.landed || next < first || next > state.position) {
      const owned = `${state.landed} has landed and ${state.position} was taken`;
      throw new InvariantError(`a batch of ${where} spans ${first} to ${next}, but ${owned}`);
    }
    offsets += next - first;
    rows += span.rows;
    dead += span.dead;
    without += gone(span);
  }
  const { block, deadLetters } = batch;
  if (rows !== block.rows || dead !== deadLetters.length || offsets !== rows + dead + without) {
    const held = `${block.rows} rows and ${deadLetters.length} dead letters`;
    const counted = `${rows} rows, ${dead} dead letters and ${without} others`;
    throw new InvariantError(
      `a batch of ${ownership.source} holds ${held}; of its ${offsets} offsets ${counted} were counted`,
    );
  }
}

function gone({ absent, duplicates, unreadable }: Span): number {
  return lengthOf(absent) + lengthOf(duplicates) + lengthOf(unreadable);
}

function lengthOf(ranges: readonly OffsetRange[]): number {
  let length = 0;
  for (const { first, last } of ranges) length += last - first + 1;
  return length;
}
