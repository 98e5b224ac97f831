// Lines, areas, bars and points over time with uPlot. Crosshairs of one dashboard go together; dragging
// chooses a time range; arrow keys move the crosshair and its values are read out.
import uPlot from 'uplot';
import { namedColor, paletteColor } from '../../model/colors.ts';
import { fieldDisplay, lineTitle } from '../../model/fields.ts';
import {
  stacked,
  stackKey,
  toTimeSeries,
  withGaps,
  type Stacking,
  type TimeSeries,
} from '../../model/series.ts';
import { numberText } from '../../model/units.ts';
import { h } from '../dom.ts';
import { theme } from '../theme.ts';
import { crosshairNote, moveByKeys } from './crosshair.ts';
import { legend, type LegendLine } from './legend.ts';
import { chartOptions, type ChartLine } from './chart-options.ts';
import { onResize, type CreateRenderer, type DrawContext, type Surroundings } from './renderer.ts';

interface Custom {
  readonly spanNulls?: number | boolean;
  readonly stacking?: Partial<Stacking>;
}

/** Draws `timeseries` panels. */
export const timeSeries: CreateRenderer = (surroundings) => new TimeSeriesPanel(surroundings);

class TimeSeriesPanel {
  readonly #on: Surroundings;
  readonly #stage: HTMLElement;
  readonly #foot = h('div', { class: 'chart-foot' });
  readonly #note = h('div', { class: 'chart-note', 'aria-hidden': 'true' });
  readonly #spoken = h('p', { class: 'unseen', 'aria-live': 'polite' });
  readonly #hidden = new Set<string>();
  readonly #unwatch: () => void;
  #chart: uPlot | undefined;
  #shape = '';
  /** The values of the chart's lines before they were stacked. */
  #raw: readonly (readonly (number | null | undefined)[])[] = [];
  #last: { data: TimeSeries; context: DrawContext } | undefined;

