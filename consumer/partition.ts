// The state of a partition that a consumer owns. A takeover makes it, and the next takeover replaces it.
import { lagOf, type OwnedPartition } from '../platform/kafka/partition-owner.ts';
import type { Origins } from './origins.ts';

export interface PartitionState extends OwnedPartition {
  /** The highest position that is recorded as a floor; beyond it only rows show what landed. */
  recorded: number;
  /** Offsets at or above `landed` that an earlier try recorded as dead. */
  readonly dead: ReadonlySet<number>;
  /** What was met of the stream's origin up to `position`. */
  readonly origins: Origins;
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
