// Reduces the values of a series to one number, by Grafana's names: lastNotNull, mean, max … Pure.
import type { Cell } from './protocol.ts';

type Reducer = (values: readonly number[], all: readonly Cell[]) => Cell;

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
const least = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Infinity);
const most = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), -Infinity);
const some = (values: readonly number[], of: (values: readonly number[]) => number): Cell =>
  values.length === 0 ? null : of(values);

const REDUCERS: Readonly<Record<string, Reducer>> = {
  lastNotNull: (_, all) => all.findLast((value) => value !== null) ?? null,
  last: (_, all) => all.at(-1) ?? null,
  firstNotNull: (_, all) => all.find((value) => value !== null) ?? null,
  first: (_, all) => all[0] ?? null,
  min: (values) => some(values, least),
  max: (values) => some(values, most),
  mean: (values) => some(values, (of) => sum(of) / of.length),
  sum: (values) => some(values, sum),
  count: (_, all) => all.length,
  range: (values) => some(values, (of) => most(of) - least(of)),
  diff: (values) => some(values, (of) => of.at(-1)! - of[0]!),
  median: (values) =>
    some(values, (of) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!),
  distinctCount: (_, all) => new Set(all).size,
};

const TITLES: Readonly<Record<string, string>> = {
  lastNotNull: 'Last',
  last: 'Last',
  firstNotNull: 'First',
  first: 'First',
  min: 'Min',
  max: 'Max',
  mean: 'Mean',
  sum: 'Total',
  count: 'Count',
  range: 'Range',
  diff: 'Difference',
  median: 'Median',
  distinctCount: 'Different',
};

/** One value out of many; null for none, and for a name that is not known. */
export function reduce(values: readonly Cell[], calculation: string): Cell {
  const numbers = values.filter((value) => typeof value === 'number' && Number.isFinite(value));
  return REDUCERS[calculation]?.(numbers as number[], values) ?? null;
}

/** The heading of a column of such values. */
export function reductionTitle(calculation: string): string {
  return TITLES[calculation] ?? calculation;
}
