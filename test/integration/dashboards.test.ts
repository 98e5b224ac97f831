// Every query of the committed dashboards runs on the real engine as Grafana's read-only user, expanded
// as the plugin does, and answers what its panel can draw: over data, over a replay, over nothing.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Dashboard, Panel } from '../../grafana/dashboard.ts';
import type { Target } from '../../grafana/target.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { madeByReplay, tableOf } from '../../streams/table.ts';
import { describeBackend } from '../backend/context.ts';
import {
  addReplay,
  addTrafficReplay,
  ask,
  sensorTables,
  write,
  type SensorTables,
} from './dashboard-data.ts';
import { expectDrawable, TEXT } from './drawable.ts';
import { expand, type Viewed } from './grafana-macros.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'grafana', 'dashboards');
const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.json'));
const committed = await Promise.all(
  files.map(async (file) => JSON.parse(await readFile(join(FOLDER, file), 'utf8')) as Dashboard),
);
/** Streams of the user, whose dashboards new-stream writes, have no rows here. */
const dashboards = committed.filter(({ tags }) => !(tags as string[]).includes('starter'));
const panels = dashboards.flatMap((dashboard) => dashboard.panels);
const overview = dashboards.find(({ uid }) => uid === 'sensor-overview')!;
const queryOf = (title: string): string =>
  overview.panels.find((panel) => panel.title === title)!.targets![0]!.rawSql;
const currentOf = (title: string): string =>
  panels.find((panel) => panel.title === title)!.targets![0]!.rawSql;

const NOW_MS = Date.now();
const all: Viewed = {
  fromMs: NOW_MS - 1_200_000,
  toMs: NOW_MS + 900_000,
  intervalMs: 5_000,
  variables: {
    ...{ device_id: 'all', stream: 'all', clock: ['arrival'], silence: ['10'] },
    ...{ detector_id: 'all', detector_type: 'all', detector_status: 'all' },
  },
};
/** When the committed data happened. */
const YEARS: Record<string, number> = { 'traffic-overview': 2024 };

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

/** What a consumer that took a partition over has written down. */
const claim = (owner: string, epoch: number, table = 'sensor_data'): string =>
  `INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, reason, epoch, owner)
   VALUES ('${table}', 'sensor_data@test', 0, 'claim', ${epoch}, '${owner}')`;

