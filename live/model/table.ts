// Shapes the answers of a table panel: columns in order, renamed and left out as the panel's
// transformations and overrides say, and rows sorted by what a reader clicked. Pure.
import type { FieldDisplay, Panel } from './dashboard.ts';
import { fieldDisplay } from './fields.ts';
import type { Cell, Column, Frame } from './protocol.ts';

export interface TableColumn extends Column {
  readonly title: string;
  readonly display: FieldDisplay;
}

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

interface Organize {
  readonly excludeByName?: Readonly<Record<string, boolean>>;
  readonly indexByName?: Readonly<Record<string, number>>;
  readonly renameByName?: Readonly<Record<string, string>>;
}

/** Transformations that the page applies; any other is named on the panel. */
const KNOWN = new Set(['organize', 'merge']);

/** Ids of the transformations of a panel that are not applied here. */
export function unknownTransformations(panel: Panel): string[] {
  return (panel.transformations ?? []).map(({ id }) => id).filter((id) => !KNOWN.has(id));
}

/** The columns of the first frame as the panel shows them. */
export function tableColumns(panel: Panel, frames: readonly Frame[]): TableColumn[] {
  let columns = [...(frames[0]?.columns ?? [])];
  const titles = new Map<string, string>();
  for (const { id, options } of panel.transformations ?? []) {
    if (id !== 'organize') continue;
    const { excludeByName = {}, indexByName = {}, renameByName = {} } = (options ?? {}) as Organize;
    columns = columns
      .filter(({ name }) => excludeByName[name] !== true)
      .sort((a, b) => (indexByName[a.name] ?? Infinity) - (indexByName[b.name] ?? Infinity) || 0);
    for (const [name, title] of Object.entries(renameByName))
      if (title !== '') titles.set(name, title);
  }
  return columns
    .map((column) => {
      const renamed = titles.get(column.name);
      const identity = { ...column, ...(renamed === undefined ? {} : { displayName: renamed }) };
      const display = fieldDisplay(panel, identity);
      return { ...column, title: display.displayName ?? renamed ?? column.name, display };
    })
    .filter(({ display }) => display.custom?.['hidden'] !== true);
}

/** The row numbers in the order they are shown. */
export function sortedRows(
  columns: readonly TableColumn[],
  sorting: Sorting | undefined,
): number[] {
  const rows = (columns[0]?.values ?? []).map((_, row) => row);
  const column = columns.find(
    ({ name, title }) => name === sorting?.column || title === sorting?.column,
  );
  if (sorting === undefined || column === undefined) return rows;
  const direction = sorting.descending ? -1 : 1;
  return rows.sort((a, b) => compare(column.values[a]!, column.values[b]!, direction));
}

/** Nothing comes last, whichever way. */
function compare(a: Cell, b: Cell, direction: number): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return (a - b) * direction;
  return String(a).localeCompare(String(b), 'en', { numeric: true }) * direction;
}

/** The order the panel begins with. */
export function initialSorting(panel: Panel): Sorting | undefined {
  const [first] = (panel.options?.['sortBy'] ?? []) as { displayName?: string; desc?: boolean }[];
  if (first?.displayName === undefined) return undefined;
  return { column: first.displayName, descending: first.desc === true };
}
