// Which records were met before, for a stream that a processor makes from another one: a processor that
// died between producing and committing made some twice. Pure. What it rests on: within one partition the
// first appearances of the records of one origin partition are in order, because a new processor starts at
// or before the first record whose product was never acknowledged.
import type { Origin } from '../streams/origin.ts';
import type { Stream } from '../streams/stream.ts';
import { deadLetters } from '../streams/table.ts';

/** The greatest origin offset met, by origin source and partition. Of one partition of the stream. */
export type Origins = Map<string, number>;

/** A topic that is made anew a few times has a few; whoever invents them must not fill the memory. */
export const ORIGINS_MAX = 50_000;

/** Where to look for what a stream that lands in `table` has met; nowhere for one without an origin. */
export function originTables({ origin, table: live }: Stream, table: string): string[] {
  if (origin === undefined) return [];
  // Of a replay: rows from before its start are in the live table until they are carried over.
  return [...new Set([table, deadLetters.name, live.name])];
}

export function originKey({ partition, source }: Pick<Origin, 'source' | 'partition'>): string {
  return `${source}/${partition}`;
}
