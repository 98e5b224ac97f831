// The answers that a kind of panel can draw: the columns and rows of its query, as Grafana's panels and the
// plugin's frames need them.
import { expect } from 'vitest';
import type { Panel } from '../../grafana/dashboard.ts';
import type { Target } from '../../grafana/target.ts';
import type { Answer } from './dashboard-data.ts';
import type { Viewed } from './grafana-macros.ts';

const NUMBER = /^(Nullable\()?(U?Int\d+|Float\d+)\)?$/;
const TIME = /^DateTime(64)?(\(|$)/;
export const TEXT = /^(LowCardinality\()?String\)?$/;

/** Fails unless `panel` can draw `answer`. */
export function expectDrawable(panel: Panel, query: Target, answer: Answer, viewed: Viewed): void {
  const { queryType, format } = query;
  expect(format, panel.title).toBe(queryType === 'timeseries' ? 0 : 1);
  const overTime = ['timeseries', 'state-timeline'].includes(panel.type);
  expect(queryType === 'timeseries', panel.title).toBe(overTime);
  if (overTime) expectTimeSeries(panel, answer, viewed);
  else if (panel.type === 'table') expectTitles(panel, answer);
  else expectFigures(panel, answer);
}

/** What the plugin makes frames of: a time, texts that name the lines, numbers. */
function expectTimeSeries({ title }: Panel, { columns, rows }: Answer, viewed: Viewed): void {
  expect(columns[0], title).toMatchObject({
    name: 'time',
    type: expect.stringMatching(TIME) as string,
  });
  const rest = columns.slice(1).map(({ type }) => type);
  expect(rest.filter((type) => TEXT.test(type)).length, title).toBeLessThanOrEqual(1);
  expect(rest.filter((type) => NUMBER.test(type)).length, title).toBeGreaterThanOrEqual(1);
  expect(rest.filter((type) => !TEXT.test(type) && !NUMBER.test(type))).toEqual([]);
  const times = rows.map(([time]) => String(time));
  expect(times, title).toEqual(times.toSorted());
  // Grafana says "Data outside time range" when no point is inside.
  const outside = times
    .map((time) => Date.parse(`${time.replace(' ', 'T')}Z`))
    .filter((ms) => !(ms >= viewed.fromMs && ms <= viewed.toMs));
  expect(outside, title).toEqual([]);
}

/** A raw column name is no heading. */
function expectTitles({ fieldConfig, title }: Panel, { columns }: Answer): void {
  const titled = fieldConfig!.overrides
    .filter(({ properties }) => properties.some(({ id }) => id === 'displayName'))
    .map(({ matcher }) => String(matcher.options));
  expect(
    columns.map(({ name }) => name).filter((name) => !titled.includes(name)),
    title,
  ).toEqual([]);
}

function expectFigures(panel: Panel, { columns, rows }: Answer): void {
  const texts = columns.filter(({ type }) => TEXT.test(type));
  const numbers = columns.filter(({ type }) => NUMBER.test(type));
  expect(texts.length + numbers.length, panel.title).toBe(columns.length);
  const options = panel.options as { reduceOptions?: { values: boolean }; xField?: string };
  if (panel.type === 'barchart') {
    expect(texts.map(({ name }) => name)).toEqual([options.xField]);
    expect(numbers.length).toBeGreaterThan(0);
  } else if (options.reduceOptions?.values === true) {
    expect(texts, panel.title).toHaveLength(1);
    expect(numbers, panel.title).toHaveLength(1);
  } else {
    expect(texts, panel.title).toEqual([]);
    expect(rows, panel.title).toHaveLength(1);
  }
}
