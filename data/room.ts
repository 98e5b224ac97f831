// How a quantity in a room changes: it follows the hour of the day and drifts around that, so
// neighbouring readings are alike and no two hours are. Pure: time and chance come from the caller.
import type { Random } from './random.ts';

export interface Course {
  /** The mean over a day, in the quantity's own unit. */
  centre: number;
  /** How far the daily course leaves the centre. */
  swing: number;
  /** The hour (UTC) of the daily maximum. */
  peakHour: number;
  /** Standard deviation of the drift around the daily course. */
  drift: number;
  /** After this long the drift has mostly forgotten where it was. */
  driftTimeSec: number;
  /** The value at the first reading. */
  start: number;
}

const DAY_SEC = 86_400;

/**
 * Follows `course` from `startSec` (epoch seconds) on: each call moves the time ahead and returns
 * the value then.
 */
export function followCourse(
  course: Course,
  startSec: number,
  random: Random,
): (atSec: number) => number {
  const daily = (sec: number): number =>
    course.centre + course.swing * dayWave(sec / DAY_SEC - course.peakHour / 24);
  let lastSec = startSec;
  let offset = course.start - daily(startSec);
  return (atSec) => {
    const share = Math.min(1, (atSec - lastSec) / course.driftTimeSec);
    offset += -offset * share + course.drift * Math.sqrt(2 * share) * random.bell();
    lastSec = atSec;
    return daily(atSec) + offset;
  };
}

/** A round wave with period 1: 1 at 0, -1 at 0.5. Parabolas, because Math.cos is not portable. */
function dayWave(turns: number): number {
  const quarterLater = turns + 0.25;
  const half = (quarterLater - Math.floor(quarterLater)) * 2;
  return half < 1 ? 4 * half * (1 - half) : -4 * (half - 1) * (2 - half);
}
