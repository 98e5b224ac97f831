// The state that `npm run traffic-report` shows: the rolling figures of the summary and the metrics of the last
// days, as the exported JSON holds them. docs/traffic-metrics.md defines the names. Pure.

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
  /** The newest days that have events, newest first: three at most. */
  readonly newest_days: readonly Day[];
  /** Detectors by the status of their newest event, most first. */
  readonly by_status: readonly { readonly status: string; readonly detectors: number }[];
  /** The detectors with the least availability over the days of the file. */
  readonly lowest_availability: readonly Pick<Availability, 'availability' | 'detector_id'>[];
  readonly most_events: readonly { readonly detector_id: string; readonly events: number }[];
}

export interface Snapshot {
  /** When the metrics were asked. */
  readonly generated_at: string;
  readonly rolling: Rolling;
  /** How many days that have events the figures are of, at most: the newest ones. */
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
  /** The newest ones that have events, newest first. */
  readonly days: readonly Day[];
  /** Of these days. */
  readonly availability: readonly Availability[];
}

const NAMED = 5;
const NEWEST_DAYS = 3;
const HOURS_OF_DAY = 24;

export function rollingOf(parts: RollingParts): Rolling {
  const { availability, days, detectors, eventsLastHour, since } = parts;
  const hours = new Map<string, number>();
  for (const { detector_id, hours_with_data } of availability) {
    hours.set(detector_id, (hours.get(detector_id) ?? 0) + hours_with_data);
  }
  const percent = (detector: string): number =>
    ((hours.get(detector) ?? 0) * 100) / (HOURS_OF_DAY * Math.max(1, days.length));
  const statuses = Map.groupBy(detectors, ({ detector_status }) => detector_status);
  const instants = detectors.map(({ last_event }) => last_event).toSorted();
  return {
    since,
    events: detectors.reduce((sum, { events }) => sum + events, 0),
    detectors: detectors.length,
    last_event: instants.at(-1) ?? null,
    events_last_hour: eventsLastHour,
    newest_days: days.slice(0, NEWEST_DAYS),
    by_status: [...statuses]
      .map(([status, of]) => ({ status, detectors: of.length }))
      .toSorted((a, b) => b.detectors - a.detectors || compare(a.status, b.status)),
    lowest_availability: detectors
      .map(({ detector_id }) => ({ detector_id, availability: percent(detector_id) }))
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
