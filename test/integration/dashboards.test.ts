// Every query of the committed dashboards runs on the real engine as Grafana's read-only user, expanded
// as the plugin does, and answers what its panel can draw: over data, over a replay, over nothing.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import type { Dashboard, Panel } from '../../grafana/dashboard.ts';
import type { Target } from '../../grafana/target.ts';
import { describeBackend } from '../backend/context.ts';
import { addReplay, ask, sensorTables, write, type SensorTables } from './dashboard-data.ts';
import { expectDrawable, TEXT } from './drawable.ts';
import { expand, type Viewed } from './grafana-macros.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'grafana', 'dashboards');
const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.json'));
const dashboards = await Promise.all(
  files.map(async (file) => JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Dashboard),
);
const panels = dashboards.flatMap((dashboard) => dashboard.panels);
const overview = dashboards.find(({ uid }) => uid === 'sensor-overview')!;
const queryOf = (title: string): string =>
  overview.panels.find((panel) => panel.title === title)!.targets![0]!.rawSql;

const NOW_MS = Date.now();
const all: Viewed = {
  fromMs: NOW_MS - 1_200_000,
  toMs: NOW_MS + 900_000,
  intervalMs: 5_000,
  variables: { device_id: 'all', stream: 'all', clock: ['arrival'], silence: ['10'] },
};

/** Each panel of a dashboard with each of its queries; a repeated one as its copy for one device. */
function* queries(dashboard: Dashboard, viewed: Viewed, device: string) {
  for (const panel of dashboard.panels) {
    const variables = panel.repeat === undefined ? {} : { [panel.repeat]: [device] };
    const seen = { ...viewed, variables: { ...viewed.variables, ...variables } };
    for (const query of panel.targets ?? []) yield { panel, query, seen };
  }
}

async function drawn(
  tables: SensorTables,
  dashboard: Dashboard,
  viewed: Viewed,
): Promise<{ panel: Panel; query: Target; rows: number }[]> {
  const results = [];
  for (const { panel, query, seen } of queries(dashboard, viewed, tables.devices[0]!)) {
    const answer = await ask(tables, expand(query.rawSql, seen));
    expectDrawable(panel, query, answer, seen);
    results.push({ panel, query, rows: answer.rows.length });
  }
  return results;
}

const emptyOnes = (results: readonly { panel: Panel; rows: number }[]): string[] =>
  results.filter(({ rows }) => rows === 0).map(({ panel }) => panel.title);

/** What a consumer that started has written down. */
const CLAIM = `INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, reason, epoch, owner)
  VALUES ('sensor_data', 'sensor_data@test', 0, 'claim', 1, 'consumer-1')`;

describeBackend('the dashboards', () => {
  it('draw data: every panel gets rows of the shape it needs', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    await addReplay(tables, NOW_MS);
    await write(tables, CLAIM);
    for (const dashboard of dashboards) {
      expect(emptyOnes(await drawn(tables, dashboard, all)), dashboard.title).toEqual([]);
    }
  });

  it('draw the committed readings by event time, in the window that the link leads to', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS, 0);
    await addReplay(tables, NOW_MS);
    const clocked = dashboards.filter((each) =>
      each.links.some(({ url }) => url?.includes('clock')),
    );
    expect(clocked.length).toBeGreaterThan(1);
    for (const dashboard of clocked) {
      const edge = async (name: string): Promise<number> => {
        const { query } = dashboard.templating.list.find((variable) => variable.name === name)!;
        return Number((await ask(tables, expand((query as Target).rawSql, all))).rows[0]![0]);
      };
      const [fromMs, toMs] = [await edge('events_from'), await edge('events_to')];
      expect(new Date(fromMs).getUTCFullYear()).toBe(2020);
      const variables = { ...all.variables, clock: ['event'] };
      const results = await drawn(tables, dashboard, { ...all, fromMs, toMs, variables });
      expect(emptyOnes(results), dashboard.title).toEqual([]);
    }
  });

  it('leave no panel without rows but live events, when only a replay arrives', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS, 0);
    await addReplay(tables, NOW_MS);
    const results = await Promise.all(dashboards.map((each) => drawn(tables, each, all)));
    expect(results.flatMap(emptyOnes).toSorted()).toEqual([
      'Dead letters by reason',
      'Dead letters over time',
      'Event to inserted, live events only',
      'Newest dead letters',
      'Takeovers and gaps',
    ]);
  });

  it('show one device when one is chosen, whatever its name holds', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const chosen = tables.devices[2]!;
    const one = { ...all, variables: { ...all.variables, device_id: [chosen], silence: ['3'] } };
    for (const panel of panels.filter(({ targets }) =>
      targets?.[0]?.rawSql.includes('$device_id'),
    )) {
      const { columns, rows } = await ask(tables, expand(panel.targets![0]!.rawSql, one));
      const device = columns.findIndex(({ name }) => name === 'device_id');
      if (device === -1) continue;
      expect(new Set(rows.map((row) => row[device])), panel.title).toEqual(new Set([chosen]));
    }
  });

  it('take the newest row of a device by ingest_time, then by offset', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const { rows } = await ask(tables, expand(queryOf('CO'), all));
    expect(rows).toEqual(tables.devices.toSorted().map((device) => [device, tables.latestCo]));
  });

  it('count rows and dead letters of the window only', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const count = async (title: string, viewed: Viewed): Promise<unknown> =>
      (await ask(tables, expand(queryOf(title), viewed))).rows[0]![0];
    expect(Number(await count('Rows in window', all))).toBe(tables.rowsNow);
    expect(Number(await count('Dead letters', all))).toBe(tables.deadNow);
    const longAgo = { ...all, fromMs: 0, toMs: 1_000 };
    expect(Number(await count('Rows in window', longAgo))).toBe(0);
    expect(await count('Last row', longAgo)).toBeNull();
  });

  it('count every row of whole intervals in the rates, and zero where nothing came', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const { rows } = await ask(tables, expand(queryOf('Events per second'), all));
    const sum = rows.reduce((total, row) => total + Number(row[2]) * 5, 0);
    expect(Math.round(sum)).toBe(tables.rowsNow);
    const whole = Math.floor((all.toMs - all.fromMs) / 5_000);
    const perDevice = rows.length / tables.devices.length;
    expect([whole - 1, whole]).toContain(perDevice);
  });

  it('draw nothing, without an error, while the tables are empty', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS, 0);
    for (const dashboard of dashboards) {
      for (const { panel, rows } of await drawn(tables, dashboard, all)) {
        expect(rows, panel.title).toBe(panel.type === 'stat' && panel.title !== 'Motion' ? 1 : 0);
      }
    }
  });

  it('fill their drop-downs with one column of texts, and lead links to a window in any case', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    await using empty = await sensorTables(inject('clickhouseUrl'), NOW_MS, 0);
    const variables = dashboards.flatMap(({ templating }) => templating.list);
    expect(variables.map(({ name }) => name)).toContain('device_id');
    for (const { name, query, type } of variables.filter((variable) => variable.type === 'query')) {
      expect(type).toBe('query');
      const sql = expand((query as Target).rawSql, all);
      const { columns, rows } = await ask(tables, sql);
      expect(columns).toHaveLength(1);
      expect(columns[0]!.type).toMatch(TEXT);
      expect(rows.length).toBeGreaterThan(0);
      if (!name.startsWith('events_')) continue;
      expect(String(rows[0]![0])).toMatch(/^\d{13}$/);
      expect(String((await ask(empty, sql)).rows[0]![0])).toMatch(/^now/);
    }
  });
});
