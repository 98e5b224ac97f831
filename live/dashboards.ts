// The dashboards of grafana/dashboards/ as the page uses them: checked at reading, without their SQL for
// browsers, and with it for the server.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../platform/errors.ts';
import type {
  DashboardEntry,
  Panel,
  PublicDashboard,
  VariableDeclaration,
} from './model/dashboard.ts';
import { durationMs } from './model/time-range.ts';

const ALL = '$__all';
/** The dashboards that come with the project, in the order of the navigation; those of one's own go before them. */
const BUILT_IN = [
  'sensor_overview.json',
  'current_status_and_events.json',
  'current_status_table.json',
  'traffic_overview.json',
  'pipeline_health.json',
];

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const target = z.object({
  refId: z.string().max(50),
  rawSql: z.string().max(100_000).default(''),
  format: z.number().optional(),
  queryType: z.string().optional(),
  hide: z.boolean().optional(),
});
const place = z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() });
const basicPanel = z.looseObject({
  id: z.int(),
  type: z.string(),
  title: z.string().default(''),
  gridPos: place,
  interval: z.string().optional(),
  repeat: z.string().optional(),
  targets: z.array(target).default([]),
});
const panel = basicPanel.extend({ panels: z.array(basicPanel).optional() });
const variable = z.looseObject({
  name: z.string().regex(/^\w{1,50}$/),
  label: z.string().nullish(),
  type: z.string(),
  description: z.string().nullish(),
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  hide: z.union([z.number(), z.string()]).optional(),
  refresh: z.number().nullish(),
  current: z.looseObject({ value: texts.optional() }).optional(),
  options: z
    .array(z.looseObject({ text: texts, value: texts }))
    .nullish()
    .transform((options) => options ?? []),
  query: z.union([z.string(), z.looseObject({ rawSql: z.string().optional() })]).optional(),
});
const dashboardFile = z.looseObject({
  uid: z.string().regex(/^[\w-]{1,64}$/),
  title: z.string(),
  description: z.string().default(''),
  tags: z.array(z.string()).default([]),
  refresh: z.union([z.string(), z.boolean()]).default(''),
  time: z.object({ from: z.string(), to: z.string() }).default({ from: 'now-15m', to: 'now' }),
  timepicker: z.looseObject({ refresh_intervals: z.array(z.string()).optional() }).default({}),
  links: z.array(z.looseObject({})).default([]),
  templating: z.object({ list: z.array(variable).default([]) }).default({ list: [] }),
  panels: z.array(panel),
});

type FilePanel = z.infer<typeof panel>;
type FileVariable = z.infer<typeof variable>;

export interface PanelQuery {
  readonly refId: string;
  readonly sql: string;
}

export interface PanelQueries {
  readonly id: number;
  readonly queries: readonly PanelQuery[];
  /** A point on its time axis is at least that wide. */
  readonly minIntervalMs: number;
  /** The variable for each of whose values the panel is there once. */
  readonly repeat: string | undefined;
}

/** A variable whose options a query gives. */
export interface QueryVariable {
  readonly name: string;
  readonly sql: string;
  /** Asked at every tick, not only when the page is opened. */
  readonly everyTick: boolean;
}

export interface Dashboard {
  readonly shown: PublicDashboard;
  readonly panels: readonly PanelQueries[];
  readonly queryVariables: readonly QueryVariable[];
  /** For each variable whose values the file lists: all of them. */
  readonly closed: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads every dashboard of a folder.
 * @throws {ConfigError} naming the file that is none.
 */
export async function loadDashboards(folder: string): Promise<ReadonlyMap<string, Dashboard>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const ordered = inOrder(names);
  const dashboards = new Map<string, Dashboard>();
  for (const name of ordered) {
    const dashboard = readDashboard(name, await readFile(join(folder, name), 'utf8'));
    dashboards.set(dashboard.shown.uid, dashboard);
  }
  if (dashboards.size === 0) throw new ConfigError(`${folder} holds no dashboard`);
  return dashboards;
}

/** One's own by their names, then those that come with the project. */
export function inOrder(names: readonly string[]): string[] {
  const own = names.filter((name) => !BUILT_IN.includes(name)).toSorted();
  return [...own, ...BUILT_IN.filter((name) => names.includes(name))];
}

