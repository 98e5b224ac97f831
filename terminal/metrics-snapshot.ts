// What `npm run metrics` knows at one moment: the rolling figures of the summary and the metrics of the
// last days, as they stand in the exported JSON. Names and meanings: docs/traffic-metrics.md. Pure.

/** A detector by its newest event. Instants are ISO 8601, UTC. */
export interface DetectorState {
  readonly detector_id: string;
  readonly detector_type: string;
  readonly detector_status: string;
  readonly signal_id: string;
  readonly is_operational: boolean;
  readonly events: number;
  readonly last_event: string;
  readonly last_seen: string;
}

export interface Day {
  /** `2026-11-21` */
  readonly day: string;
  readonly events: number;
  readonly hours_with_data: number;
  readonly mean_hourly_events: number;
  readonly peak_hour: number;
  readonly peak_events: number;
}

export interface Availability {
  readonly day: string;
  readonly detector_id: string;
  readonly hours_with_data: number;
  /** Percent of 24 hours. */
  readonly availability: number;
}

export interface HourlyCount {
  readonly detector_id: string;
  /** Its beginning. */
  readonly hour: string;
  readonly events: number;
}

/** The figures of the summary, over what arrived since `since`, or over everything when it is null. */
export interface Rolling {
  readonly since: string | null;
  readonly events: number;
  readonly detectors: number;
  /** By event time; null without events. */
  readonly last_event: string | null;
  /** Events of the 60 minutes up to `last_event`. */
  readonly events_last_hour: number;
  /** The newest day that has events. */
  readonly newest_day: Day | null;
  /** Detectors by the status of their newest event, most first. */
  readonly by_status: readonly { readonly status: string; readonly detectors: number }[];
  /** The detectors with the least availability on the newest day, 0 for those without an event on it. */
  readonly lowest_availability: readonly Pick<Availability, 'availability' | 'detector_id'>[];
  readonly most_events: readonly { readonly detector_id: string; readonly events: number }[];
}

export interface Snapshot {
  /** When the metrics were asked. */
  readonly generated_at: string;
  readonly rolling: Rolling;
  /** How many days `daily`, `availability` and `hourly` go back from the newest day that has events. */
  readonly days: number;
  readonly daily: readonly Day[];
  readonly availability: readonly Availability[];
  readonly hourly: readonly HourlyCount[];
  readonly detectors: readonly DetectorState[];
}

/** What the figures of the summary are made of, all of one scope. */
export interface RollingParts {
  readonly since: string | null;
  readonly detectors: readonly DetectorState[];
  readonly eventsLastHour: number;
  readonly newestDay: Day | undefined;
  /** Of the newest day. */
  readonly availability: readonly Availability[];
}

const NAMED = 5;

export function rollingOf(parts: RollingParts): Rolling {
  const { availability, detectors, eventsLastHour, newestDay, since } = parts;
  const known = new Map(availability.map((each) => [each.detector_id, each.availability]));
  const statuses = Map.groupBy(detectors, ({ detector_status }) => detector_status);
  const instants = detectors.map(({ last_event }) => last_event).toSorted();
  return {
    since,
    events: detectors.reduce((sum, { events }) => sum + events, 0),
    detectors: detectors.length,
    last_event: instants.at(-1) ?? null,
    events_last_hour: eventsLastHour,
    newest_day: newestDay ?? null,
    by_status: [...statuses]
      .map(([status, of]) => ({ status, detectors: of.length }))
      .toSorted((a, b) => b.detectors - a.detectors || compare(a.status, b.status)),
    lowest_availability: detectors
      .map(({ detector_id }) => ({ detector_id, availability: known.get(detector_id) ?? 0 }))
      .toSorted((a, b) => a.availability - b.availability || compare(a.detector_id, b.detector_id))
      .slice(0, NAMED),
    most_events: detectors
      .map(({ detector_id, events }) => ({ detector_id, events }))
      .toSorted((a, b) => b.events - a.events || compare(a.detector_id, b.detector_id))
      .slice(0, NAMED),
  };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
