// Which renderer draws which of Grafana's kinds of panel.
import { barChart } from './bar-chart.ts';
import { barGauge, gauge } from './gauge.ts';
import type { CreateRenderer } from './renderer.ts';
import { stat } from './stat.ts';
import { stateTimeline } from './state-timeline.ts';
import { table } from './table.ts';
import { text } from './text.ts';
import { timeSeries } from './time-series.ts';

const RENDERERS: Readonly<Record<string, CreateRenderer>> = {
  barchart: barChart,
  bargauge: barGauge,
  gauge,
  stat,
  'state-timeline': stateTimeline,
  'status-history': stateTimeline,
  table,
  text,
  timeseries: timeSeries,
};

/** Undefined for a kind that the page cannot draw. */
export function rendererOf(type: string): CreateRenderer | undefined {
  return Object.hasOwn(RENDERERS, type) ? RENDERERS[type] : undefined;
}
