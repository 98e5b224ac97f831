// What one consumer knows of a partition it owns. Made by a takeover, gone with the next one.
import type { Origins } from './origins.ts';

export interface PartitionState {
  /** The next offset to take from Kafka: everything below is landed or on its way. */
  position: number;
  /** Everything below it has landed. */
  landed: number;
  /** The highest position that is recorded as a floor; beyond it only rows show what landed. */
  recorded: number;
  /** One past the last record of the log, as last seen. */
  end: number;
  /** Offsets at or above `landed` that an earlier try recorded as dead. */
  readonly dead: ReadonlySet<number>;
  /** What was met of the stream's origin up to `position`. */
  readonly origins: Origins;
  /** Where the last seek went, until something is taken. */
  sought: number | undefined;
}

/** Records that Kafka holds and ClickHouse does not, over all partitions. */
export function lagOf(states: Iterable<PartitionState>): number {
  let lag = 0;
  for (const { end, landed } of states) lag += Math.max(0, end - landed);
  return lag;
}

/** True when Kafka holds records that were not even taken yet. */
export function isBehind(states: Iterable<PartitionState>): boolean {
  for (const { end, position } of states) if (position < end) return true;
  return false;
}

/** Tells the lag as far as partitions are known: what is said last must not be from before. */
export function reportLag(
  states: ReadonlyMap<number, PartitionState> | undefined,
  metrics: { readonly lag: (records: number) => void },
): void {
  if (states !== undefined) metrics.lag(lagOf(states.values()));
}
