// How busy roads are by the hour: two rush hours from Monday to Friday, one flat hump at weekends. The
// city of the generated detectors keeps UTC, so hours of the day are hours of the timestamps.

/** Relative to a mean hour of a working day. */
const WORKING_DAY = [
  ...[0.25, 0.2, 0.15, 0.15, 0.25, 0.6, 1.3, 2.1, 2.2, 1.4, 1, 1],
  ...[1.05, 1.05, 1.15, 1.5, 2, 2.3, 1.8, 1.15, 0.8, 0.6, 0.45, 0.35],
];
const WEEKEND_DAY = [
  ...[0.4, 0.35, 0.3, 0.25, 0.25, 0.3, 0.4, 0.55, 0.7, 0.85, 0.95, 1],
  ...[1.05, 1.05, 1, 1, 0.95, 0.95, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5],
];

/** The busiest that an hour gets. */
export const RUSH = Math.max(...WORKING_DAY);

const SATURDAY = 6;
const SUNDAY = 0;

/** The demand in the hour that begins at `atMs`, relative to a mean hour of a working day. */
export function demandAt(atMs: number): number {
  const at = new Date(atMs);
  const weekend = at.getUTCDay() === SATURDAY || at.getUTCDay() === SUNDAY;
  return (weekend ? WEEKEND_DAY : WORKING_DAY)[at.getUTCHours()]!;
}