describeBackend('the dashboards', () => {
  const stack = new AsyncDisposableStack();
  /** Live rows, a replay, a claim; live rows; a replay alone; nothing. None of the tests changes them. */
  let everything: SensorTables, live: SensorTables, replayed: SensorTables, empty: SensorTables;

  beforeAll(async () => {
    const make = async (rows?: number): Promise<SensorTables> =>
      stack.use(await sensorTables(inject('clickhouseUrl'), NOW_MS, rows));
    [everything, live] = [await make(), await make()];
    [replayed, empty] = [await make(0), await make(0)];
    for (const tables of [everything, replayed]) {
      await addReplay(tables, NOW_MS);
      await addTrafficReplay(tables, NOW_MS);
    }
    await write(everything, claim('consumer-1', 1));
  });

  afterAll(() => stack.disposeAsync());

  it('draw data: every panel gets rows of the shape it needs', async () => {
    for (const dashboard of dashboards) {
      expect(emptyOnes(await drawn(everything, dashboard, all)), dashboard.title).toEqual([]);
    }
  });

  it('draw the committed readings by event time, in the window that the link leads to', async () => {
    const clocked = dashboards.filter((each) =>
      each.links.some(({ url }) => url?.includes('clock')),
    );
    expect(clocked.length).toBeGreaterThan(1);
    for (const dashboard of clocked) {
      const edge = async (name: string): Promise<number> => {
        const { query } = dashboard.templating.list.find((variable) => variable.name === name)!;
        return Number((await ask(replayed, expand((query as Target).rawSql, all))).rows[0]![0]);
      };
      const [fromMs, toMs] = [await edge('events_from'), await edge('events_to')];
      const years = [fromMs, toMs].map((ms) => new Date(ms).getUTCFullYear());
      const year = YEARS[dashboard.uid] ?? 2020;
      expect(years, dashboard.title).toEqual([year, year]);
      const variables = { ...all.variables, clock: ['event'] };
      const results = await drawn(replayed, dashboard, { ...all, fromMs, toMs, variables });
      expect(emptyOnes(results), dashboard.title).toEqual([]);
    }
  });

  it('leave no panel without rows but what is none of a replay, when only one arrives', async () => {
    // Reports without a time of their own happened when they were sent: live events.
    const viewed = { ...all, variables: { ...all.variables, stream: ['sensor_data'] } };
    const results = await Promise.all(dashboards.map((each) => drawn(replayed, each, viewed)));
    expect(results.flatMap(emptyOnes).toSorted()).toEqual([
      'Dead letters by reason',
      'Dead letters over time',
      'Event to inserted, live events only',
      'Newest dead letters',
      'Takeovers and gaps',
    ]);
  });

  it('show one device when one is chosen, whatever its name holds', async () => {
    const chosen = live.devices[2]!;
    const one = { ...all, variables: { ...all.variables, device_id: [chosen], silence: ['3'] } };
    for (const panel of panels.filter(({ targets }) =>
      targets?.[0]?.rawSql.includes('$device_id'),
    )) {
      const { columns, rows } = await ask(live, expand(panel.targets![0]!.rawSql, one));
      const device = columns.findIndex(({ name }) => name === 'device_id');
      if (device === -1) continue;
      expect(new Set(rows.map((row) => row[device])), panel.title).toEqual(new Set([chosen]));
    }
  });

  it('show the 14 newest days of a replay, without the few reports of today, whatever the window', async () => {
    const traffic = dashboards.find(({ uid }) => uid === 'traffic-overview')!;
    const longAgo = { ...all, fromMs: 0, toMs: 1_000 };
    const daily = traffic.panels.filter(({ title }) => title.startsWith('Daily '));
    expect(daily).toHaveLength(3);
    const days = 'SELECT toString(day) AS day FROM traffic_daily_average ORDER BY day DESC';
    const known = (await ask(replayed, days)).rows.map(([day]) => String(day));
    expect(Number(known[0]!.slice(0, 4))).toBeGreaterThan(2025);
    expect(known.at(-1)).toBe('2024-03-04');
    expect(known.length).toBeGreaterThan(16);
    for (const { targets, title } of daily) {
      const { rows } = await ask(replayed, expand(targets![0]!.rawSql, longAgo));
      const shown = rows.map(([day]) => String(day).slice(0, 10));
      expect(shown, title).toEqual(known.slice(1, 15));
    }
  });

  it('show the detectors of the type and status that are chosen, and no others', async () => {
    const traffic = dashboards.find(({ uid }) => uid === 'traffic-overview')!;
    const variables = { ...all.variables, detector_type: ['LOOP'], detector_status: ['FAILED'] };
    const { rawSql } = traffic.panels.find(({ title }) => title === 'Sensor health')!.targets![0]!;
    const { columns, rows } = await ask(live, expand(rawSql, { ...all, variables }));
    const of = (name: string): unknown[] => {
      return rows.map((row) => row[columns.findIndex((column) => column.name === name)]);
    };
    expect(of('detector_id')).toEqual(['D0008', 'D0016']);
    expect(new Set(of('detector_status'))).toEqual(new Set(['FAILED']));
    expect(new Set(of('detector_type'))).toEqual(new Set(['LOOP']));
    const everyOne = await ask(live, expand(rawSql, all));
    expect(everyOne.rows.slice(0, 4).map((row) => row[1])).toEqual(['FAILED', 'FAILED', 'FAILED', 'OK']); // prettier-ignore
  });

  it('take the newest row of a device by ingest_time, then by offset', async () => {
    const { rows } = await ask(live, expand(queryOf('CO'), all));
    expect(rows).toEqual(live.devices.toSorted().map((device) => [device, live.latestCo]));
  });

  it('count rows and dead letters of the window only', async () => {
    const count = async (title: string, viewed: Viewed): Promise<unknown> =>
      (await ask(live, expand(queryOf(title), viewed))).rows[0]![0];
    expect(Number(await count('Rows in window', all))).toBe(live.rowsNow);
    expect(Number(await count('Dead letters in window', all))).toBe(live.deadNow);
    const longAgo = { ...all, fromMs: 0, toMs: 1_000 };
    expect(Number(await count('Rows in window', longAgo))).toBe(0);
    expect(await count('Last row', longAgo)).toBeNull();
  });

  it('count every row in the rates, zero where nothing came, and no time without a table', async () => {
    // All of its rows lie in the past by now.
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS - 120_000);
    const viewed = { ...all, intervalMs: 60_000, fromMs: NOW_MS - 600_000, toMs: NOW_MS };
    const total = async (): Promise<{ sum: number; points: number }> => {
      const { rows } = await ask(tables, expand(queryOf('Events per second'), viewed));
      const sum = rows.reduce((all, row) => all + Number(row[2]) * 60, 0);
      return { sum: Math.round(sum), points: rows.length / tables.devices.length };
    };
    // The first interval and the last are as long as the window covers them.
    const whole = Math.floor(viewed.fromMs / 60_000) * 60_000 === viewed.fromMs ? 10 : 11;
    const { points, sum } = await total();
    expect(sum).toBe(tables.rowsNow);
    expect([whole - 2, whole - 1, whole]).toContain(points);
    // Without the rows of long ago nothing is known of the time before the first row.
    await write(tables, "DELETE FROM sensor_data WHERE ingest_time < now() - INTERVAL 1 DAY SETTINGS lightweight_mutation_projection_mode = 'rebuild'"); // prettier-ignore
    const mean = currentOf('Events per second by device');
    const { rows } = await ask(tables, expand(mean, viewed));
    // The five rows of the first batch are when the two minutes begin.
    const expected = (tables.rowsNow / tables.devices.length - 5) / 120;
    for (const [, perSecond] of rows) expect(Number(perSecond)).toBeCloseTo(expected, 3);
    expect(rows).toHaveLength(tables.devices.length);
    expect((await total()).points).toBeLessThan(5);
  });

  it('tell who owns a partition, also of a table that a replay has put in its place', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS);
    const health = dashboards.find(({ uid }) => uid === 'pipeline-health')!;
    const { rawSql } = health.panels.find(({ title }) => title === 'Partitions')!.targets![0]!;
    const owner = async (): Promise<unknown> => {
      const { columns, rows } = await ask(tables, expand(rawSql, all));
      return rows[0]![columns.findIndex(({ name }) => name === 'owned_by')];
    };
    await write(
      tables,
      claim('b', 1),
      claim('a', 2),
      claim('of another table', 3, 'replay_0a1b2c3d'),
    );
    expect(await owner()).toBe('a');
    const comment = madeByReplay.comment(tableOf(sensorData), '0a1b2c3d');
    await write(tables, `ALTER TABLE sensor_data MODIFY COMMENT '${comment}'`);
    expect(await owner()).toBe('of another table');
  });

  it('draw nothing, without an error, while the tables are empty', async () => {
    for (const dashboard of dashboards) {
      for (const { panel, rows } of await drawn(empty, dashboard, all)) {
        expect(rows, panel.title).toBe(panel.type === 'stat' && panel.title !== 'Motion' ? 1 : 0);
      }
    }
  });

  it('fill their drop-downs with one column of texts, and lead links to a window in any case', async () => {
    const variables = dashboards.flatMap(({ templating }) => templating.list);
    expect(variables.map(({ name }) => name)).toContain('device_id');
    for (const { name, query, type } of variables.filter((variable) => variable.type === 'query')) {
      expect(type).toBe('query');
      const sql = expand((query as Target).rawSql, all);
      const { columns, rows } = await ask(live, sql);
      expect(columns).toHaveLength(1);
      expect(columns[0]!.type).toMatch(TEXT);
      expect(rows.length).toBeGreaterThan(0);
      if (!name.startsWith('events_')) continue;
      expect(String(rows[0]![0])).toMatch(/^\d{13}$/);
      expect(String((await ask(empty, sql)).rows[0]![0])).toMatch(/^now/);
    }
  });
});
