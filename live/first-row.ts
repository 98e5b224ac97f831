// The start of a dashboard's own range while the installation is young: the first row of its tables, so that
// a chart of the first minute is not an empty quarter of an hour with a spike at its end.
import { streams } from '../streams/index.ts';
import { ingestTime, tableOf } from '../streams/table.ts';
import type { Dashboard } from './dashboards.ts';
import type { TimeRange } from './model/time-range.ts';

/** A shorter window would hold one batch. */
const SHORTEST_MS = 10_000;

/** Asks when the first row arrived of the tables that the panels read; undefined when they read none. */
export function firstRowSql({ panels }: Dashboard): string | undefined {
  const sql = panels.flatMap(({ queries }) => queries.map((query) => query.sql)).join('\n');
  const tables = streams
    .map((stream) => tableOf(stream).name)
    .filter((name) => new RegExp(`\\b${name}`).test(sql));
  if (tables.length === 0) return undefined;
  // The server knows the least and the greatest without reading rows.
  return tables
    .map(
      (table) =>
        `SELECT toUnixTimestamp64Milli(min(${ingestTime.name})) AS first FROM ${table} HAVING count() > 0`,
    )
    .join(' UNION ALL ');
}

/** The range as it is shown at `nowMs`: a dashboard's own begins with the first row when that is younger. */
export function sinceFirstRow(
  { shown }: Dashboard,
  range: TimeRange,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  firstMs: number | undefined,
): TimeRange {
  if (firstMs === undefined || !isOwn(shown.time, range)) return range;
  const beginMs = Math.min(Math.floor(firstMs / 1_000) * 1_000, toMs - SHORTEST_MS);
  return beginMs <= fromMs ? range : { from: String(beginMs), to: range.to };
}

/** Whether the range is the one that the dashboard opens with, and ends now. */
export function isOwn(own: TimeRange, { from, to }: TimeRange): boolean {
  return to === 'now' && own.to === to && own.from === from;
}
