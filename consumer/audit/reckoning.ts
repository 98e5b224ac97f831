// The arithmetic of an audit: compares, for one partition, the broker's log with the tables. Pure. Counts
// come from the tables, offsets from the broker, and the two must meet.
import { covered, type OffsetRange } from '../gap.ts';

/** Rows of one kind below the position. */
export interface Counted {
  /** Rows. */
  readonly rows: number;
  /** Distinct offsets. */
  readonly offsets: number;
  /** Distinct offsets that are still in the log. */
  readonly inLog: number;
}

export interface PartitionFacts {
  readonly partition: number;
  /** First and one-past-last offset of the broker's log. */
  readonly log: { readonly begin: number; readonly end: number };
  /** Everything below it has landed, say the tables; undefined when they know nothing. */
  readonly position: number | undefined;
  readonly good: Counted;
  readonly dead: Counted;
  /** Distinct dead offsets at or above the position: recorded ahead of their batch's rows. */
  readonly deadAhead: number;
  /** Offsets that are both a row and a dead letter. */
  readonly both: number;
  /** The lowest offset of a row or dead letter. */
  readonly lowest: number | undefined;
  /** Offsets that left the log unread, as recorded. */
  readonly gaps: readonly OffsetRange[];
  /** Offsets without a record among those that were read: compacted, aborted, a marker; as recorded. */
  readonly absent: readonly OffsetRange[];
  /** Offsets of records that another one was made from already: left out, as recorded. */
  readonly duplicates: readonly OffsetRange[];
  /** Offsets of records that could not be read, as recorded. */
  readonly unreadable: readonly OffsetRange[];
  /** An older installation, which kept no coordinates, took everything below. */
  readonly seed: number | undefined;
  /** Everything below may have expired and is not counted in any of these figures; 0: nothing. */
  readonly expired: number;
  /** Sum of the checksums of the rows. */
  readonly checksum: bigint;
}

export interface PartitionAudit {
  readonly partition: number;
  readonly begin: number;
  readonly end: number;
  /** In the log: rows, dead letters, offsets in recorded gaps. */
  readonly good: number;
  readonly dead: number;
  readonly gap: number;
  /** Offsets that had no record when they were read, as recorded. */
  readonly absent: number;
  /** Records that were left out because another one was made from the same, as recorded. */
  readonly duplicates: number;
  /** Records that were passed over because they cannot be read, as recorded. */
  readonly unreadable: number;
  /** Offsets older than the log that the tables hold or have recorded as gaps. */
  readonly older: number;
  /** Offsets that should have landed and are nowhere. Negative: one is recorded over rows. */
  readonly missing: number;
  /** Rows and dead letters too many. */
  readonly surplus: number;
  /** Offsets that landed and that the log does not have. */
  readonly beyond: number;
  /** Records that are still to be ingested. */
  readonly behind: number;
  /** Offsets below may have expired and were not checked; 0: all were. */
  readonly expired: number;
  readonly checksum: bigint;
  /** Every offset that should have landed did, once. */
  readonly exact: boolean;
}

/** Does the partition add up? */
export function reckon(facts: PartitionFacts): PartitionAudit {
  const { both, checksum, dead, deadAhead, expired, good, log, partition } = facts;
  const seed = facts.seed ?? 0;
  const begin = Math.max(log.begin, seed, expired);
  const position = facts.position ?? log.begin;
  const gone = goneOf(facts, { first: begin, last: position - 1 });
  const landed = Math.max(0, position - begin);
  const missing = landed - (good.inLog + dead.inLog - both + gone.all) + missingOlder(facts);
  const surplus = good.rows - good.offsets + dead.rows - dead.offsets + both;
  const beyond = Math.max(0, position - log.end);
  // Dead letters and what had no record are recorded ahead of their batch's rows, or behind its last row.
  const ahead = goneOf(facts, { first: Math.max(position, begin), last: log.end - 1 });
  return {
    partition,
    begin: log.begin,
    end: log.end,
    good: good.inLog,
    dead: dead.inLog + deadAhead,
    gap: gone.gap,
    absent: gone.absent + ahead.absent + ahead.gap,
    duplicates: gone.duplicates + ahead.duplicates,
    unreadable: gone.unreadable + ahead.unreadable,
    older: good.offsets - good.inLog + dead.offsets - dead.inLog + goneBefore(facts),
    missing,
    surplus,
    beyond,
    behind: Math.max(0, log.end - Math.max(position, begin) - deadAhead - ahead.all),
    expired,
    checksum,
    exact: missing === 0 && surplus === 0 && beyond === 0,
  };
}

/** Offsets between the oldest that the tables know and the log's first one which are nowhere. */
function missingOlder(facts: PartitionFacts): number {
  const { dead, good, log } = facts;
  const known = oldest(facts);
  const first = known === undefined ? undefined : Math.max(known, facts.expired);
  // Rows that the seed covers are an older installation's, which kept no offsets.
  const end = Math.min(log.begin, facts.position ?? 0);
  if (first === undefined || first >= end) return 0;
  const held = good.offsets - good.inLog + dead.offsets - dead.inLog;
  return end - first - held - goneOf(facts, { first, last: end - 1 }).all;
}

/**
 * Offsets of `within` that are recorded as having no row of their own; one of several kinds counts as the
 * first of gap, duplicate, unreadable, absent.
 */
function goneOf({ absent, duplicates, gaps, unreadable }: PartitionFacts, within: OffsetRange) {
  const gap = covered(gaps, within);
  const upToDuplicates = covered([...gaps, ...duplicates], within);
  const upToUnreadable = covered([...gaps, ...duplicates, ...unreadable], within);
  const all = covered([...gaps, ...duplicates, ...unreadable, ...absent], within);
  return {
    all,
    gap,
    duplicates: upToDuplicates - gap,
    unreadable: upToUnreadable - upToDuplicates,
    absent: all - upToUnreadable,
  };
}

function goneBefore(facts: PartitionFacts): number {
  return goneOf(facts, { first: 0, last: facts.log.begin - 1 }).all;
}

function oldest(facts: PartitionFacts): number | undefined {
  const { absent, duplicates, gaps, lowest, unreadable } = facts;
  const known = [...gaps, ...duplicates, ...unreadable, ...absent].map(({ first }) => first);
  if (lowest !== undefined) known.push(lowest);
  return known.length === 0 ? undefined : Math.min(...known);
}
