// The times at which a device takes its readings: a fixed pause, retries while the humidity sensor does not
// answer, and the scheduler's jitter. Irregular below the second, on schedule over the days.
import type { Random } from './random.ts';

export interface Clock {
  /** Epoch seconds of the first reading. */
  startSec: number;
  /** The mean interval that the clock keeps to over the days. */
  meanSec: number;
  /** The interval of a reading that needs no retry. */
  pauseSec: number;
  retrySec: number;
  retryShare: number;
  maxRetries: number;
  /** Typical scatter of an interval. */
  jitterSec: number;
}

// Pulls the clock back to its mean interval without being seen in a single interval.
const SCHEDULE_PULL = 0.0001;
const HICCUP_SHARE = 0.02;
const HICCUP_SEC = 0.1;

/** The times of the readings in epoch seconds, ascending, without end. */
export function* readingTimes(clock: Clock, random: Random): Generator<number, never> {
  let atSec = clock.startSec;
  for (let index = 0; ; index += 1) {
    yield atSec;
    const behindSec = atSec - clock.startSec - index * clock.meanSec;
    let retries = 0;
    while (retries < clock.maxRetries && random.chance(clock.retryShare)) retries += 1;
    const scatter = clock.jitterSec * random.bell();
    const hiccup = random.chance(HICCUP_SHARE) ? HICCUP_SEC * random.bell() : 0;
    atSec +=
      clock.pauseSec + retries * clock.retrySec + scatter + hiccup - behindSec * SCHEDULE_PULL;
  }
}
