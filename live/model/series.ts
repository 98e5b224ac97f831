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

/**
 * Each line on top of the ones after it, for stacked panels: the first is the sum of all, so that drawn in
 * order no line hides another. Nothing counts as 0.
 */
export function stacked(
  values: readonly (readonly (number | null | undefined)[])[],
): (number | null)[][] {
  const sums: number[] = [];
  return values
    .toReversed()
    .map((row) =>
      row.map((value, i) => {
        sums[i] = (sums[i] ?? 0) + (value ?? 0);
        return sums[i];
      }),
    )
    .reverse();
}