/** @throws {ConfigError} naming the file and the place in it that is wrong. */
export function readDashboard(name: string, json: string): Dashboard {
  let file;
  try {
    file = dashboardFile.parse(JSON.parse(json));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const why = issue === undefined ? 'not JSON' : `${issue.path.join('.')}: ${issue.message}`;
    throw new ConfigError(`grafana/dashboards/${name} is not a dashboard: ${why}`, { cause });
  }
  const all = file.panels.flatMap((each) => [each, ...((each.panels ?? []) as FilePanel[])]);
  const list = file.templating.list;
  const shown: PublicDashboard = {
    uid: file.uid,
    title: file.title,
    description: file.description,
    tags: file.tags,
    refresh: typeof file.refresh === 'string' ? file.refresh : '',
    refreshChoices: file.timepicker.refresh_intervals ?? ['5s', '10s', '30s', '1m', '5m', '15m'],
    time: file.time,
    links: file.links,
    variables: list.map(publicVariable),
    panels: file.panels.map(publicPanel),
  };
  return {
    shown,
    panels: all.filter(({ targets }) => targets.length > 0).map(queriesOf),
    queryVariables: list.flatMap(queryOf),
    closed: Object.fromEntries(
      shown.variables
        .filter(({ type }) => ['custom', 'interval', 'constant'].includes(type))
        .map(({ name: of, options }) => [of, options.map(({ value }) => value)]),
    ),
  };
}

/** The list a browser chooses from. */
export function entriesOf(dashboards: ReadonlyMap<string, Dashboard>): DashboardEntry[] {
  return [...dashboards.values()].map(({ shown: { description, tags, title, uid } }) => {
    return { description, tags, title, uid };
  });
}

function queriesOf({ id, interval, repeat, targets }: FilePanel): PanelQueries {
  const queries = targets
    .filter(({ hide, rawSql }) => hide !== true && rawSql !== '')
    .map(({ rawSql, refId }) => ({ refId, sql: rawSql }));
  // As the data source says with timeInterval.
  return { id, queries, minIntervalMs: durationMs(interval ?? '') ?? 1_000, repeat };
}

function queryOf({ name, query, refresh, type }: FileVariable): QueryVariable[] {
  const sql = typeof query === 'string' ? query : query?.rawSql;
  return type === 'query' && sql !== undefined && sql !== ''
    ? [{ name, sql, everyTick: refresh === 2 }]
    : [];
}

function publicPanel({ targets, panels, ...rest }: FilePanel): Panel {
  const shown = { ...rest, targets: targets.map(publicTarget) } as unknown as Panel;
  return panels === undefined
    ? shown
    : { ...shown, panels: (panels as FilePanel[]).map(publicPanel) };
}

function publicTarget({ format, queryType, refId }: z.infer<typeof target>) {
  return { refId, timeSeries: queryType === 'timeseries' || format === 0 };
}

function publicVariable(from: FileVariable): VariableDeclaration {
  const { current, description, hide, includeAll, label, multi, name, query, type } = from;
  const listed = from.options.map(({ text, value }) => ({
    text: text.join(', '),
    value: value.join(','),
  }));
  const own = listed.filter(({ value }) => value !== ALL);
  const options =
    own.length > 0 || type === 'query' ? own : listFrom(typeof query === 'string' ? query : '');
  const initial = current?.value?.filter((value) => value !== '') ?? [];
  return {
    ...{ name, type, multi, includeAll, options: type === 'query' ? [] : options },
    label: label ?? name,
    description: description ?? '',
    hidden: hide === 2 || hide === 'hideVariable',
    initial:
      initial.length > 0 ? initial : includeAll ? [ALL] : options.slice(0, 1).map((o) => o.value),
  };
}

/** `By arrival : ingest_time, ts` as Grafana writes lists. */
function listFrom(text: string): { text: string; value: string }[] {
  return text
    .split(/(?<!\\),/)
    .map((each) => each.replaceAll('\\,', ',').trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [, label, value] = /^(.+?) : (.+)$/.exec(each) ?? [];
      return { text: label?.trim() ?? each, value: value?.trim() ?? each };
    });
}
