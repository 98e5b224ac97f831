// Asks ClickHouse for the traffic metrics: the figures of the summary over a scope of rows, and the views.
import type { ClickHouseReader } from '../../platform/clickhouse/reader.ts';
import {
  trafficMetrics,
  trafficViews,
  type TrafficMetrics,
} from '../../streams/traffic-metrics.ts';
import { trafficEvents } from '../../streams/traffic.ts';
import {
  rollingOf,
  type Availability,
  type Day,
  type DetectorState,
  type HourlyCount,
  type Rolling,
  type Snapshot,
} from './snapshot.ts';

const table = trafficEvents.table.name;
const stored = trafficViews(table);

/** `null`: everything. Else what arrived since, epoch milliseconds of ClickHouse's clock. */
export type Since = number | null;

interface Scope {
  readonly rows: string;
  readonly metrics: TrafficMetrics;
}

/** Everything is asked of the views themselves; a part of the rows by the same definitions. */
function scopeOf(since: Since): Scope {
  if (since === null) {
    const all = ({ name }: { readonly name: string }): string => `SELECT * FROM ${name}`;
    const { dailyAvailability, dailyAverage, dailyPeak, detectors, hourly } = stored;
    const metrics: TrafficMetrics = {
      hourly: all(hourly),
      dailyPeak: all(dailyPeak),
      dailyAverage: all(dailyAverage),
      dailyAvailability: all(dailyAvailability),
      detectors: all(detectors),
    };
    return { rows: table, metrics };
  }
  const moment = `fromUnixTimestamp64Milli(toInt64(${since}), 'UTC')`;
  const rows = `(SELECT * FROM ${table} WHERE ingest_time >= ${moment})`;
  return { rows, metrics: trafficMetrics(rows) };
}

export class MetricsQueries {
  readonly #reader: ClickHouseReader;
  readonly #signal: AbortSignal;

  /** Queries end with `signal`. */
  constructor(reader: ClickHouseReader, signal: AbortSignal) {
    this.#reader = reader;
    this.#signal = signal;
  }

  /** The server's time, which is the one that rows arrive by; epoch milliseconds. */
  async nowMs(): Promise<number> {
    const [row] = await this.#rows('SELECT toString(toUnixTimestamp64Milli(now64(3))) AS ms');
    return Number(row!['ms']);
  }

  /** The figures of the summary, availability over so many days. @throws as ClickHouseReader.read */
  async rolling(since: Since, days: number): Promise<Rolling> {
    const { metrics, rows } = scopeOf(since);
    const detectors = await this.#detectors(metrics);
    const newest = await this.#days(metrics, days);
    return rollingOf({
      since: since === null ? null : new Date(since).toISOString(),
      detectors,
      eventsLastHour: detectors.length === 0 ? 0 : await this.#lastHour(rows),
      days: newest,
      availability: await this.#since(newest, (day) => this.#availability(metrics, day)),
    });
  }

  /** What the exported file holds. @throws as ClickHouseReader.read */
  async snapshot(rolling: Rolling, days: number): Promise<Snapshot> {
    const { metrics } = scopeOf(null);
    const generated_at = new Date(await this.nowMs()).toISOString();
    const newest = await this.#days(metrics, days);
    const availability = await this.#since(newest, (day) => this.#availability(metrics, day));
    const hourly = await this.#since(newest, (day) => this.#hourly(metrics, day));
    const detectors = await this.#detectors(metrics);
    return {
      generated_at,
      rolling,
      days,
      daily: newest.toReversed(),
      availability,
      hourly,
      detectors,
    };
  }

  /** What there is since the first of the days; nothing where there is none. */
  async #since<T>(days: readonly Day[], ask: (day: string) => Promise<T[]>): Promise<T[]> {
    const first = days.at(-1);
    return first === undefined ? [] : ask(first.day);
  }

  async #lastHour(rows: string): Promise<number> {
    const newest = `(SELECT max(ts) FROM ${rows})`;
    const sql = `SELECT count() AS events FROM ${rows} WHERE ts > ${newest} - INTERVAL 1 HOUR`;
    const [row] = await this.#rows(sql);
    return Number(row!['events']);
  }

  async #detectors({ detectors }: TrafficMetrics): Promise<DetectorState[]> {
    const rows = await this.#rows(`SELECT * FROM (${detectors}) ORDER BY detector_id`);
    return rows.map((row) => ({
      detector_id: String(row['detector_id']),
      detector_type: String(row['detector_type']),
      detector_status: String(row['detector_status']),
      signal_id: String(row['signal_id']),
      is_operational: Number(row['is_operational']) === 1,
      events: Number(row['events']),
      last_event: iso(row['last_event']),
      last_seen: iso(row['last_seen']),
    }));
  }

  /** The newest ones that have events, newest first. */
  async #days({ dailyAverage, dailyPeak }: TrafficMetrics, limit: number): Promise<Day[]> {
    const sql = `SELECT * FROM (${dailyAverage}) AS average INNER JOIN (${dailyPeak}) AS peak USING (day)
ORDER BY day DESC LIMIT ${limit}`;
    const rows = await this.#rows(sql);
    return rows.map((row) => ({
      day: String(row['day']),
      events: Number(row['events']),
      hours_with_data: Number(row['hours_with_data']),
      mean_hourly_events: Number(row['mean_hourly_events']),
      peak_hour: Number(row['peak_hour']),
      peak_events: Number(row['peak_events']),
    }));
  }

  async #availability(
    { dailyAvailability }: TrafficMetrics,
    from: string,
  ): Promise<Availability[]> {
    const sql = `SELECT * FROM (${dailyAvailability}) WHERE day >= {from:Date} ORDER BY day, detector_id`;
    const rows = await this.#rows(sql, { from });
    return rows.map((row) => ({
      day: String(row['day']),
      detector_id: String(row['detector_id']),
      hours_with_data: Number(row['hours_with_data']),
      availability: Number(row['availability']),
    }));
  }

  async #hourly({ hourly }: TrafficMetrics, from: string): Promise<HourlyCount[]> {
    const sql = `SELECT * FROM (${hourly}) WHERE toDate(hour) >= {from:Date} ORDER BY detector_id, hour`;
    const rows = await this.#rows(sql, { from });
    return rows.map((row) => ({
      detector_id: String(row['detector_id']),
      hour: iso(row['hour']),
      events: Number(row['events']),
    }));
  }

  async #rows(
    sql: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<Record<string, unknown>[]> {
    const { columns, rows } = await this.#reader.read(sql, parameters, this.#signal);
    return rows.map((cells) =>
      Object.fromEntries(columns.map(({ name }, at) => [name, cells[at]])),
    );
  }
}

/** `2026-11-21 10:00:00` as ClickHouse writes UTC, as `2026-11-21T10:00:00Z`. */
function iso(text: unknown): string {
  return `${String(text).replace(' ', 'T')}Z`;
}