  constructor(surroundings: Surroundings) {
    this.#on = surroundings;
    const { title } = surroundings.panel;
    const label = `${title}: chart. Arrow keys move the crosshair; a double click zooms out.`;
    this.#stage = h('div', { class: 'chart', tabindex: 0, role: 'group', 'aria-label': label });
    this.#stage.append(this.#note);
    surroundings.box.replaceChildren(this.#stage, this.#foot, this.#spoken);
    surroundings.box.classList.add('with-chart');
    this.#unwatch = onResize(this.#stage, (width, height) =>
      this.#chart?.setSize({ width, height }),
    );
    moveByKeys(this.#stage, () => this.#chart, this.#spoken);
  }

  draw(frames: Parameters<typeof toTimeSeries>[0], context: DrawContext): void {
    this.#last = { data: toTimeSeries(frames), context };
    this.#paint();
  }

  move(context: DrawContext): void {
    if (this.#last === undefined) return;
    this.#last = { ...this.#last, context };
    this.#setRange(context);
  }

  destroy(): void {
    this.#unwatch();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  #paint(): void {
    const { data, context } = this.#last!;
    const lines = this.#lines(data);
    const { defaults = {} } = this.#on.panel.fieldConfig ?? {};
    const custom = (defaults.custom ?? {}) as Custom;
    const { timesMs, values } = withGaps(data, custom.spanNulls ?? false, context.intervalMs);
    const shown = lines.flatMap((line, i) => (line.isHidden ? [] : [{ line, raw: values[i]! }]));
    const drawn = stacked(
      shown.map(({ raw }) => raw),
      shown.map(({ line }) => line.stacking),
    );
    const inOrder = shown.map(({ line, raw }, i) => {
      const stack = line.stacking.mode === 'none' ? undefined : stackKey(line.stacking, raw);
      return { line: { ...line, stack }, raw, drawn: drawn[i]! };
    });
    // What lies on top is drawn first, and what lies below over it.
    if (inOrder.some(({ line }) => line.stack !== undefined)) inOrder.reverse();
    const aligned = [timesMs.map((ms) => ms / 1_000), ...inOrder.map((each) => each.drawn)];
    this.#raw = inOrder.map(({ raw }) => raw);
    const chartLines = inOrder.map(({ line }) => line);
    // Colours and lines are fixed when a chart is made; new ones need a new chart.
    const shape = JSON.stringify([
      theme(),
      chartLines.map(({ color, name, stack }) => [name, color, stack]),
    ]);
    if (this.#chart === undefined || shape !== this.#shape)
      this.#make(chartLines, aligned as uPlot.AlignedData);
    else this.#chart.setData(aligned as uPlot.AlignedData, false);
    this.#shape = shape;
    this.#setRange(context);
    this.#legend(lines);
  }

  #make(lines: readonly ChartLine[], aligned: uPlot.AlignedData): void {
    this.#chart?.destroy();
    const { height, width } = this.#stage.getBoundingClientRect();
    const options = chartOptions({
      ...{ lines, panel: this.#on.panel },
      size: { width: Math.max(50, width), height: Math.max(50, height) },
      range: () => [this.#last!.context.fromMs / 1_000, this.#last!.context.toMs / 1_000],
      zoom: (fromSec, toSec) => this.#on.zoom(fromSec * 1_000, toSec * 1_000),
      zoomOut: this.#on.zoomOut,
    });
    // Stacked lines are drawn at their sums and named with their own values.
    const note = crosshairNote(this.#note, lines, (line, at) => {
      const value = this.#raw[line]?.[at];
      return typeof value === 'number' ? value : undefined;
    });
    this.#chart = new uPlot({ ...options, plugins: [note] }, aligned, this.#stage);
  }

  #setRange({ fromMs, toMs }: DrawContext): void {
    this.#chart?.setScale('x', { min: fromMs / 1_000, max: toMs / 1_000 });
  }

  #lines({
    series,
  }: TimeSeries): (Omit<ChartLine, 'stack'> &
    LegendLine & { stacking: Stacking; isHidden: boolean })[] {
    return series.map((line, index) => {
      const { field, name, refId, values } = line;
      const display = fieldDisplay(this.#on.panel, {
        name: field,
        displayName: name,
        kind: 'number',
        refId,
      });
      const fixed = display.color?.mode === 'fixed' ? display.color.fixedColor : undefined;
      const color = fixed === undefined ? paletteColor(index, theme()) : namedColor(fixed, theme());
      const title = lineTitle(display, line);
      const tell = (value: number): string => numberText(value, display.unit, display.decimals);
      const { stacking: set = {} } = (display.custom ?? {}) as Custom;
      const stacking = { mode: set.mode ?? 'none', group: set.group ?? 'A' };
      const isHidden = this.#hidden.has(title);
      return { name: title, color, display, values, tell, stacking, isHidden };
    });
  }

  #legend(lines: readonly (LegendLine & { stacking: Stacking })[]): void {
    const { options = {}, title } = this.#on.panel;
    const toggle = (name: string): void => {
      if (!this.#hidden.delete(name)) this.#hidden.add(name);
      const focused = document.activeElement?.closest('tr')?.rowIndex;
      this.#paint();
      const row = this.#foot.querySelectorAll('tr')[focused ?? -1];
      row?.querySelector('button')?.focus();
    };
    const mode = lines.find(({ stacking }) => stacking.mode !== 'none')?.stacking.mode;
    const note = mode === undefined ? '' : mode === 'percent' ? 'Stacked, in percent' : 'Stacked';
    const foot = legend(title, lines, { ...(options['legend'] ?? {}), note }, this.#hidden, toggle);
    const scrolled = this.#foot.firstElementChild?.scrollTop ?? 0;
    this.#foot.replaceChildren(...(foot === undefined ? [] : [foot]));
    if (foot !== undefined) foot.scrollTop = scrolled;
  }
}
