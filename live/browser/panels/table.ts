// Tables: sorted by a click on a heading, numbers aligned, cells coloured and linked as the panel says.
import { lettersOn, namedColor, surfaceColor } from '../../model/colors.ts';
import { cellText, showCell } from '../../model/fields.ts';
import {
  initialSorting,
  sortedRows,
  tableColumns,
  unknownTransformations,
  type Sorting,
  type TableColumn,
} from '../../model/table.ts';
import type { Frame } from '../../model/protocol.ts';
import { h, styled } from '../dom.ts';
import { theme } from '../theme.ts';
import type { CreateRenderer, DrawContext } from './renderer.ts';

/** More rows would only be scrolled over. */
const MOST_ROWS = 500;

/** Draws `table` panels. */
export const table: CreateRenderer = ({ box, panel }) => {
  let sorting: Sorting | undefined = initialSorting(panel);
  const draw = (frames: readonly Frame[], context: DrawContext): void => {
    const columns = tableColumns(panel, frames);
    const order = sortedRows(columns, sorting);
    const sortBy = (column: TableColumn): void => {
      const again = sorting?.column === column.name || sorting?.column === column.title;
      sorting = {
        column: column.name,
        descending: again ? !sorting!.descending : column.kind !== 'text',
      };
      draw(frames, context);
      [...box.querySelectorAll('thead button')].forEach((button) => {
        if (button instanceof HTMLElement && button.dataset['column'] === column.name)
          button.focus();
      });
    };
    const scroll = box.querySelector('.table-scroll');
    const [left, top] = [scroll?.scrollLeft ?? 0, scroll?.scrollTop ?? 0];
    const head = h(
      'tr',
      {},
      columns.map((column) => heading(column, sorting, () => sortBy(column))),
    );
    const rows = order.slice(0, MOST_ROWS).map((row) =>
      h(
        'tr',
        {},
        columns.map((column) => cell(column, row, columns, context)),
      ),
    );
    const unknown = unknownTransformations(panel);
    const hidden = order.length - rows.length;
    const next = h(
      'div',
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': `${panel.title}: table` },
      h('table', { class: 'data' }, h('thead', {}, head), h('tbody', {}, rows)),
      hidden > 0 && h('p', { class: 'note' }, `${hidden} more rows are not shown.`),
      unknown.length > 0 && h('p', { class: 'note' }, `Not applied here: ${unknown.join(', ')}.`),
    );
    const focused =
      document.activeElement?.classList.contains('table-scroll') === true &&
      box.contains(document.activeElement);
    box.replaceChildren(next);
    next.scrollTo(left, top);
    if (focused) next.focus();
  };
  return { draw };
};

function heading(column: TableColumn, sorting: Sorting | undefined, sort: () => void): HTMLElement {
  const mine = sorting !== undefined && [column.name, column.title].includes(sorting.column);
  const order = !mine ? undefined : sorting.descending ? 'descending' : 'ascending';
  const button = h(
    'button',
    { type: 'button', onclick: sort, 'data-column': column.name },
    column.title,
    h(
      'span',
      { class: 'sort-mark', 'aria-hidden': 'true' },
      order === undefined ? '' : order === 'descending' ? '↓' : '↑',
    ),
  );
  return sized(h('th', { scope: 'col', class: column.kind, 'aria-sort': order }, button), column);
}

/**
 * A column of texts as wide as its panel says: longer ones are cut, headings never. Figures and times share
 * what is left, since the few without a width would get all of it.
 */
function sized(element: HTMLElement, { display, kind }: TableColumn): HTMLElement {
  const width = display.custom?.['width'];
  if (typeof width !== 'number' || kind !== 'text') return element;
  element.classList.add('sized');
  return styled(element, { '--width': `${width}px` });
}

function cell(
  column: TableColumn,
  row: number,
  columns: readonly TableColumn[],
  context: DrawContext,
): HTMLElement {
  const { display, kind } = column;
  const value = column.values[row] ?? null;
  // What a panel says when it has no rows is not for every empty cell.
  const { noValue: _, ...shownAs } = display;
  const shown = showCell(value, kind, shownAs);
  const text = cellText(shown);
  const [link] = display.links ?? [];
  const fields = (): Record<string, string> =>
    Object.fromEntries(columns.map(({ name, values }) => [name, String(values[row] ?? '')]));
  const address =
    link?.url === undefined
      ? undefined
      : context.link(link.url, { fields: fields(), value: String(value ?? '') });
  const content =
    address === undefined ? text : h('a', { href: address, title: link?.title }, text);
  const longest = display.custom?.['width'] === undefined ? 40 : 15;
  const title = text.length > longest ? text : undefined;
  const element = sized(h('td', { class: kind, title }, content), column);
  const options = display.custom?.['cellOptions'] as { type?: string; mode?: string } | undefined;
  const paint = shown.color === undefined ? undefined : namedColor(shown.color, theme());
  if (paint === undefined) return element;
  if (options?.type === 'color-background') {
    const ground = surfaceColor(shown.color!, theme());
    const pill = styled(h('span', { class: 'pill' }), {
      background: ground,
      color: lettersOn(ground),
    });
    pill.append(...element.childNodes);
    element.append(pill);
  } else if (options?.type === 'color-text' || options?.type === 'gauge')
    styled(element, { color: paint });
  return element;
}
