// The panels of a dashboard: one function for each kind that kinds.ts lists, from the author's decisions (a
// title, a query, a place, the form of values) to the JSON that Grafana reads.
import { fieldConfig, type Column, type FieldConfig, type Shown } from './field.ts';
import type { PanelOptions, PanelType } from './kinds.ts';
import { datasource, target, type Answer, type Target } from './target.ts';

/** Where a panel lies in the 24 columns of a dashboard. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export const at = (x: number, y: number, w: number, h: number): Place => ({ x, y, w, h });

/** A panel without its number, which its place in the list gives it. */
export interface Draft {
  readonly type: PanelType;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Place;
  readonly datasource?: typeof datasource;
  readonly targets?: readonly Target[];
  readonly fieldConfig?: FieldConfig;
  readonly options?: object;
  readonly interval?: string;
  readonly repeat?: string;
  readonly repeatDirection?: 'h';
  readonly maxPerRow?: number;
  readonly collapsed?: false;
  readonly panels?: readonly [];
}

interface Common {
  readonly title: string;
  /** For people who look at the panel: what is counted, over what, and what it means. */
  readonly description: string;
  readonly place: Place;
  readonly sql: string;
  readonly shown?: Shown;
  readonly columns?: readonly Column[];
}

function draft<Kind extends keyof PanelOptions>(
  type: Kind,
  answer: Answer,
  { columns, description, place, shown, sql, title }: Common,
  options: PanelOptions[Kind],
  custom: object = {},
): Draft {
  return {
    type,
    title,
    description,
    gridPos: place,
    datasource,
    targets: [target(sql, answer)],
    fieldConfig: fieldConfig({ noValue: 'No data', ...shown }, custom, columns),
    options,
  };
}

interface OverTime extends Common {
  /** The finest grid; batches arrive less often than a screen has pixels. */
  readonly interval: string;
}

/** Lines, or bars on top of each other, over time. The legend tells mean and last value. */
export function timeSeries({
  bars = false,
  interval,
  stacked = false,
  ...common
}: OverTime & { bars?: boolean; stacked?: boolean }): Draft {
  const custom = {
    drawStyle: bars ? 'bars' : 'line',
    lineInterpolation: 'linear',
    lineWidth: 1,
    // Fills over each other would turn lines grey.
    fillOpacity: bars ? 60 : stacked ? 40 : 0,
    showPoints: bars ? 'never' : 'auto',
    spanNulls: 60_000,
    stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
    thresholdsStyle: { mode: common.shown?.limits === undefined ? 'off' : 'dashed' },
  };
  const panel = draft(
    'timeseries',
    'timeseries',
    common,
    {
      legend: {
        calcs: ['mean', 'lastNotNull'],
        displayMode: 'table',
        placement: 'bottom',
        showLegend: true,
      },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    custom,
  );
  return { ...panel, interval };
}

/** The same panel once per chosen value of a variable, three side by side. */
export function repeated(panel: Draft, variable: string): Draft {
  return { ...panel, repeat: variable, repeatDirection: 'h', maxPerRow: 3 };
}

/** States over time, one lane per text. */
export function stateTimeline({ interval, ...common }: OverTime): Draft {
  const panel = draft(
    'state-timeline',
    'timeseries',
    common,
    {
      mergeValues: true,
      rowHeight: 0.8,
      showValue: 'auto',
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'single', sort: 'none' },
    },
    { fillOpacity: 80, lineWidth: 0, spanNulls: 60_000 },
  );
  return { ...panel, interval };
}

// `values`: one field per row of the answer, named by its text column; else one per number column.
function reduced(perRow: boolean): PanelOptions['stat']['reduceOptions'] {
  return { calcs: ['lastNotNull'], fields: '', values: perRow };
}

/** Dials, one per row of the answer: a text that names it, and a value. */
export function gauge(common: Common): Draft {
  return draft('gauge', 'table', common, {
    reduceOptions: reduced(true),
    orientation: 'auto',
    sizing: 'auto',
    minVizHeight: 75,
    minVizWidth: 75,
    shape: 'gauge',
    barShape: 'flat',
    barWidthFactor: 0.4,
    segmentCount: 1,
    segmentSpacing: 0.3,
    effects: {},
    showThresholdLabels: false,
    showThresholdMarkers: true,
  });
}

/** Figures: one per row of the answer when `perRow`, else one per number column of its only row. */
export function stat({ perRow = false, ...common }: Common & { perRow?: boolean }): Draft {
  return draft('stat', 'table', common, {
    reduceOptions: reduced(perRow),
    colorMode: 'value',
    graphMode: 'none',
    justifyMode: 'auto',
    orientation: 'auto',
    textMode: 'auto',
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: 'standard',
  });
}

/** Bars, one group per row of the answer, named by its text column. */
export function barChart({ x, ...common }: Common & { x: string }): Draft {
  return draft(
    'barchart',
    'table',
    common,
    {
      xField: x,
      orientation: 'horizontal',
      stacking: 'none',
      showValue: 'always',
      groupWidth: 0.7,
      barWidth: 0.9,
      barRadius: 0,
      fullHighlight: false,
      xTickLabelRotation: 0,
      xTickLabelMaxLength: 24,
      xTickLabelSpacing: 0,
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: false },
      tooltip: { mode: 'single', sort: 'none' },
    },
    { fillOpacity: 80, lineWidth: 0, gradientMode: 'none' },
  );
}

/** The answer as it is. */
export function table(common: Common): Draft {
  return draft(
    'table',
    'table',
    common,
    { cellHeight: 'sm', showHeader: true, frameIndex: 0 },
    { align: 'auto', cellOptions: { type: 'auto' }, inspect: false },
  );
}

/** A heading over the panels below it. */
export function row(title: string, y: number): Draft {
  return { type: 'row', title, gridPos: at(0, y, 24, 1), collapsed: false, panels: [] };
}
