// Decides whether a fetched batch continues a partition at our position. kafkajs starts to fetch before our
// seek (it does not await our joining) and resets out-of-range offsets by itself, so every batch is checked.

export interface Standing {
  /** The next offset to ingest. */
  readonly position: number;
  /** The position of the last seek: less than `position` once something was taken. */
  readonly sought: number | undefined;
}

export interface Fetched {
  readonly fetchedOffset: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/**
 * - `take`: it contains the position; records below it are skipped.
 * - `seek`: it was fetched from elsewhere; ask again at the position.
 * - `hole`: it was fetched from the position, or a seek to it brought nothing nearer, and yet begins
 *   after it: compaction, a transaction's marker, or retention removed what was between.
 */
export type Continuity = 'take' | 'seek' | 'hole';

export function continuity({ position, sought }: Standing, batch: Fetched): Continuity {
  if (batch.lastOffset < position) return 'seek';
  if (batch.firstOffset <= position) return 'take';
  return batch.fetchedOffset === position || sought === position ? 'hole' : 'seek';
}
