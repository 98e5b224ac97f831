// The legend of a chart as a table: a button for every line, and what the panel asks to know of each. It is
// also what a screen reader reads instead of the picture.
import type { FieldDisplay } from '../../model/dashboard.ts';
import { cellText, showCell } from '../../model/fields.ts';
import { reduce, reductionTitle } from '../../model/reduce.ts';
import { h, styled } from '../dom.ts';

export interface LegendLine {
  readonly name: string;
  readonly color: string;
  readonly values: readonly (number | null)[];
  readonly display: FieldDisplay;
}

export interface LegendOptions {
  readonly calcs?: readonly string[];
  readonly displayMode?: string;
  readonly placement?: string;
  readonly showLegend?: boolean;
  /** How the lines are drawn, where that is not plain. */
  readonly note?: string;
}

/** The legend; undefined when the panel has none. `hidden` holds the names that are switched off. */
export function legend(
  title: string,
  lines: readonly LegendLine[],
  options: LegendOptions,
  hidden: ReadonlySet<string>,
  toggle: (name: string) => void,
): HTMLElement | undefined {
  if (options.showLegend === false || options.displayMode === 'hidden') return undefined;
  const calcs = options.calcs ?? [];
  const heads = calcs.map((calc) => h('th', { scope: 'col' }, reductionTitle(calc)));
  const rows = lines.map((line) => {
    const attributes = {
      type: 'button',
      class: 'legend-line',
      'aria-pressed': String(!hidden.has(line.name)),
    };
    const button = h(
      'button',
      { ...attributes, onclick: () => toggle(line.name), title: `Show or hide ${line.name}` },
      styled(h('span', { class: 'swatch', 'aria-hidden': 'true' }), { background: line.color }),
      h('span', { class: 'legend-name' }, line.name),
    );
    const cells = calcs.map((calc) => {
      return h('td', {}, cellText(showCell(reduce(line.values, calc), 'number', line.display)));
    });
    return h('tr', {}, h('th', { scope: 'row' }, button), cells);
  });
  const { note = '' } = options;
  const list = options.displayMode !== 'table' && calcs.length === 0;
  return h(
    'div',
    { class: list ? 'legend legend-list' : 'legend', tabindex: -1 },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, `${title}: lines`),
      h(
        'thead',
        { class: list && note === '' ? 'unseen' : '' },
        h(
          'tr',
          {},
          h(
            'th',
            { scope: 'col' },
            note,
            h('span', { class: 'unseen' }, note === '' ? 'Line' : ' lines'),
          ),
          heads,
        ),
      ),
      h('tbody', {}, rows),
    ),
  );
}
