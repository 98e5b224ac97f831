// Bars by category: the first text or time column names them, every number column is one bar of each, side
// by side or stacked, upright or lying.
import { namedColor, paletteColor } from '../../model/colors.ts';
import { fieldDisplay } from '../../model/fields.ts';
import type { Frame } from '../../model/protocol.ts';
import { numberText, timeText } from '../../model/units.ts';
import { h, styled } from '../dom.ts';
import { theme } from '../theme.ts';
import { legend, type LegendLine, type LegendOptions } from './legend.ts';
import type { CreateRenderer, Surroundings } from './renderer.ts';

interface BarOptions {
  readonly orientation?: string;
  readonly stacking?: string;
  readonly xField?: string;
  readonly legend?: LegendOptions;
  readonly showValue?: string;
}

interface Line extends LegendLine {
  readonly tell: (value: number) => string;
}

/** More would be too thin to see. */
const MOST_BARS = 120;
const GRID_LINES = 4;

/** Draws `barchart` panels. */
export const barChart: CreateRenderer = (surroundings) => {
  const hidden = new Set<string>();
  const draw = (frames: readonly Frame[]): void => {
    const options = (surroundings.panel.options ?? {}) as BarOptions;
    const { lines, names } = read(surroundings, frames, options);
    const shown = lines.filter(({ name }) => !hidden.has(name));
    const lying = options.orientation === 'horizontal';
    const isStacked = options.stacking === 'normal' || options.stacking === 'percent';
    const toggle = (name: string): void => {
      if (!hidden.delete(name)) hidden.add(name);
      draw(frames);
    };
    const total = (at: number): number => {
      const values = shown.map(({ values: of }) => of[at] ?? 0);
      return isStacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(0, ...values);
    };
    const top = niceTop(Math.max(...names.map((_, at) => total(at)), Number.MIN_VALUE));
    const bars = names.map((name, at) => category(name, at, shown, top, isStacked));
    const grid = Array.from({ length: GRID_LINES + 1 }, (_, i) => {
      const value = (top / GRID_LINES) * i;
      const label = lines[0]?.tell(value) ?? String(value);
      return styled(h('span', { class: 'bar-grid' }, h('span', {}, label)), {
        '--at': `${(100 / GRID_LINES) * i}%`,
      });
    });
    const plot = h(
      'div',
      { class: lying ? 'bars bars-lying' : 'bars' },
      h('div', { class: 'bars-grid', 'aria-hidden': 'true' }, grid),
      h(
        'ul',
        {
          class: isStacked ? 'bars-list stacked' : 'bars-list',
          'aria-label': surroundings.panel.title,
        },
        bars,
      ),
    );
    const foot =
      lines.length < 2 && options.legend?.displayMode !== 'table'
        ? undefined
        : legend(surroundings.panel.title, lines, options.legend ?? {}, hidden, toggle);
    surroundings.box.classList.add('with-chart');
    surroundings.box.replaceChildren(
      plot,
      ...(foot === undefined ? [] : [h('div', { class: 'chart-foot' }, foot)]),
    );
  };
  return { draw };
};

function read(
  { panel }: Surroundings,
  frames: readonly Frame[],
  { xField }: BarOptions,
): { names: string[]; lines: Line[] } {
  const columns = frames[0]?.columns ?? [];
  const first =
    columns.find(({ name }) => name === xField) ??
    columns.find(({ kind }) => kind !== 'number') ??
    columns[0];
  const names = (first?.values ?? []).slice(0, MOST_BARS).map((value) => {
    return first?.kind === 'time' && typeof value === 'number'
      ? timeText(value)
      : String(value ?? '–');
  });
  const lines = columns
    .filter((column) => column.kind === 'number' && column !== first)
    .map((column, i): Line => {
      const display = fieldDisplay(panel, column);
      const fixed = display.color?.mode === 'fixed' ? display.color.fixedColor : undefined;
      return {
        name: display.displayName ?? column.name,
        color: fixed === undefined ? paletteColor(i, theme()) : namedColor(fixed, theme()),
        values: column.values.map((value) => (typeof value === 'number' ? value : null)),
        display,
        tell: (value) => numberText(value, display.unit, display.decimals),
      };
    });
  return { names, lines };
}

function category(
  name: string,
  at: number,
  lines: readonly Line[],
  top: number,
  isStacked: boolean,
): HTMLElement {
  const parts = lines.map(({ color, name: line, tell, values }) => {
    const value = values[at] ?? 0;
    const text = `${name}: ${lines.length > 1 ? `${line} ` : ''}${tell(value)}`;
    const number =
      !isStacked && h('span', { class: 'bar-value', 'aria-hidden': 'true' }, tell(value));
    const bar = h(
      'span',
      { class: 'bar-piece', title: text },
      h('span', { class: 'unseen' }, text),
      number,
    );
    return styled(bar, { '--part': `${Math.max(0, (value / top) * 100)}%`, '--paint': color });
  });
  return h(
    'li',
    {},
    h('span', { class: 'bar-parts' }, parts),
    h('span', { class: 'bar-name', 'aria-hidden': 'true', title: name }, name),
  );
}

/** A round number a little above. */
function niceTop(most: number): number {
  const size = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 4, 5, 8, 10].find((each) => each * size >= most) ?? 10;
  return step * size;
}
