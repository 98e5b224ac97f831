// Queries about the traffic detectors: their states, the daily metrics, events by status. They read the
// metrics from the views of streams/traffic-metrics.ts, so a figure is equal everywhere.
import { trafficEvents } from '../streams/traffic.ts';
import { trafficViews } from '../streams/traffic-metrics.ts';
import type { ColumnName } from '../streams/stream.ts';
import { ARRIVED, byClock, chosenAmong } from './window.ts';

export type TrafficColumn = ColumnName<typeof trafficEvents.event>;

const rows = trafficEvents.table.name;
const views = trafficViews(rows);
const { key } = trafficEvents;

/** What can be chosen above the panels besides the detector. */
export const CHOICES = [
  'detector_type',
  'detector_status',
] as const satisfies readonly TrafficColumn[];

/** The events of the window. */
export const events = byClock(trafficEvents, 'chosen', CHOICES);

const CHOSEN = `WHERE ${[key, ...CHOICES].map(chosenAmong).join(' AND ')}`;

/** Days without any event are no days: a replay of old data may be years before the newest event. */
export const DAYS = 14;

/** Days further apart than this are of different times, as those of a replay and of today. */
const APART_DAYS = 7;
/** Enough to find as many beside a week of others. */
const sinceDay = `(SELECT min(day) FROM (SELECT day FROM ${views.dailyAverage.name} ORDER BY day DESC LIMIT ${DAYS + APART_DAYS}))`;

/**
 * The newest days. A replay holds a few reports without a time of their own, which are of the day on which they
 * are sent: days apart from the others are left out while less than a quarter of the detectors is heard on them.
 */
const newestDays = `(
  SELECT arrayJoin(days) AS day FROM (
    SELECT days, heard, max(heard) OVER () AS most FROM (
      SELECT groupArray(day) AS days, max(heard) AS heard FROM (
        SELECT day, heard, sum(apart) OVER (ORDER BY day) AS nth FROM (
          SELECT day, heard, dateDiff('day', lagInFrame(day, 1, day) OVER (ORDER BY day), day) > ${APART_DAYS} AS apart FROM (
            SELECT day, count() AS heard FROM ${views.dailyAvailability.name}
            WHERE day >= ${sinceDay}
            GROUP BY day
          )
        )
      )
      GROUP BY nth
    )
  )
  WHERE heard * 4 >= most
  ORDER BY day DESC
  LIMIT ${DAYS}
)`;
const THESE = `day >= ${sinceDay} AND day IN ${newestDays}`;

export const eventCount = `${events.with}SELECT count() AS events FROM ${events.rows}
${events.where}`;

export const byStatus = `${events.with}SELECT ${'detector_status' satisfies TrafficColumn}, count() AS events
FROM ${events.rows}
${events.where}
GROUP BY detector_status
ORDER BY events DESC, detector_status`;

export const detectorCounts = `SELECT countIf(is_operational = 1) AS operational, countIf(is_operational = 0) AS not_operational
FROM ${views.detectors.name}
${CHOSEN}`;

/** Every detector by its newest event, those that do not work first. */
export const health = `SELECT ${key}, detector_status, is_operational, availability, last_event, last_seen, detector_type, signal_id, events
FROM ${views.detectors.name}
LEFT JOIN (
  SELECT ${key}, sum(hours_with_data) * 100 / (SELECT sum(hours_with_data) FROM ${views.dailyAverage.name} WHERE ${THESE}) AS availability
  FROM ${views.dailyAvailability.name}
  WHERE ${THESE}
  GROUP BY ${key}
) AS up USING (${key})
${CHOSEN}
ORDER BY is_operational, availability, ${key}`;

export const dailyPeak = `SELECT concat(toString(day), ' · ', leftPad(toString(peak_hour), 2, '0'), ':00') AS peak, peak_events
FROM ${views.dailyPeak.name}
WHERE ${THESE}
ORDER BY day DESC`;

export const dailyAverage = `SELECT toString(day) AS of_day, mean_hourly_events
FROM ${views.dailyAverage.name}
WHERE ${THESE}
ORDER BY day DESC`;

/** Of the hours of the day that have any event, and of the detectors that sent anything on any of the days. */
export const dailyAvailability = `SELECT toString(day) AS of_day, sum(up.hours_with_data) * 100 / (any(those.hours_with_data) * (
  SELECT uniqExact(${key}) FROM ${views.dailyAvailability.name} WHERE ${THESE}
)) AS availability
FROM ${views.dailyAvailability.name} AS up
INNER JOIN ${views.dailyAverage.name} AS those USING (day)
WHERE ${THESE}
GROUP BY day
ORDER BY day DESC`;

export const detectorNames = `SELECT ${key} FROM ${views.detectors.name} ORDER BY ${key}`;

export const detectorTypes = `SELECT detector_type FROM ${views.detectors.name} GROUP BY detector_type ORDER BY detector_type`;

/** Of the newest events, and of those that arrived lately. */
export const detectorStatuses = `SELECT detector_status FROM (
  SELECT detector_status FROM ${views.detectors.name}
  UNION ALL
  SELECT detector_status FROM ${rows} WHERE ${ARRIVED} > now64(3) - INTERVAL 1 DAY
) GROUP BY detector_status ORDER BY detector_status`;

/**
 * The share of the detectors heard from in the window of a rule whose newest event says that they do not
 * work. Removed ones are no failure, and of a few detectors one is no share.
 */
export const failingShare = `SELECT '${trafficEvents.name}' AS stream, if(count() < 10, 0, countIf(operational = 0) / count()) AS share
FROM (
  SELECT ${key}, argMax(is_operational, (ts, ${ARRIVED}, kafka_offset)) AS operational, argMax(detector_status, (ts, ${ARRIVED}, kafka_offset)) AS status
  FROM ${rows}
  WHERE $__timeFilter_ms(${ARRIVED})
  GROUP BY ${key}
)
WHERE NOT startsWith(status, 'REMOVED')`;
