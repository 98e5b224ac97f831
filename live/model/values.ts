// The values a stat, gauge or bar gauge shows: one for every row of the answer, or one for every number
// column, reduced. Pure.
import type { FieldDisplay, Panel } from './dashboard.ts';
import { fieldDisplay, lineTitle } from './fields.ts';
import type { Cell, ColumnKind, Frame } from './protocol.ts';
import { reduce } from './reduce.ts';
import { toTimeSeries } from './series.ts';

export interface PanelValue {
  /** Empty when there is only one and it needs no name. */
  readonly name: string;
  readonly value: Cell;
  readonly kind: ColumnKind;
  readonly display: FieldDisplay;
  /** Its course over time, where there is one. */
  readonly history: readonly (number | null)[];
}

interface ReduceOptions {
  readonly calcs?: readonly string[];
  readonly values?: boolean;
  readonly fields?: string;
  readonly limit?: number;
}

/** More than these would be too small to read. */
const MOST_VALUES = 50;

/** The values in the order of the answer; empty when it has no rows. */
export function panelValues(panel: Panel, frames: readonly Frame[]): PanelValue[] {
  const options = (panel.options?.['reduceOptions'] ?? {}) as ReduceOptions;
  const limit = Math.min(options.limit ?? MOST_VALUES, MOST_VALUES);
  if (options.values === true)
    return frames.flatMap((frame) => perRow(panel, frame)).slice(0, limit);
  const calculation = options.calcs?.[0] ?? 'lastNotNull';
  return frames
    .flatMap((frame) => perColumn(panel, frame, calculation, options.fields ?? ''))
    .slice(0, limit);
}

function perRow(panel: Panel, { columns, refId }: Frame): PanelValue[] {
  const names = columns.filter(({ kind }) => kind === 'text');
  const numbers = columns.filter(({ kind }) => kind === 'number');
  const rows = columns[0]?.values.length ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    numbers.map((column): PanelValue => {
      const label = names.map(({ values }) => String(values[row] ?? '')).join(' ');
      const display = fieldDisplay(panel, { ...column, refId });
      const name =
        numbers.length > 1 ? `${label} ${display.displayName ?? column.name}`.trim() : label;
      return { name, value: column.values[row] ?? null, kind: 'number', display, history: [] };
    }),
  ).flat();
}

function perColumn(panel: Panel, frame: Frame, calculation: string, fields: string): PanelValue[] {
  const { columns, refId } = frame;
  const overTime = columns.some(({ kind }) => kind === 'time');
  const rows = columns[0]?.values.length ?? 0;
  const hasText = columns.some(({ kind }) => kind === 'text');
  const numbers = columns.filter(({ kind }) => kind === 'number');
  if (rows === 0) return [];
  if (overTime && numbers.length > 0) {
    return toTimeSeries([frame]).series.map((line) => {
      const { field, name, values } = line;
      const display = fieldDisplay(panel, {
        name: field,
        displayName: name,
        kind: 'number',
        refId,
      });
      const value = reduce(values, calculation);
      return { name: lineTitle(display, line), value, kind: 'number', display, history: values };
    });
  }
  // Without numbers, or when every field is asked for, texts and times are values too.
  const all = numbers.length === 0 || (fields !== '' && hasText);
  return (all ? columns : numbers).map((column) => {
    const display = fieldDisplay(panel, { ...column, refId });
    const { kind, name, values } = column;
    const value = reduce(values, calculation);
    return { name: display.displayName ?? name, value, kind, display, history: [] };
  });
}
