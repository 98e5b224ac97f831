// The status of a device: online, late or offline, by the time since its last reading arrived. The dashboards
// take their colours and the alert "device silent" its limit from here.
import { words, type Column, type Thresholds } from './field.ts';
import type { Mapping } from './kinds.ts';
import { ARRIVED, type Window } from './window.ts';

/** Sensors report every few seconds, with pauses of up to 21; batches add up to two. */
export const LATE_AFTER_SEC = 30;
export const OFFLINE_AFTER_SEC = 300;

/** Colours of a silence in seconds. */
export const silenceThresholds: Thresholds = [
  [null, 'green'],
  [LATE_AFTER_SEC, 'orange'],
  [OFFLINE_AFTER_SEC, 'red'],
];

export const statusWords: Mapping[] = words({
  online: ['online', 'green'],
  late: ['late', 'orange'],
  offline: ['offline', 'red'],
});

/** Seconds since `time`, never negative. */
export function secondsSince(time: string): string {
  return `greatest(0, dateDiff('millisecond', ${time}, now64(3)) / 1000)`;
}

const STATUS = `multiIf(silent_for < ${LATE_AFTER_SEC}, 'online', silent_for < ${OFFLINE_AFTER_SEC}, 'late', 'offline')`;

/** Every device of the window with its status, the silent ones first, and `columns` of its newest row. */
export function deviceStatus(w: Window, columns: readonly string[]): string {
  const newest = columns.map((name) => `argMax(${name}, ${w.order}) AS latest_${name}`);
  const named = columns.map((name) => `latest_${name} AS ${name}`);
  return `SELECT ${[w.device, `${STATUS} AS status`, 'silent_for', 'last_seen', ...named, 'row_count'].join(', ')}
FROM (
  SELECT ${[w.device, `max(${ARRIVED}) AS last_seen`, `${secondsSince('last_seen')} AS silent_for`, ...newest, 'count() AS row_count'].join(', ')}
  FROM ${w.rows}
  ${w.where}
  GROUP BY ${w.device}
)
ORDER BY silent_for >= ${OFFLINE_AFTER_SEC} DESC, silent_for >= ${LATE_AFTER_SEC} DESC, ${w.device}`;
}

/** How many devices of the window are online, late and offline: three columns, one row. */
export function statusCounts(w: Window): string {
  return `SELECT countIf(status = 'online') AS online, countIf(status = 'late') AS late, countIf(status = 'offline') AS offline
FROM (
  SELECT ${secondsSince(`max(${ARRIVED})`)} AS silent_for, ${STATUS} AS status
  FROM ${w.rows}
  ${w.where}
  GROUP BY ${w.device}
)`;
}

/** How {@link statusCounts} is shown. */
export const statusCountColumns: readonly Column[] = [
  { name: 'online', displayName: 'online', color: 'green' },
  { name: 'late', displayName: 'late', thresholds: [[null, 'text'], [1, 'orange']] },
  { name: 'offline', displayName: 'offline', thresholds: [[null, 'text'], [1, 'red']] },
]; // prettier-ignore

/** How the columns of {@link deviceStatus} that every stream has are shown. */
export const statusColumns: readonly Column[] = [
  { name: 'status', displayName: 'Status', mappings: statusWords, coloured: true, width: 75 },
  {
    ...{ name: 'silent_for', displayName: 'Silent for', unit: 's', width: 95 },
    ...{ thresholds: silenceThresholds, coloured: true },
  },
  { name: 'row_count', displayName: 'Rows', unit: 'locale', decimals: 0, width: 85 },
];
