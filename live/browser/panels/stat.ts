// Panels of single values: big numbers, with their course behind them where the panel asks for it.
import { lettersOn, namedColor } from '../../model/colors.ts';
import { showCell } from '../../model/fields.ts';
import { panelValues, type PanelValue } from '../../model/values.ts';
import { h, styled, svg } from '../dom.ts';
import { theme } from '../theme.ts';
import type { CreateRenderer } from './renderer.ts';

interface StatOptions {
  readonly colorMode?: string;
  readonly graphMode?: string;
  readonly textMode?: string;
}

/** Draws `stat` panels. */
export const stat: CreateRenderer = ({ box, panel }) => ({
  draw: (frames) => {
    const options = (panel.options ?? {}) as StatOptions;
    const values = panelValues(panel, frames);
    const items = values.map((value) => item(value, options, values.length > 1));
    box.replaceChildren(h('ul', { class: 'stats' }, items));
  },
});

function item(value: PanelValue, options: StatOptions, several: boolean): HTMLElement {
  const { color, prefix = '', suffix, text } = showCell(value.value, value.kind, value.display);
  const paint = color === undefined ? undefined : namedColor(color, theme());
  const named = several
    ? options.textMode !== 'value'
    : options.textMode?.includes('name') === true;
  const number = h(
    'span',
    { class: value.value === null ? 'stat-number nothing' : 'stat-number' },
    prefix + text,
    suffix && h('span', { class: 'stat-unit' }, suffix),
  );
  // So that it fits its box: a unit takes about half of the room.
  styled(number, { '--characters': Math.max(4, (prefix + text).length + suffix.length * 0.6) });
  const element = h(
    'li',
    { class: 'stat' },
    named && h('span', { class: 'stat-name', title: value.name }, value.name),
    options.textMode !== 'name' && number,
  );
  if (options.colorMode?.startsWith('background') === true && paint !== undefined) {
    styled(element, { background: paint, color: lettersOn(paint) });
  } else if (options.colorMode !== 'none') styled(number, { color: paint });
  const graph = options.graphMode === 'area' ? sparkline(value.history, paint) : undefined;
  if (graph !== undefined) element.prepend(graph);
  return element;
}

function sparkline(
  history: readonly (number | null)[],
  color: string | undefined,
): SVGElement | undefined {
  const known = history.filter((value) => value !== null);
  if (known.length < 2) return undefined;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const points = known.map((value, i) => {
    const y = high === low ? 50 : 95 - ((value - low) / (high - low)) * 85;
    return `${((i / (known.length - 1)) * 100).toFixed(2)},${y.toFixed(2)}`;
  });
  const attributes = {
    class: 'sparkline',
    viewBox: '0 0 100 100',
    preserveAspectRatio: 'none',
    'aria-hidden': 'true',
  };
  const graph = svg(
    'svg',
    attributes,
    svg('polygon', { points: `0,100 ${points.join(' ')} 100,100` }),
    svg('polyline', { points: points.join(' ') }),
  );
  return styled(graph, { color });
}
