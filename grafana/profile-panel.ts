// The JSON of the dashboards that belong to compose profiles: panels and variables of the data sources Loki
// and Prometheus, which Grafana knows without a plugin. Their queries are not SQL.

/** As provisioned in provisioning/datasources/profiles.yaml. */
export const loki = { type: 'loki', uid: 'loki' } as const;
export const prometheus = { type: 'prometheus', uid: 'prometheus' } as const;

export type ProfileSource = typeof loki | typeof prometheus;

export interface ProfileTarget {
  readonly refId: string;
  readonly datasource: ProfileSource;
  readonly expr: string;
  readonly legendFormat?: string;
  readonly [property: string]: unknown;
}

export interface ProfilePanel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource: ProfileSource;
  readonly targets: readonly ProfileTarget[];
  readonly [property: string]: unknown;
}

export interface ProfileDashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly ProfilePanel[];
  readonly [property: string]: unknown;
}

export type Draft = Omit<ProfilePanel, 'id'>;

interface Common {
  readonly title: string;
  readonly description: string;
  /** x, y, width, height in the 24 columns of a dashboard. */
  readonly at: readonly [number, number, number, number];
  /** Query by legend; `{{label}}` in a legend is the label's value. */
  readonly queries: Readonly<Record<string, string>>;
  readonly unit?: string;
}

function common({ at: [x, y, w, h], description, title }: Common, source: ProfileSource) {
  return { title, description, gridPos: { x, y, w, h }, datasource: source };
}

function targets(queries: Common['queries'], source: ProfileSource, more: object) {
  return Object.entries(queries).map(([legendFormat, expr], at) => {
    const refId = String.fromCodePoint(65 + at);
    return { refId, datasource: source, expr, legendFormat, ...more };
  });
}

/** Lines over time. */
export function lines(panel: Common, source: ProfileSource): Draft {
  const custom = { drawStyle: 'line', lineWidth: 1, fillOpacity: 10, showPoints: 'never' };
  const range = source.type === 'loki' ? { queryType: 'range' } : { range: true };
  return {
    ...common(panel, source),
    type: 'timeseries',
    targets: targets(panel.queries, source, range),
    fieldConfig: {
      defaults: { unit: panel.unit ?? 'short', min: 0, custom },
      overrides: [],
    },
    options: {
      legend: { displayMode: 'table', placement: 'bottom', calcs: ['mean', 'lastNotNull'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  };
}

/** One tile for each series: green at 1, red below. */
export function upTiles(panel: Common, source: ProfileSource): Draft {
  const steps = [
    { color: 'red', value: null },
    { color: 'green', value: 1 },
  ];
  const options = { 0: { text: 'away', color: 'red' }, 1: { text: 'up', color: 'green' } };
  return {
    ...common(panel, source),
    type: 'stat',
    targets: targets(panel.queries, source, { instant: true, range: false }),
    fieldConfig: {
      defaults: {
        thresholds: { mode: 'absolute', steps },
        mappings: [{ type: 'value', options }],
        noValue: 'nothing is scraped: is the profile running?',
      },
      overrides: [],
    },
    options: {
      colorMode: 'background',
      graphMode: 'none',
      textMode: 'value_and_name',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    },
  };
}

/** Log lines, newest first; a click shows all fields of one. */
export function logLines(panel: Common): Draft {
  return {
    ...common(panel, loki),
    type: 'logs',
    targets: targets(panel.queries, loki, { queryType: 'range', maxLines: 500 }),
    options: {
      dedupStrategy: 'none',
      enableLogDetails: true,
      prettifyLogMessage: false,
      showTime: true,
      sortOrder: 'Descending',
      wrapLogMessage: true,
    },
  };
}

/** A drop-down of the values of a Loki label; several and All can be chosen. */
export function labelVariable(label: string): object {
  return {
    name: label,
    label,
    type: 'query',
    datasource: loki,
    query: { refId: `variable-${label}`, type: 1, label, stream: '' },
    definition: `label_values(${label})`,
    multi: true,
    includeAll: true,
    allValue: '.+',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    options: [],
    refresh: 2,
    regex: '',
    sort: 1,
    hide: 0,
  };
}

/** A field to type into. */
export function textVariable(name: string, label: string): object {
  const current = { selected: false, text: '', value: '' };
  return { name, label, type: 'textbox', query: '', current, options: [current], hide: 0 };
}

/** A whole dashboard; panels are numbered in their order. */
export function profileDashboard(about: {
  uid: string;
  title: string;
  description: string;
  profile: string;
  variables: readonly object[];
  panels: readonly Draft[];
}): ProfileDashboard {
  const { panels, profile, variables, ...rest } = about;
  return {
    ...rest,
    tags: ['sensorhouse', `profile ${profile}`],
    schemaVersion: 42,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '10s',
    time: { from: 'now-15m', to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m', '15m'] },
    annotations: { list: [] },
    links: [],
    templating: { list: variables },
    panels: panels.map((panel, index) => ({ id: index + 1, ...panel }) as ProfilePanel),
  };
}
