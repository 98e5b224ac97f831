// Reads one CSV record as an event of a stream: which columns a file must have and what each cell
// may say. A cell that is not exactly of its field's form is reported with its column, never guessed.
import type { Field } from './field.ts';
import { instantMs } from './instant.ts';
import type { Column, TopicStream } from './stream.ts';

/** The CSV headers a stream's file must have: key, time, then the rest in wire order. */
export function csvHeaders({ eventTime, key, leaves }: TopicStream): string[] {
  const needed = leaves.filter(({ field }) => !isOptional(field));
  const rank = ({ name }: Column): number => [key, eventTime].indexOf(name) >>> 0;
  return needed.toSorted((one, other) => rank(one) - rank(other)).map(csvHeader);
}

/** The CSV header of a field. */
export function csvHeader({ name, field }: Column): string {
  return field.csv ?? field.wire ?? name;
}

function isOptional(field: Field): boolean {
  return field.kind === 'instant' && field.absent !== 'reject';
}

export type CsvResult =
  | { readonly ok: true; readonly event: Record<string, unknown> }
  | {
      readonly ok: false;
      readonly column: string;
      readonly cell: string;
      /** What the cell should have been, in words. */
      readonly allowed: string;
    };

/**
 * Compiles the reader of a file with this header, which must contain every one of
 * {@link csvHeaders}; further columns are ignored. The event comes out in wire order.
 */
export function compileCsvReader(
  stream: Pick<TopicStream, 'leaves'>,
  header: readonly string[],
): (cells: readonly string[]) => CsvResult {
  const plan = stream.leaves.map((leaf) => {
    const column = csvHeader(leaf);
    return { ...leaf, column, index: header.indexOf(column) };
  });
  return (cells) => {
    const event: Record<string, unknown> = {};
    for (const { column, index, path, field } of plan) {
      const cell = (cells[index] ?? '').trim();
      if (cell === '' && isOptional(field)) continue;
      const value = parseCell(field, cell);
      if (value === undefined) return { ok: false, column, cell, allowed: allowedValue(field) };
      place(event, path, value);
    }
    return { ok: true, event };
  };
}

function place(event: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = event;
  for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
  at[path.at(-1)!] = value;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The wire value of a cell, or undefined when the cell is not of the field's form. */
function parseCell(field: Field, cell: string): string | number | boolean | undefined {
  switch (field.kind) {
    case 'text':
      return cell === '' || Buffer.byteLength(cell) > field.maxBytes ? undefined : cell;
    case 'float64': {
      const value = decimal(cell);
      return value !== undefined && value >= field.min && value <= field.max ? value : undefined;
    }
    case 'integer': {
      const value = /^[+-]?\d+$/.test(cell) ? Number(cell) : NaN;
      return value >= field.min && value <= field.max ? value : undefined;
    }
    case 'message':
      return undefined;
    case 'boolean': {
      const word = cell.toLowerCase();
      if (word === 'true' || word === '1') return true;
      return word === 'false' || word === '0' ? false : undefined;
    }
    case 'instant': {
      const value = decimal(cell) ?? cell;
      const ms = instantMs(value);
      return ms === undefined || ms < field.minMs ? undefined : value;
    }
  }
}

function decimal(cell: string): number | undefined {
  if (!DECIMAL.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/** What a value of the field may be, in words. */
export function allowedValue(field: Field): string {
  switch (field.kind) {
    case 'text':
      return `a text of 1 to ${field.maxBytes} bytes`;
    case 'float64':
      return `a number from ${field.min} to ${field.max}`;
    case 'integer':
      return `a whole number from ${field.min} to ${field.max}`;
    case 'message':
      return 'nothing: it is no part of an event';
    case 'boolean':
      return 'true or false';
    case 'instant':
      return 'epoch seconds or an ISO-8601 instant with a zone';
  }
}
