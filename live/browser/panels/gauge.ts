// Panels of values within bounds: dials, and bars for bar gauges. The number is always there as text.
import { namedColor } from '../../model/colors.ts';
import type { FieldDisplay } from '../../model/dashboard.ts';
import { showCell } from '../../model/fields.ts';
import { panelValues, type PanelValue } from '../../model/values.ts';
import { h, styled, svg } from '../dom.ts';
import { theme } from '../theme.ts';
import type { CreateRenderer } from './renderer.ts';

const RADIUS = 40;
/** A dial goes from 7 to 5 o'clock. */
const SWEEP_DEG = 240;

/** Draws `gauge` panels. */
export const gauge: CreateRenderer = ({ box, panel }) => ({
  draw: (frames) => {
    const values = panelValues(panel, frames);
    box.replaceChildren(
      h(
        'ul',
        { class: 'gauges' },
        values.map((value) => dial(value, values.length > 1)),
      ),
    );
  },
});

/** Draws `bargauge` panels. */
export const barGauge: CreateRenderer = ({ box, panel }) => ({
  draw: (frames) => {
    const values = panelValues(panel, frames);
    const most = Math.max(...values.map(({ value }) => Number(value ?? 0)), 0);
    box.replaceChildren(
      h(
        'ul',
        { class: 'bar-gauges' },
        values.map((value) => bar(value, most)),
      ),
    );
  },
});

function boundsOf(
  { max, min, thresholds }: FieldDisplay,
  value: number,
  most = value,
): [number, number] {
  const low = min ?? Math.min(0, value);
  const steps = thresholds?.steps.map((step) => step.value ?? 0) ?? [];
  return [low, max ?? Math.max(most, ...steps, low + Number.EPSILON)];
}

function share(value: number, [low, high]: [number, number]): number {
  return Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
}

function dial({ display, kind, name, value }: PanelValue, named: boolean): HTMLElement {
  const shown = showCell(value, kind, display);
  const number = Number(value ?? 0);
  const bounds = boundsOf(display, number);
  const color = namedColor(shown.color ?? 'blue', theme());
  const marks = (display.thresholds?.steps ?? []).flatMap((step, i, steps) => {
    const from = step.value === null ? 0 : share(step.value, bounds);
    const next = steps[i + 1]?.value;
    const to = next === undefined || next === null ? 1 : share(next, bounds);
    if (to <= from) return [];
    const mark = svg('path', { class: 'dial-mark', d: arc(RADIUS + 6, from, to) });
    return [styled(mark, { stroke: namedColor(step.color, theme()) })];
  });
  const filled = value === null ? 0 : share(number, bounds);
  const drawing = svg(
    'svg',
    { class: 'dial', viewBox: '0 0 100 78', 'aria-hidden': 'true' },
    svg('path', { class: 'dial-track', d: arc(RADIUS, 0, 1) }),
    filled > 0 &&
      styled(svg('path', { class: 'dial-value', d: arc(RADIUS, 0, filled) }), { stroke: color }),
    marks,
  );
  const text = h(
    'span',
    { class: 'dial-number' },
    shown.prefix ?? '',
    shown.text,
    h('span', { class: 'stat-unit' }, shown.suffix),
  );
  return h(
    'li',
    { class: 'gauge' },
    h('div', { class: 'gauge-face' }, drawing, styled(text, { color })),
    named && h('span', { class: 'stat-name', title: name }, name),
  );
}

function arc(radius: number, from: number, to: number): string {
  const at = (part: number): string => {
    const angle = ((-90 - SWEEP_DEG / 2 + part * SWEEP_DEG) * Math.PI) / 180;
    return `${(50 + radius * Math.cos(angle)).toFixed(2)} ${(50 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = (to - from) * SWEEP_DEG > 180 ? 1 : 0;
  return `M ${at(from)} A ${radius} ${radius} 0 ${large} 1 ${at(to)}`;
}

function bar({ display, kind, name, value }: PanelValue, most: number): HTMLElement {
  const shown = showCell(value, kind, display);
  const filled = share(Number(value ?? 0), boundsOf(display, Number(value ?? 0), most));
  const color = namedColor(shown.color ?? 'blue', theme());
  const fill = styled(h('span', { class: 'bar-fill' }), {
    width: `${filled * 100}%`,
    background: color,
  });
  return h(
    'li',
    { class: 'bar-gauge' },
    h('span', { class: 'stat-name', title: name }, name),
    h('span', { class: 'bar-track', 'aria-hidden': 'true' }, fill),
    styled(h('span', { class: 'bar-number' }, (shown.prefix ?? '') + shown.text + shown.suffix), {
      color,
    }),
  );
}
