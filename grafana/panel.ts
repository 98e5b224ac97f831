// The JSON of panels, targets and variables as Grafana and the ClickHouse plugin (v4) write it, built
// from what a dashboard's author decides: a title, a query, a place, and how values are shown.

/** As provisioned in provisioning/datasources/clickhouse.yaml. */
export const datasource = { type: 'grafana-clickhouse-datasource', uid: 'clickhouse' } as const;

/** The version of the plugin that docker-compose.yml installs. */
export const PLUGIN_VERSION = '4.20.0';

/** The plugin's codes for the shape of an answer. */
const FORMATS = { timeseries: 0, table: 1 } as const;

export type Answer = keyof typeof FORMATS;

export interface Target {
  readonly refId: string;
  readonly datasource: typeof datasource;
  readonly pluginVersion: string;
  readonly editorType: 'sql';
  readonly queryType: Answer;
  readonly format: number;
  readonly rawSql: string;
  readonly meta: Record<string, never>;
}

/** Where a panel lies in the 24 columns of a dashboard. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly gridPos: Place;
  readonly datasource: typeof datasource;
  readonly targets: readonly Target[];
  readonly fieldConfig: object;
  readonly options: object;
  readonly interval?: string;
}

export interface QueryVariable {
  readonly name: string;
  readonly type: 'query';
  readonly query: Target;
  readonly [property: string]: unknown;
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly QueryVariable[] };
  readonly [property: string]: unknown;
}

/** Colours from a value on; the first one has no lower bound. */
export type Thresholds = readonly (readonly [from: number | null, color: string])[];

/** How the values of a panel are shown. */
export interface Shown {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: Thresholds;
  readonly mappings?: readonly object[];
  readonly custom?: object;
  readonly overrides?: readonly object[];
}

interface Common {
  readonly title: string;
  readonly description: string;
  readonly place: Place;
  readonly sql: string;
  readonly shown?: Shown;
}

/** A query in the plugin's SQL editor. */
export function target(rawSql: string, answer: Answer, refId = 'A'): Target {
  return {
    refId,
    datasource,
    pluginVersion: PLUGIN_VERSION,
    editorType: 'sql',
    queryType: answer,
    format: FORMATS[answer],
    rawSql,
    meta: {},
  };
}

function fieldConfig({ thresholds, overrides, mappings, custom, ...rest }: Shown): object {
  const steps = (thresholds ?? [[null, 'green']]).map(([value, color]) => ({ color, value }));
  return {
    defaults: {
      ...rest,
      color: { mode: thresholds === undefined ? 'palette-classic' : 'thresholds' },
      mappings: mappings ?? [],
      thresholds: { mode: 'absolute', steps },
      ...(custom === undefined ? {} : { custom }),
    },
    overrides: overrides ?? [],
  };
}

type Draft = Omit<Panel, 'id'>;

function draft(common: Common, type: string, answer: Answer, options: object): Draft {
  const { description, place, shown, sql, title } = common;
  return {
    type,
    title,
    description,
    gridPos: place,
    datasource,
    targets: [target(sql, answer)],
    fieldConfig: fieldConfig(shown ?? {}),
    options,
  };
}

/** Lines over time. The query answers `time`, possibly a text that tells lines apart, and values. */
export function timeSeries({ interval, ...common }: Common & { interval: string }): Draft {
  const lines = {
    drawStyle: 'line',
    lineInterpolation: 'linear',
    lineWidth: 1,
    fillOpacity: 10,
    showPoints: 'auto',
    spanNulls: 60_000,
  };
  const shown = { ...common.shown, custom: { ...lines, ...common.shown?.custom } };
  const options = {
    legend: { calcs: ['mean', 'lastNotNull'], displayMode: 'table', placement: 'bottom' },
    tooltip: { mode: 'multi', sort: 'desc' },
  };
  return { ...draft({ ...common, shown }, 'timeseries', 'timeseries', options), interval };
}

/** States over time, one lane per device. */
export function stateTimeline({ interval, ...common }: Common & { interval: string }): Draft {
  const shown = { ...common.shown, custom: { fillOpacity: 80, lineWidth: 0, spanNulls: 60_000 } };
  const options = {
    mergeValues: true,
    rowHeight: 0.8,
    showValue: 'auto',
    legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    tooltip: { mode: 'single', sort: 'none' },
  };
  return { ...draft({ ...common, shown }, 'state-timeline', 'timeseries', options), interval };
}

// `values`: one field per row of the answer, named by its text column; else one per column.
function reduced(perRow: boolean): object {
  return { calcs: ['lastNotNull'], fields: '', values: perRow };
}

/** Dials, one per row of the answer: a text that names it, and a value. */
export function gauge(common: Common): Draft {
  const options = {
    reduceOptions: reduced(true),
    orientation: 'auto',
    showThresholdLabels: false,
    showThresholdMarkers: true,
  };
  return draft(common, 'gauge', 'table', options);
}

/** Numbers: one per row of the answer when `perRow`, else the only one it has. */
export function stat({ perRow, ...common }: Common & { perRow: boolean }): Draft {
  const options = {
    reduceOptions: reduced(perRow),
    colorMode: 'value',
    graphMode: 'none',
    justifyMode: 'auto',
    orientation: 'auto',
    textMode: 'auto',
  };
  return draft(common, 'stat', 'table', options);
}

/** The answer as it is. */
export function table(common: Common): Draft {
  return draft(common, 'table', 'table', { cellHeight: 'sm', showHeader: true });
}

/** A drop-down filled by a query of one column; several values and All can be chosen. */
export function queryVariable(name: string, label: string, sql: string): QueryVariable {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query: target(sql, 'table', 'variable'),
    definition: sql,
    multi: true,
    includeAll: true,
    current: { selected: true, text: ['All'], value: ['$__all'] },
    options: [],
    // On every refresh, not only when the page is loaded: devices appear while somebody watches.
    refresh: 2,
    regex: '',
    sort: 1,
    skipUrlSync: false,
    hide: 0,
  };
}

/** A whole dashboard; panels are numbered in their order. */
export function dashboard(about: {
  uid: string;
  title: string;
  description: string;
  tags: readonly string[];
  refresh: string;
  from: string;
  variables: readonly QueryVariable[];
  panels: readonly Draft[];
}): Dashboard {
  const { from, panels, variables, ...rest } = about;
  return {
    ...rest,
    schemaVersion: 42,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    time: { from, to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m', '15m'] },
    annotations: { list: [] },
    links: [],
    templating: { list: variables },
    panels: panels.map((panel, index) => ({ id: index + 1, ...panel })),
  };
}
