// Reads the facts of `consumer_positions` about a partition for the audit: ranges of offsets by reason, and
// the position of an older installation. A fact without a readable range is an error: it would hide rows or
// invent lost ones.
import { UnavailableError } from '../../platform/errors.ts';
import { readGap, type OffsetRange } from '../gap.ts';

export interface RecordedFact {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly detail: string;
}

/** The ranges recorded for a partition for `reason`. */
export function rangesOf(
  reason: string,
  floors: readonly RecordedFact[],
  partition: number,
): OffsetRange[] {
  const facts = floors.filter((floor) => floor.partition === partition && floor.reason === reason);
  return facts.flatMap(({ detail }) => {
    const ranges = readGap(detail);
    if (ranges.length > 0) return ranges;
    // One that cannot be read would be taken for lost rows, or hide some.
    const text = `the ${reason} recorded for partition ${partition} says no range: ${detail}`;
    throw new UnavailableError(text);
  });
}

export function seedOf(floors: readonly RecordedFact[]): number | undefined {
  const seeds = floors.filter(({ reason }) => reason === 'upgrade').map(({ offset }) => offset);
  return seeds.length === 0 ? undefined : Math.max(...seeds);
}
