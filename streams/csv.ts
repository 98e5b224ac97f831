// Reads one CSV record as an event of a stream: which columns a file must have and what each cell
// may say. A cell that is not exactly of its field's form is reported with its column, never guessed.
import type { Field } from './field.ts';
import { INSTANT_FORM, instantFault } from './instant-fault.ts';
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
      /** What is wrong with the cell, in words that follow it. */
      readonly problem: string;
    };

/**
 * Compiles the reader of a file with this header, which must contain every one of
 * {@link csvHeaders}; further columns are ignored. Cells come without the blanks around them, except
 * those that stand in quotes. The event comes out in wire order.
 */
export function compileCsvReader(
  stream: Pick<TopicStream, 'leaves'>,
  header: readonly string[],
): (cells: readonly string[]) => CsvResult {
  const plan = planOf(stream, header);
  return (cells) => {
    const event: Record<string, unknown> = {};
    for (const { column, index, path, field } of plan) {
      const cell = cells[index] ?? '';
      if (isOptional(field) && cell.trim() === '') continue;
      const value = parseCell(field, cell);
      if (value === undefined) return { ok: false, column, cell, problem: cellFault(field, cell) };
      place(event, path, value);
    }
    return { ok: true, event };
  };
}

/**
 * Compiles what makes the nearest thing to an event of a record that is none: each cell as its field's
 * kind writes it where the cell has that form, whatever the bounds, else the cell's text; null for an
 * empty one. A wider declaration may take it later.
 */
export function compileCsvDraft(
  stream: Pick<TopicStream, 'leaves'>,
  header: readonly string[],
): (cells: readonly string[]) => Record<string, unknown> {
  const plan = planOf(stream, header);
  return (cells) => {
    const event: Record<string, unknown> = {};
    for (const { index, path, field } of plan) {
      const cell = cells[index] ?? '';
      if (cell.trim() === '') place(event, path, null);
      else place(event, path, formOf(field, cell) ?? cell);
    }
    return event;
  };
}

function planOf({ leaves }: Pick<TopicStream, 'leaves'>, header: readonly string[]) {
  return leaves.map((leaf) => {
    const column = csvHeader(leaf);
    return { ...leaf, column, index: header.indexOf(column) };
  });
}

function place(event: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = event;
  for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
  at[path.at(-1)!] = value;
}

/** A number as a cell writes it. */
export const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The wire value of a cell, or undefined when the cell is not of the field's form or out of bounds. */
function parseCell(field: Field, cell: string): string | number | boolean | undefined {
  const value = formOf(field, cell);
  if (value === undefined || typeof value === 'boolean') return value;
  switch (field.kind) {
    case 'text': {
      const fits = cell !== '' && Buffer.byteLength(cell) <= field.maxBytes && !cell.includes('\0');
      return fits ? cell : undefined;
    }
    case 'float64':
    case 'integer':
      return typeof value === 'number' && value >= field.min && value <= field.max
        ? value
        : undefined;
    case 'instant':
      return instantFault(field, value) === undefined ? value : undefined;
    case 'message':
    case 'boolean':
      return undefined;
  }
}

/** A cell as its field's kind writes it on the wire, undefined when it has no such form. */
function formOf(field: Field, cell: string): string | number | boolean | undefined {
  switch (field.kind) {
    case 'text':
      return cell;
    case 'float64':
      return decimal(cell.trim());
    case 'integer': {
      const value = /^[+-]?\d+$/.test(cell.trim()) ? Number(cell) : NaN;
      return Number.isSafeInteger(value) ? value : undefined;
    }
    case 'message':
      return undefined;
    case 'boolean': {
      const word = cell.trim().toLowerCase();
      if (word === 'true' || word === '1') return true;
      return word === 'false' || word === '0' ? false : undefined;
    }
    case 'instant': {
      const written = cell.trim();
      return decimal(written) ?? written;
    }
  }
}

/** What is wrong with a cell that {@link parseCell} refuses. */
function cellFault(field: Field, cell: string): string {
  if (cell.includes('\0')) return 'holds NUL bytes, which a file cut off by a crash may have';
  const value = field.kind === 'instant' ? formOf(field, cell) : undefined;
  if (field.kind !== 'instant' || typeof value === 'boolean' || value === undefined) {
    return `is not ${allowedValue(field, DECIMAL.test(cell.trim()))}${cellHint(field, cell)}`;
  }
  return `${instantFault(field, value)!}${cellHint(field, cell)}`;
}

/** A number as people write it for people: a decimal comma, thousands apart. */
const GROUPED = /^[+-]?\d{1,3}([ '.,\u00a0\u2019\u202f]\d{3})+([.,]\d+)?$/;
const DECIMAL_COMMA = /^[+-]?\d*,\d+$/;
/** No number has more characters; a longer cell is not looked at. */
const MAX_NUMBER_CHARS = 64;

/** What a person may have to change in a cell. */
function cellHint({ kind }: Field, cell: string): string {
  if (cell.trim() === '') return '; the cell is empty';
  const isNumeric = kind === 'float64' || kind === 'integer';
  return isNumeric && isForPeople(cell) ? `; ${PLAIN_NUMBER}` : '';
}

/** Whether a cell is a number with a decimal comma or with thousands apart. */
export function isForPeople(cell: string): boolean {
  const written = cell.length > MAX_NUMBER_CHARS ? '' : cell.trim();
  return DECIMAL_COMMA.test(written) || GROUPED.test(written);
}

/** What to do about {@link isForPeople}. */
export const PLAIN_NUMBER =
  'write numbers with a decimal point and nothing between thousands: 1234.5';

function decimal(cell: string): number | undefined {
  if (!DECIMAL.test(cell)) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * What a value of the field may be, in words. Limits that are those of every number are left out, unless
 * the value may lie beyond them (`isNumber`).
 */
export function allowedValue(field: Field, isNumber = false): string {
  switch (field.kind) {
    case 'text':
      return `a text of 1 to ${field.maxBytes} bytes`;
    case 'float64':
      return `a number${limits(field, isNumber ? Infinity : Number.MAX_VALUE)}`;
    case 'integer':
      return `a whole number${limits(field, isNumber ? Infinity : Number.MAX_SAFE_INTEGER)}`;
    case 'message':
      return 'nothing: it is not part of an event';
    case 'boolean':
      return 'true or false';
    case 'instant':
      return INSTANT_FORM;
  }
}

/** Bounds in words, without those that lie at `most`, on either side. */
function limits({ max, min }: { min: number; max: number }, most: number): string {
  if (min > -most && max < most) return ` from ${min} to ${max}`;
  if (min > -most) return ` of at least ${min}`;
  return max < most ? ` of at most ${max}` : '';
}
