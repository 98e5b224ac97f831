// A whole dashboard: its panels in their order, the variables above them, the links to its
// neighbours, and what all of ours have in common (5 s refresh, a window that ends now).
import type { DashboardLink, VariableModel } from './kinds.ts';
import type { Draft } from './panel.ts';
import { datasource, target, type Target } from './target.ts';

export interface Panel extends Draft {
  /** 1 for the first; alert rules name it. */
  readonly id: number;
}

export type Variable = VariableModel & { readonly query: string | Target };

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly links: readonly DashboardLink[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly [property: string]: unknown;
}

/** A drop-down filled by a query of one column; several values and All can be chosen. */
export function queryVariable(name: string, label: string, sql: string): Variable {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query: { ...target(sql, 'table', 'variable') },
    multi: true,
    includeAll: true,
    current: { selected: true, text: ['All'], value: ['$__all'] },
    options: [],
    // With the time range, not only when the page is loaded: values appear while somebody watches.
    refresh: 2,
    regex: '',
    sort: 1,
    skipUrlSync: false,
    hide: 0,
  };
}

/** A value that only links use, asked once when the page is loaded. */
export function linkVariable(name: string, sql: string): Variable {
  const { current: _, ...rest } = queryVariable(name, name, sql);
  const one = { multi: false, includeAll: false, sort: 0 } as const;
  return { ...rest, ...one, refresh: 1, skipUrlSync: true, hide: 2 };
}

/** A drop-down of fixed values, each with its text; the first is the default. */
export function choiceVariable(
  name: string,
  label: string,
  choices: readonly (readonly [value: string, text: string])[],
): Variable {
  const options = choices.map(([value, text], index) => ({ value, text, selected: index === 0 }));
  return {
    name,
    label,
    type: 'custom',
    query: choices.map(([value, text]) => `${text} : ${value}`).join(', '),
    multi: false,
    includeAll: false,
    current: options[0]!,
    options,
    skipUrlSync: false,
    hide: 0,
  };
}

/** A link above the panels. `url` may use variables. */
export function link(title: string, tooltip: string, url: string, keepTime = false): DashboardLink {
  return {
    type: 'link',
    title,
    tooltip,
    url,
    keepTime,
    includeVars: false,
    targetBlank: false,
    asDropdown: false,
    icon: 'dashboard',
    tags: [],
  };
}

/** A whole dashboard; panels are numbered in their order. */
export function dashboard(about: {
  uid: string;
  title: string;
  description: string;
  tags: readonly string[];
  from: string;
  links: readonly DashboardLink[];
  variables: readonly Variable[];
  panels: readonly Draft[];
}): Dashboard {
  const { from, panels, variables, ...rest } = about;
  return {
    ...rest,
    refresh: '5s',
    schemaVersion: 42,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    time: { from, to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m', '15m'] },
    annotations: { list: [] },
    templating: { list: variables },
    panels: panels.map((panel, index) => ({ id: index + 1, ...panel })),
  };
}
