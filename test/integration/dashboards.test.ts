// Every query of the committed dashboards runs on the real engine, expanded as the plugin does, and
// answers what its panel can draw: over data, over one device, over a window and a table without rows.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import type { Dashboard, Panel, Target } from '../../grafana/panel.ts';
import { describeBackend } from '../backend/context.ts';
import { ask, sensorTables, type Answer } from './dashboard-data.ts';
import { expand, type Viewed } from './grafana-macros.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'grafana', 'dashboards');
const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.json'));
const dashboards = await Promise.all(
  files.map(async (file) => JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Dashboard),
);
const panels = dashboards.flatMap((dashboard) => dashboard.panels);
const sensorPanel = (title: string): Panel => panels.find((panel) => panel.title === title)!;

const NOW_MS = Date.now();
const all: Viewed = {
  fromMs: NOW_MS - 900_000,
  toMs: NOW_MS + 900_000,
  intervalMs: 5_000,
  variables: { device_id: 'all' },
};

const NUMBER = /^(Nullable\()?(U?Int\d+|Float\d+)\)?$/;
const TIME = /^DateTime(64)?(\(|$)/;
const TEXT = /^(LowCardinality\()?String\)?$/;

/** What the plugin makes frames of: a time, texts that name the lines, numbers. */
function expectTimeSeries({ columns, rows }: Answer): void {
  expect(columns[0]).toMatchObject({ name: 'time', type: expect.stringMatching(TIME) as string });
  const rest = columns.slice(1).map(({ type }) => type);
  expect(rest.filter((type) => TEXT.test(type)).length).toBeLessThanOrEqual(1);
  expect(rest.filter((type) => NUMBER.test(type)).length).toBeGreaterThanOrEqual(1);
  const odd = rest.filter((type) => !TEXT.test(type) && !NUMBER.test(type));
  expect(odd).toEqual([]);
  const times = rows.map(([time]) => String(time));
  expect(times).toEqual(times.toSorted());
}

function expectDrawable(panel: Panel, { queryType, format }: Target, answer: Answer): void {
  expect(format).toBe(queryType === 'timeseries' ? 0 : 1);
  if (queryType === 'timeseries') expectTimeSeries(answer);
  else if (panel.type !== 'table') {
    const types = answer.columns.map(({ type }) => type);
    expect(types.filter((type) => NUMBER.test(type))).toHaveLength(1);
    expect(types.length).toBeLessThanOrEqual(2);
  }
}

describeBackend('the dashboards', () => {
  it('are there, and their panels do not share an id or a place', () => {
    expect(files).toContain('sensor_overview.json');
    for (const { panels: own } of dashboards) {
      expect(new Set(own.map(({ id }) => id)).size).toBe(own.length);
      const cells = own.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...cells.map((cell) => Number(cell.split(',')[0])))).toBeLessThan(24);
    }
  });

  it('draw data: every panel gets rows of the shape it needs', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    for (const panel of panels) {
      for (const query of panel.targets) {
        const answer = await ask(tables, expand(query.rawSql, all));
        expect(answer.rows.length, panel.title).toBeGreaterThan(0);
        expectDrawable(panel, query, answer);
      }
    }
  });

  it('show one device when one is chosen, whatever its name holds', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const one = { ...all, variables: { device_id: [tables.devices[2]!] } };
    for (const title of ['Temperature', 'CO', 'Motion', 'Latest readings']) {
      const { rawSql } = sensorPanel(title).targets[0]!;
      const { columns, rows } = await ask(tables, expand(rawSql, one));
      const device = columns.findIndex(({ name }) => name === 'device_id');
      expect(new Set(rows.map((row) => row[device]))).toEqual(new Set([tables.devices[2]]));
    }
  });

  it('take the newest row of a device by ingest_time, then by offset', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const { rawSql } = sensorPanel('CO').targets[0]!;
    const { rows } = await ask(tables, expand(rawSql, all));
    expect(rows).toEqual(tables.devices.toSorted().map((device) => [device, tables.latestCo]));
  });

  it('count rows and dead letters of the window only', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const count = async (title: string, viewed: Viewed): Promise<unknown> => {
      const { rawSql } = sensorPanel(title).targets[0]!;
      return (await ask(tables, expand(rawSql, viewed))).rows[0]![0];
    };
    expect(Number(await count('Rows in window', all))).toBe(tables.rowsNow);
    expect(Number(await count('Dead letters', all))).toBe(tables.deadNow);
    const longAgo = { ...all, fromMs: 0, toMs: 1_000 };
    expect(Number(await count('Rows in window', longAgo))).toBe(0);
    expect(await count('Last row', longAgo)).toBeNull();
  });

  it('draw nothing, without an error, while the tables are empty', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS, 0);
    for (const panel of panels) {
      for (const query of panel.targets) {
        const answer = await ask(tables, expand(query.rawSql, all));
        expect(answer.rows.length, panel.title).toBeLessThanOrEqual(1);
        expectDrawable(panel, query, answer);
      }
    }
  });

  it('fill their drop-downs with one column of texts', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const variables = dashboards.flatMap(({ templating }) => templating.list);
    expect(variables.map(({ name }) => name)).toContain('device_id');
    for (const variable of variables) {
      const { columns, rows } = await ask(tables, expand(variable.query.rawSql, all));
      expect(columns).toHaveLength(1);
      expect(columns[0]!.type).toMatch(TEXT);
      expect(rows.length).toBeGreaterThan(0);
    }
  });
});
