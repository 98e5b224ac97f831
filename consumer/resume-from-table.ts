// Where to continue: pure arithmetic over the tables and the log of one partition. The table is the state;
// the log only says which records are still there.
import { describeGap } from './gap.ts';

/** What is known of a partition before reading it. */
export interface Known {
  /** Everything below it has landed, though no row may show it. */
  readonly floor: number | undefined;
  /** Offsets of the rows in the stream's table. */
  readonly rows: { readonly max: number; readonly min: number; readonly count: number } | undefined;
  /** What the group committed; used only to seed a table that an older installation filled. */
  readonly committed: number | undefined;
  /** The table holds rows without coordinates and this topic was never read by this version. */
  readonly upgraded: boolean;
  readonly log: { readonly begin: number; readonly end: number };
}

export interface Floor {
  readonly offset: number;
  readonly reason: 'start' | 'upgrade' | 'gap';
  readonly detail: string;
}

/** What happened to the offsets of a gap. */
export const LEFT_THE_LOG = 'left the log before they were read';

export type Resume =
  | {
      readonly kind: 'at';
      /** The next offset to ingest. */
      readonly position: number;
      /** A fact to record before anything else is written. */
      readonly floor: Floor | undefined;
    }
  /** The log ends before what has landed: the broker lost records under the same topic id. */
  | { readonly kind: 'log-truncated'; readonly position: number };

/** Decides where to go on with a partition. */
export function resume(known: Known): Resume {
  const { committed, floor, log, rows, upgraded } = known;
  const landed = Math.max(floor ?? 0, rows === undefined ? 0 : rows.max + 1);
  const fresh = floor === undefined && rows === undefined;
  const seed = fresh && upgraded ? committed : undefined;
  if (seed !== undefined && seed <= log.end) {
    const position = Math.max(seed, log.begin);
    const detail = `first floor from the committed offset ${seed}`;
    return { kind: 'at', position, floor: { offset: position, reason: 'upgrade', detail } };
  }
  // A log that was never read starts where it starts: what retention took before is no gap of ours.
  // Written down, so that what retention takes from now on is one, even if no row came before it.
  if (fresh) {
    const start: Floor = {
      offset: log.begin,
      reason: 'start',
      detail: 'first reading of this log',
    };
    return { kind: 'at', position: log.begin, floor: start };
  }
  if (landed > log.end) return { kind: 'log-truncated', position: landed };
  if (landed >= log.begin) return { kind: 'at', position: landed, floor: undefined };
  const lost = { first: landed, last: log.begin - 1 };
  const detail = describeGap([lost], LEFT_THE_LOG);
  const gap: Floor = { offset: log.begin, reason: 'gap', detail };
  return { kind: 'at', position: log.begin, floor: gap };
}

/**
 * How many offsets between the first and the last row have none (positive), or how many rows are too
 * many (negative). `dead` counts the dead letters in between; what is recorded as gone counts as a hole here.
 */
export function holes(rows: { max: number; min: number; count: number }, dead: number): number {
  return rows.max - rows.min + 1 - rows.count - dead;
}
