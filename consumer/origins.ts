// Which records were met before, for a stream that a processor makes from another one: a processor that
// died between producing and committing made some twice. Pure. What it rests on: within one partition the
// first appearances of the records of one origin partition are in order, because a new processor starts at
// or before the first record whose product was never acknowledged.
import { ORIGIN_HEADER, readOrigin, type Origin } from '../streams/origin.ts';
import type { Stream } from '../streams/stream.ts';
import { deadLetters } from '../streams/table.ts';
import type { Records } from '../platform/kafka/record-batch.ts';

/** The greatest origin offset met, by origin source and partition. Of one partition of the stream. */
export type Origins = Map<string, number>;

const HEADER_NAME = Buffer.from(ORIGIN_HEADER);
/** A topic that is made anew a few times has a few; whoever invents them must not fill the memory. */
const ORIGINS_MAX = 50_000;

/**
 * Of what a record was made; undefined when its header does not say, or names yet another origin partition
 * after very many.
 */
export function originOf(records: Pick<Records, 'header'>, met: Origins): Origin | undefined {
  const text = records.header(HEADER_NAME);
  const origin = text === undefined ? undefined : readOrigin(text.toString());
  if (origin === undefined || met.size < ORIGINS_MAX) return origin;
  return met.has(originKey(origin)) ? origin : undefined;
}

/** Notes an origin; true when a record made from it, or from a later one, was met before. */
export function isDuplicate(origins: Origins, origin: Origin): boolean {
  const key = originKey(origin);
  const greatest = origins.get(key) ?? -1;
  if (origin.offset <= greatest) return true;
  origins.set(key, origin.offset);
  return false;
}

/** Where to look for what a stream that lands in `table` has met; nowhere for one without an origin. */
export function originTables({ origin, table: live }: Stream, table: string): string[] {
  if (origin === undefined) return [];
  // Of a replay: rows from before its start are in the live table until they are carried over.
  return [...new Set([table, deadLetters.name, live.name])];
}

export function originKey({ partition, source }: Pick<Origin, 'source' | 'partition'>): string {
  return `${source}/${partition}`;
}
