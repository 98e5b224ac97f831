// Turns the answers of a time-series panel into lines on one time axis: a text column tells lines apart,
// every number column is one line for each of its texts. Pure.
import type { Column, Frame } from './protocol.ts';

export interface Series {
  /** What the legend says. */
  readonly name: string;
  /** The number column it comes from. */
  readonly field: string;
  readonly refId: string;
  /** The texts it is told apart by, by column. */
  readonly labels: Readonly<Record<string, string>>;
  /** One value for every time; null where there is none. */
  readonly values: (number | null)[];
}

export interface TimeSeries {
  /** Milliseconds, ascending, each once. */
  readonly timesMs: number[];
  readonly series: Series[];
}

interface Sparse {
  readonly field: string;
  readonly label: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly refId: string;
  readonly points: Map<number, number>;
}

/** The lines of all frames; a frame without a time column has none. */
export function toTimeSeries(frames: readonly Frame[]): TimeSeries {
  const sparse = frames.flatMap(linesOf);
  const timesMs = [...new Set(sparse.flatMap(({ points }) => [...points.keys()]))].sort(
    (a, b) => a - b,
  );
  const fields = new Set(sparse.map(({ field, refId }) => `${refId} ${field}`)).size;
  const series = sparse.map(({ field, label, labels, points, refId }) => ({
    name: label === '' ? field : fields > 1 ? `${field} ${label}` : label,
    ...{ field, labels, refId },
    values: timesMs.map((at) => points.get(at) ?? null),
  }));
  return { timesMs, series };
}

function linesOf({ columns, refId }: Frame): Sparse[] {
  const time = columns.find(({ kind }) => kind === 'time');
  if (time === undefined) return [];
  const labels = columns.filter(({ kind }) => kind === 'text');
  const found = new Map<string, Sparse>();
  for (const column of columns.filter(({ kind }) => kind === 'number')) {
    time.values.forEach((at, row) => {
      const value = column.values[row];
      if (typeof at !== 'number') return;
      const label = labelAt(labels, row);
      const key = `${column.name}\n${label}`;
      let line = found.get(key);
      if (line === undefined) {
        line = {
          field: column.name,
          label,
          labels: labelsAt(labels, row),
          refId,
          points: new Map(),
        };
        found.set(key, line);
      }
      if (typeof value === 'number') line.points.set(at, value);
    });
  }
  return [...found.values()];
}

function labelsAt(columns: readonly Column[], row: number): Record<string, string> {
  return Object.fromEntries(columns.map(({ name, values }) => [name, String(values[row] ?? '')]));
}

function labelAt(labels: readonly Column[], row: number): string {
  return labels.map(({ values }) => String(values[row] ?? '')).join(' ');
}

/**
 * What a chart draws: `null` breaks a line, `undefined` is passed over. A hole is passed over when it is
 * not longer than `spanMs` (true: always, false: never), or than the distance of two points, `intervalMs`.
 * Where every line has a longer hole, so that no time stands in it, one is put in.
 */
export function withGaps(
  { series, timesMs }: TimeSeries,
  spanMs: number | boolean,
  intervalMs = 0,
): { timesMs: number[]; values: (number | null | undefined)[][] } {
  const limitMs = spanMs === true ? Infinity : spanMs === false ? 0 : Math.max(spanMs, intervalMs);
  const times: number[] = [];
  timesMs.forEach((at, i) => {
    const before = timesMs[i - 1];
    if (before !== undefined && limitMs > 0 && at - before > limitMs) times.push(before + 1);
    times.push(at);
  });
  const index = new Map(timesMs.map((at, i) => [at, i]));
  const values = series.map((line) => {
    const row = times.map((at) => {
      const i = index.get(at);
      return i === undefined ? null : line.values[i]!;
    });
    return bridged(row, times, limitMs);
  });
  return { timesMs: times, values };
}

function bridged(
  row: readonly (number | null)[],
  times: readonly number[],
  limitMs: number,
): (number | null | undefined)[] {
  const result: (number | null | undefined)[] = [...row];
  let last = -1;
  row.forEach((value, i) => {
    if (value === null) return;
    if (i - last > 1 && last >= 0 && times[i]! - times[last]! <= limitMs) {
      result.fill(undefined, last + 1, i);
    }
    last = i;
  });
  return result;
}

/** Whether a line stands on others, and on which. */
export interface Stacking {
  readonly mode: 'none' | 'normal' | 'percent';
  readonly group: string;
}

type Values = readonly (number | null | undefined)[];

/**
 * Where the lines of a chart are drawn: the first of a stack at the bottom, each other one on top of those before
 * it, negative ones downwards; of `percent`, as shares of 1. A line without stacking is as it is. Nothing counts
 * as 0 where another line of the stack has a value.
 */
export function stacked(values: readonly Values[], stackings: readonly Stacking[]): Values[] {
  const keys = stackings.map((stacking, i) => stackKey(stacking, values[i]!));
  const sums = new Map<string, number[]>();
  const known = new Map<string, Set<number>>();
  const totals = new Map<string, number[]>();
  values.forEach((row, i) => {
    const total = totals.get(keys[i]!) ?? [];
    const some = known.get(keys[i]!) ?? new Set();
    row.forEach((value, at) => {
      total[at] = (total[at] ?? 0) + Math.abs(value ?? 0);
      if (typeof value === 'number') some.add(at);
    });
    totals.set(keys[i]!, total);
    known.set(keys[i]!, some);
  });
  return values.map((row, i) => {
    const { mode } = stackings[i]!;
    if (mode === 'none') return row;
    const key = keys[i]!;
    const sum = sums.get(key) ?? [];
    sums.set(key, sum);
    return row.map((value, at) => {
      if (!known.get(key)!.has(at)) return value === undefined ? undefined : null;
      const part = mode === 'percent' ? totals.get(key)![at]! || 1 : 1;
      sum[at] = (sum[at] ?? 0) + (value ?? 0) / part;
      return sum[at];
    });
  });
}

/** Lines with the same key stand on each other. */
export function stackKey({ group, mode }: Stacking, values: Values): string {
  const numbers = values.filter((value) => typeof value === 'number');
  const down = numbers.some((value) => value < 0) && numbers.every((value) => value <= 0);
  return `${mode} ${group} ${down ? 'down' : 'up'}`;
}
