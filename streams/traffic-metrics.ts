// The definitions of the traffic figures: sums of the detectors' events and the state of each detector. They
// are views over the base table and projections that keep sums part by part, so late, repeated and replayed
// events count the moment they land, and no figure can drift from the rows.
import type { Projection, View } from './stream.ts';

/** Everything is UTC, as the table's instants are. */
const HOUR = 'toStartOfHour(ts)';

/** The newest event: of equal times the one that arrived last. */
const NEWEST = '(ts, ingest_time, kafka_offset)';
const STATE = `argMax((detector_type, detector_status, signal_id, is_operational), ${NEWEST})`;

/** Sorted by hour first: a question about some days reads those days. */
const hourly: Projection = {
  name: 'hourly',
  select: `SELECT ${HOUR}, detector_id, count() GROUP BY ${HOUR}, detector_id`,
};

const detectors: Projection = {
  name: 'detectors',
  select: `SELECT detector_id, count(), max(ts), max(ingest_time), ${STATE} GROUP BY detector_id`,
};

/** What the table keeps computed for the metrics. */
export const trafficProjections: readonly Projection[] = [hourly, detectors];

/** The SELECT of each metric. */
export interface TrafficMetrics {
  /** detector_id, hour, events. */
  readonly hourly: string;
  /** day, peak_hour (0 to 23), peak_events. */
  readonly dailyPeak: string;
  /** day, events, hours_with_data, mean_hourly_events. */
  readonly dailyAverage: string;
  /** day, detector_id, hours_with_data, availability (percent). */
  readonly dailyAvailability: string;
  /** detector_id, its newest state, events, last_event, last_seen. */
  readonly detectors: string;
}

/** The metrics of `rows`: the table's name, or a SELECT of some of its rows in parentheses. */
export function trafficMetrics(rows: string): TrafficMetrics {
  const ofAll = `SELECT ${HOUR} AS hour, count() AS hour_events FROM ${rows} GROUP BY hour`;
  return {
    hourly: `SELECT detector_id, ${HOUR} AS hour, count() AS events
FROM ${rows}
GROUP BY detector_id, hour`,
    dailyPeak: `SELECT toDate(hour) AS day,
  toHour(argMax(hour, (hour_events, -toInt64(toUnixTimestamp(hour))))) AS peak_hour,
  max(hour_events) AS peak_events
FROM (${ofAll})
GROUP BY day`,
    dailyAverage: `SELECT toDate(hour) AS day, sum(hour_events) AS events, count() AS hours_with_data,
  events / hours_with_data AS mean_hourly_events
FROM (${ofAll})
GROUP BY day`,
    dailyAvailability: `SELECT toDate(hour) AS day, detector_id, count() AS hours_with_data,
  hours_with_data * 100 / 24 AS availability
FROM (SELECT detector_id, ${HOUR} AS hour FROM ${rows} GROUP BY detector_id, hour)
GROUP BY day, detector_id`,
    detectors: `SELECT detector_id, state.1 AS detector_type, state.2 AS detector_status, state.3 AS signal_id,
  state.4 AS is_operational, events, last_event, last_seen
FROM (
  SELECT detector_id, ${STATE} AS state, count() AS events, max(ts) AS last_event, max(ingest_time) AS last_seen
  FROM ${rows}
  GROUP BY detector_id
)`,
  };
}

/** The metrics of a table as views, by what they are. */
export function trafficViews(table: string): Readonly<Record<keyof TrafficMetrics, View>> {
  const metrics = trafficMetrics(table);
  return {
    hourly: {
      name: 'traffic_hourly',
      select: metrics.hourly,
      comment: 'Events of each detector in each hour (UTC, by event time) that has any',
    },
    dailyPeak: {
      name: 'traffic_daily_peak',
      select: metrics.dailyPeak,
      comment:
        'Of each day (UTC) the hour, 0 to 23, with the most events of all detectors together; of equal ones the first',
    },
    dailyAverage: {
      name: 'traffic_daily_average',
      select: metrics.dailyAverage,
      comment:
        'Mean hourly count of each day (UTC): events of all detectors by the hours of the day that have any, so a day that is not over is not too low',
    },
    dailyAvailability: {
      name: 'traffic_daily_availability',
      select: metrics.dailyAvailability,
      comment:
        'Percent of the 24 hours of each day (UTC) in which a detector sent anything; detectors without any event have no row',
    },
    detectors: {
      name: 'traffic_detectors',
      select: metrics.detectors,
      comment:
        'Each detector by its newest event (by event time), with when it happened and when anything of it arrived last',
    },
  };
}
