// The part of Grafana that our dashboards use, as types: kinds of panels, their options, variables, links.
// live/ draws exactly this part, so it must learn to draw every addition.
import type * as grafana from '@grafana/schema';
import type { Options as BarChartOptions } from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import type { Options as GaugeOptions } from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as StateTimelineOptions } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// What a panel's first query answers, and how it is drawn. Answers are tables of columns:
//
// timeseries      `time`, at most one text column (tells lines apart), numbers. One line per number
//                 column and text. Named by `displayName`: ${__field.labels.<text column>}, ${__field.name}.
//                 custom: drawStyle line|bars, lineWidth, lineInterpolation linear|stepAfter, fillOpacity,
//                 showPoints, spanNulls (ms or true), stacking normal, thresholdsStyle dashed|area.
// state-timeline  `time`, one text column (a lane each), one number; `mappings` name and colour it.
// stat            reduceOptions.values false: the first row; one figure per number column, named by
//                 `displayName` of its override. true: one figure per row, named by its text column.
// gauge           like stat with values true; from `min` to `max`, coloured by thresholds.
// barchart        one text column (xField), numbers: a bar each. orientation horizontal|vertical.
// table           any columns, in the answer's order; overrides by column name.
// row             a heading over the panels below it, never folded, no query.
//
// fieldConfig     unit, decimals, min, max, noValue (what to say when there is nothing), displayName,
//                 color.mode thresholds|palette-classic, thresholds (absolute), mappings (value, to text
//                 and colour).
// overrides       matcher byName; properties: unit, decimals, min, displayName, mappings, thresholds, color
//                 (thresholds, fixed), links (url with ${__value.raw:percentencode}), custom.width,
//                 custom.cellOptions (color-text), custom.axisPlacement (right).
// repeat          one copy of the panel per value of the variable, side by side, `maxPerRow` in a row;
//                 inside a copy the variable has that one value.
// variables       query (one column of texts, or value and text; multi, includeAll), custom (one of fixed
//                 values), both possibly hidden (hide 2: for links only).
// links           of a dashboard: type link, url with ${variable} and ${variable:queryparam}, keepTime.
// SQL             macros $__timeFilter_ms, $__timeInterval_ms, $__fromTime_ms, $__toTime_ms, $__interval_s,
//                 $__conditionalAll; variables as ${name:singlequote} only, so each can be bound as text.
//
// The window of a dashboard is one of `ingest_time`, unless variable `clock` is 'event'.

/** Every type of panel in use. */
export const PANEL_TYPES = [
  ...(['timeseries', 'state-timeline', 'stat', 'gauge'] as const),
  ...(['barchart', 'table', 'row'] as const),
] as const;
export type PanelType = (typeof PANEL_TYPES)[number];

/** Every unit in use, under Grafana's own ids. */
export const UNITS = [
  ...(['short', 'locale', 'none', 'percentunit', 'percent', 'celsius', 'ppm', 's'] as const),
  ...(['eps', 'ops', 'rowsps', 'bytes', 'time:YYYY-MM-DD HH:mm:ss.SSS'] as const),
] as const;
export type Unit = (typeof UNITS)[number];

/** A type of Grafana's as JSON holds it: enums by their values. */
export type Plain<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer Value extends number}`
      ? Value
      : T
    : T extends readonly (infer Each)[]
      ? readonly Plain<Each>[]
      : T extends object
        ? { readonly [Key in keyof T]: Plain<T[Key]> }
        : T;

/** The options of each type of panel. */
export interface PanelOptions {
  readonly timeseries: Plain<TimeSeriesOptions>;
  readonly 'state-timeline': Plain<StateTimelineOptions>;
  readonly stat: Plain<StatOptions>;
  readonly gauge: Plain<GaugeOptions>;
  readonly barchart: Plain<BarChartOptions>;
  readonly table: Plain<grafana.TableOptions>;
}

export type Mapping = Plain<grafana.ValueMapping>;
export type Override = Plain<grafana.FieldConfigSource['overrides'][number]>;
export type DashboardLink = Plain<grafana.DashboardLink>;
export type VariableModel = Plain<grafana.VariableModel>;
