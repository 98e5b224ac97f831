// The state of a detector, hour by hour: mostly OK; now and then silent for hours, failed until a repair,
// restored; with a minor fault for a while; and some are removed.
import type { Random } from '../random.ts';

export type Status =
  'OK' | 'OK - COMMUNICATION RESTORED' | 'OK - MINOR FAULT' | 'FAILED' | 'REMOVED';

export interface Condition {
  /** What the reports of this hour say; undefined: there are none. */
  readonly status: Status | undefined;
  /** Whether the state is news, so that this hour has a report in any case. */
  readonly news: boolean;
}

/** Chance of each in an hour. */
const OUTAGE = 0.0009;
const MINOR_FAULT = 0.0008;
/** Share of the detectors that are taken away, at any hour of the time that is looked at. */
const REMOVED_SHARE = 0.04;

/** The states of one detector from the first hour on, without end. */
export function* conditions(hours: number, random: Random): Generator<Condition, never> {
  const removedAt = random.chance(REMOVED_SHARE) ? between(hours / 4, hours, random) : Infinity;
  const plan: Condition[] = [];
  for (let hour = 0; ; hour += 1) {
    if (hour >= removedAt) {
      const last = hour === removedAt;
      yield { status: last ? 'REMOVED' : undefined, news: last };
      continue;
    }
    if (plan.length === 0) plan.push(...next(random));
    yield plan.shift()!;
  }
}

/** What comes after an hour in which all was well. */
function next(random: Random): Condition[] {
  if (random.chance(OUTAGE)) {
    return [
      ...lasting(undefined, between(4, 30, random)),
      ...lasting('FAILED', between(1, 8, random)),
      ...lasting('OK - COMMUNICATION RESTORED', 6),
    ];
  }
  if (random.chance(MINOR_FAULT)) return lasting('OK - MINOR FAULT', between(5, 40, random));
  return [{ status: 'OK', news: false }];
}

function lasting(status: Status | undefined, hours: number): Condition[] {
  return Array.from({ length: hours }, (_, hour) => ({
    status,
    news: status !== undefined && hour === 0,
  }));
}

/** An integer from `least` up to, but not including, `most`. */
function between(least: number, most: number, random: Random): number {
  return Math.floor(least + random.next() * (most - least));
}
