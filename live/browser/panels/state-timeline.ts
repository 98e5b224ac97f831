// States over time, one lane for every line: stretches of the same value are one bar with its word.
import { lettersOn, surfaceColor, paletteColor } from '../../model/colors.ts';
import { cellText, fieldDisplay, lineTitle, showCell } from '../../model/fields.ts';
import { toTimeSeries, type Series } from '../../model/series.ts';
import { timeText } from '../../model/units.ts';
import { h, styled } from '../dom.ts';
import { theme } from '../theme.ts';
import type { CreateRenderer, DrawContext, Surroundings } from './renderer.ts';

interface Stretch {
  readonly fromMs: number;
  toMs: number;
  readonly value: number;
}

/** Times at the foot. */
const TICKS = 4;

/** Draws `state-timeline` and `status-history` panels. */
export const stateTimeline: CreateRenderer = (surroundings) => {
  const draw = (frames: Parameters<typeof toTimeSeries>[0], context: DrawContext): void => {
    const { series, timesMs } = toTimeSeries(frames);
    const lanes = series.map((line, i) => lane(line, timesMs, context, surroundings, i));
    const list = h('ul', { class: 'lanes' }, lanes);
    surroundings.box.replaceChildren(list, feet(context), words(surroundings, series));
  };
  let last: Parameters<typeof toTimeSeries>[0] = [];
  return {
    draw: (frames, context) => draw((last = frames), context),
    move: (context) => draw(last, context),
  };
};

function lane(
  line: Series,
  timesMs: readonly number[],
  context: DrawContext,
  { panel }: Surroundings,
  index: number,
): HTMLElement {
  const { fromMs, toMs } = context;
  const display = fieldDisplay(panel, { name: line.field, displayName: line.name, kind: 'number' });
  const name = lineTitle(display, line);
  const percent = (ms: number): number => ((ms - fromMs) / (toMs - fromMs)) * 100;
  const span = Number((display.custom?.['spanNulls'] as number | boolean | undefined) ?? 0);
  const bars = stretches(line, timesMs, context.intervalMs, span).map((stretch) => {
    const shown = showCell(stretch.value, 'number', display);
    const paint =
      shown.color === undefined ? paletteColor(index, theme()) : surfaceColor(shown.color, theme());
    const left = Math.max(0, percent(stretch.fromMs));
    const width = Math.min(100, percent(stretch.toMs)) - left;
    const text = cellText(shown);
    const title = `${name}: ${text}, ${timeText(stretch.fromMs)} to ${timeText(stretch.toMs)}`;
    const bar = h('span', { class: 'lane-bar', title }, width > 6 && h('span', {}, text));
    return styled(bar, {
      left: `${left}%`,
      width: `${Math.max(0.2, width)}%`,
      background: paint,
      color: lettersOn(paint),
    });
  });
  return h(
    'li',
    { class: 'lane' },
    h('span', { class: 'lane-name', title: name }, name),
    h('span', { class: 'lane-bars' }, bars),
  );
}

/** A value holds until the next one, but not beyond a hole that is longer than `spanMs`. */
function stretches(
  { values }: Series,
  timesMs: readonly number[],
  intervalMs: number,
  spanMs: number,
): Stretch[] {
  const found: Stretch[] = [];
  timesMs.forEach((at, i) => {
    const value = values[i];
    if (value === null || value === undefined) return;
    const last = found.at(-1);
    const follows = last !== undefined && at - last.toMs <= Math.max(intervalMs, spanMs);
    if (follows) last.toMs = at;
    if (follows && last.value === value) last.toMs = at + intervalMs;
    else found.push({ fromMs: at, toMs: at + intervalMs, value });
  });
  return found;
}

function feet({ fromMs, toMs }: DrawContext): HTMLElement {
  const times = Array.from(
    { length: TICKS },
    (_, i) => fromMs + ((toMs - fromMs) * i) / (TICKS - 1),
  );
  const isDay = toMs - fromMs > 86_400_000;
  // To the second where two of them would be of the same minute.
  const end = toMs - fromMs <= 300_000 ? 19 : 16;
  return h(
    'div',
    { class: 'lane-times', 'aria-hidden': 'true' },
    times.map((ms) =>
      h('span', {}, isDay ? timeText(ms).slice(5, 16) : timeText(ms).slice(11, end)),
    ),
  );
}

/** What a screen reader hears: the latest state of every lane. */
function words({ panel }: Surroundings, series: readonly Series[]): HTMLElement {
  const latest = series.map((line) => {
    const display = fieldDisplay(panel, {
      name: line.field,
      displayName: line.name,
      kind: 'number',
    });
    const value = line.values.findLast((each) => each !== null) ?? null;
    return `${lineTitle(display, line)} ${cellText(showCell(value, 'number', display))}`;
  });
  return h('p', { class: 'unseen' }, `Latest: ${latest.join('; ')}`);
}
