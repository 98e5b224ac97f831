// The request of a browser, checked against the dashboard: range, refresh, width and values of variables. A
// wrong value is one sentence for the person who wrote it.
import type { Dashboard } from './dashboards.ts';
import type { PublicDashboard } from './model/dashboard.ts';
import { durationMs, intervalMs, rangeMs, type TimeRange } from './model/time-range.ts';
import type { Viewed } from './sql/macros.ts';

export interface Selection {
  readonly dashboard: Dashboard;
  readonly range: TimeRange;
  /** 0: only when the page asks. */
  readonly refreshMs: number;
  /** Points a chart of full width has room for. */
  readonly points: number;
  readonly variables: Readonly<Record<string, readonly string[] | 'all'>>;
}

/** What is wrong with what a browser asked for. */
export class SelectionError extends Error {
  override readonly name = 'SelectionError';
}

const ALL = '$__all';
const MAX_VALUES = 100;
const MAX_VALUE_LENGTH = 200;
const MIN_REFRESH_MS = 1_000;
const MAX_REFRESH_MS = 86_400_000;
/** Widths come in few sizes, so that browsers share answers. */
const WIDTHS = [400, 800, 1_600] as const;

/** @throws {SelectionError} naming what is wrong. */
export function readSelection(dashboard: Dashboard, query: URLSearchParams): Selection {
  const { shown } = dashboard;
  const range = {
    from: query.get('from') ?? shown.time.from,
    to: query.get('to') ?? shown.time.to,
  };
  if (range.from.length > 40 || range.to.length > 40 || rangeMs(range, Date.now()) === undefined) {
    throw new SelectionError(
      'The address has no valid time range. Give from and to as now-15m, as milliseconds since 1970 or as 2020-07-12, from before to.',
    );
  }
  const known = new Set(shown.variables.map(({ name }) => name));
  for (const name of query.keys()) {
    if (name.startsWith('var-') && !known.has(name.slice(4))) {
      throw new SelectionError(`The dashboard has no variable ${printable(name.slice(4))}.`);
    }
  }
  return {
    ...{ dashboard, range },
    refreshMs: readRefresh(query.get('refresh') ?? shown.refresh),
    points: WIDTHS.find((width) => width >= Number(query.get('width') ?? 0)) ?? WIDTHS.at(-1)!,
    variables: Object.fromEntries(
      shown.variables.map((each) => [
        each.name,
        readValues(each, query.getAll(`var-${each.name}`)),
      ]),
    ),
  };
}

function readRefresh(text: string): number {
  if (text === '' || text === 'off') return 0;
  const ms = durationMs(text);
  if (ms === undefined || ms < MIN_REFRESH_MS || ms > MAX_REFRESH_MS) {
    throw new SelectionError('The address has no valid refresh. Give off, or 1s to 1d.');
  }
  return ms;
}

function readValues(
  { includeAll, initial, label, multi, options, type }: PublicDashboard['variables'][number],
  given: readonly string[],
): readonly string[] | 'all' {
  const values = given.length === 0 ? initial : given;
  if (values.some((value) => value === ALL || value === 'All') && includeAll) return 'all';
  if (type === 'adhoc')
    throw new SelectionError('Ad hoc filters are not understood here; Grafana has them.');
  if (values.length > MAX_VALUES || values.some(({ length }) => length > MAX_VALUE_LENGTH)) {
    throw new SelectionError(
      `${label}: at most ${MAX_VALUES} values of ${MAX_VALUE_LENGTH} characters.`,
    );
  }
  if (values.length > 1 && !multi) throw new SelectionError(`${label}: takes one value only.`);
  const closed = ['custom', 'interval', 'constant'].includes(type);
  const unknown = values.find((value) => !options.some((option) => option.value === value));
  if (closed && unknown !== undefined) {
    throw new SelectionError(`${label}: ${printable(unknown)} is not one of its values.`);
  }
  return values;
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?'));
}

/** What the selection shows at `nowMs`, for a panel whose points are at least `minIntervalMs` wide. */
export function viewedAt(
  { points, range, variables }: Selection,
  nowMs: number,
  minIntervalMs: number,
  options: Readonly<Record<string, readonly string[]>>,
): Viewed {
  const filled = Object.entries(variables).map(([name, values]) => {
    // A list without a choice begins with its first value, once it is known.
    return [name, values.length === 0 ? (options[name] ?? []).slice(0, 1) : values] as const;
  });
  // Checked when the selection was read; only a range that ends in the past of `from` could differ.
  const { fromMs, toMs } = rangeMs(range, nowMs) ?? { fromMs: nowMs - 1, toMs: nowMs };
  return {
    fromMs,
    toMs,
    intervalMs: intervalMs(toMs - fromMs, points, minIntervalMs),
    variables: Object.fromEntries(filled),
    options,
  };
}
