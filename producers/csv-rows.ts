// Judges one record of a CSV file: an event of the wanted key, a row of another key, or a misfit with line,
// column and problem. It does not know how the file is read.
import { ConfigError } from '../platform/errors.ts';
import { compileCsvDraft, compileCsvReader, csvHeader, type CsvResult } from '../streams/csv.ts';
import { instantMs } from '../streams/instant.ts';
import { columnOf } from '../streams/stream.ts';
import { headerFault } from './csv-header.ts';
import type { FileOrder } from './csv-packer.ts';
import { compileTimeCheck, valueAt } from './event-times.ts';
import { quoted, type FileEvent, type FileSelection } from './file-event.ts';
import { compileMisfits } from './misfit.ts';

/** A longer cell in the place of the key is none: the row is broken. */
const MAX_KEY_CHARS = 256;

/** Judges records in file order, after the header. `line` is counted from 1. */
export class CsvRows implements FileOrder {
  readonly #selection: FileSelection;
  readonly #header: readonly string[];
  readonly #eventOf: ReturnType<typeof compileCsvReader>;
  readonly #timeOf: ReturnType<typeof compileCsvReader>;
  readonly #draftOf: ReturnType<typeof compileCsvDraft>;
  readonly #timeFault: ReturnType<typeof compileTimeCheck>;
  readonly #misfit: ReturnType<typeof compileMisfits>;
  readonly #keyAt: number;
  readonly #timeColumn: string;
  readonly #timePath: readonly string[];
  /** The time of the last row that was taken, where rows of one key are. */
  lastMs = -Infinity;

  /** @throws {ConfigError} when the header lacks a column of the stream, or has one twice. */
  constructor(selection: FileSelection, header: readonly string[], line: number) {
    const { stream } = selection;
    this.#selection = selection;
    this.#header = header.map((name) => name.trim());
    const fault = headerFault(stream, this.#header);
    if (fault !== undefined) throw this.#error(line, fault.column, fault.problem);
    const time = stream.leaves.filter(({ name }) => name === stream.eventTime);
    this.#eventOf = compileCsvReader(stream, this.#header);
    this.#timeOf = compileCsvReader({ ...stream, leaves: time }, this.#header);
    this.#draftOf = compileCsvDraft(stream, this.#header);
    this.#timeFault = compileTimeCheck(stream);
    this.#misfit = compileMisfits(selection);
    this.#keyAt = this.#header.indexOf(headerOf(selection, stream.key));
    this.#timeColumn = headerOf(selection, stream.eventTime);
    this.#timePath = columnOf(stream.leaves, stream.eventTime)!.path;
  }

  get header(): readonly string[] {
    return this.#header;
  }

  /**
   * The event or misfit that a record holds; undefined when the row has another key.
   * @throws {ConfigError} when the row is older than the one before, where rows of one key are taken.
   */
  read(cells: readonly string[], line: number): FileEvent | undefined {
    const { key } = this.#selection;
    const problem =
      this.#widthFault(cells) ?? (key === undefined ? undefined : this.#keyFault(cells));
    if (problem !== undefined) return this.#outcast(cells, line, problem);
    if (key !== undefined) {
      this.#requireOrder(cells, line);
      if (cells[this.#keyAt] !== key) return undefined;
    }
    const result = this.#eventOf(cells);
    if (!result.ok) return this.#outcast(cells, line, cellProblem(result));
    const fault = this.#timeFault(result.event);
    if (fault === undefined) return { members: result.event };
    const { leaf, problem: why, value } = fault;
    return this.#outcast(cells, line, `column ${csvHeader(leaf)}: ${quoted(`${value}`)} ${why}`);
  }

  /** A row that does not fit, with what is nearest to an event of it. */
  #outcast(cells: readonly string[], line: number, problem: string): FileEvent | undefined {
    const value = cells.length === this.#header.length ? this.#draftOf(cells) : cells;
    const cell = cells[this.#keyAt] ?? '';
    const key = cell.length > MAX_KEY_CHARS ? '' : cell;
    const misfit = { place: `line ${line}`, line, problem, key };
    const rejected = (): string => JSON.stringify(cells);
    return this.#misfit(misfit, { value, json: JSON.stringify(value), rejected });
  }

  #widthFault(cells: readonly string[]): string | undefined {
    const expected = this.#header.length;
    if (cells.every((cell) => cell === '')) return 'the row is empty: it holds only delimiters';
    if (cells.length === expected) return undefined;
    if (cells.some((cell) => cell.includes('\0'))) {
      return `the row holds NUL bytes, which a file cut off by a crash may have; remove it`;
    }
    const column = this.#header[cells.length] ?? `${expected + 1}`;
    const problem = cells.length < expected ? 'is missing' : 'is not in the header';
    return `column ${column}: ${problem}; ${cells.length} cells instead of ${expected}`;
  }

  /** What is wrong with the time or the key of a row, whosever it is. */
  #keyFault(cells: readonly string[]): string | undefined {
    const { knownKeys = [], stream } = this.#selection;
    const time = this.#timeOf(cells);
    if (!time.ok) return cellProblem(time);
    const key = cells[this.#keyAt]!;
    if (knownKeys.includes(key)) return undefined;
    const column = headerOf(this.#selection, stream.key);
    return `column ${column}: ${quoted(key)} is unknown; allowed are ${knownKeys.join(', ')}`;
  }

  #requireOrder(cells: readonly string[], line: number): void {
    const result = this.#timeOf(cells);
    const value = result.ok ? valueAt(result.event, this.#timePath) : undefined;
    if (typeof value !== 'number' && typeof value !== 'string') return;
    const ms = instantMs(value)!;
    if (ms < this.lastMs) {
      const column = this.#timeColumn;
      const index = this.#header.indexOf(column);
      const command = sortCommand(this.#selection.path, index, typeof value);
      throw this.#error(line, column, `earlier than the row before. Sort the file: ${command}`);
    }
    this.lastMs = ms;
  }

  #error(line: number, column: string, problem: string): ConfigError {
    return new ConfigError(`${this.#selection.path} line ${line}, column ${column}: ${problem}`);
  }
}

/** A cell that is not of its field's form. */
function cellProblem({ cell, column, problem }: Extract<CsvResult, { ok: false }>): string {
  return `column ${column}: ${quoted(cell)} ${problem}`;
}

/** The header under which a file carries the named field of the stream. */
function headerOf({ stream }: FileSelection, name: string): string {
  return csvHeader(columnOf(stream.leaves, name)!);
}

/**
 * The shell command that puts a file in order of its `columnIndex`th column. Fields are taken to be
 * quoted, as in the public file; `sort` then has to look behind the quote.
 */
function sortCommand(path: string, columnIndex: number, kind: string): string {
  const place = columnIndex + 1;
  const order = kind === 'number' ? 'g' : '';
  const [cat, plain] = /\.gz$/i.test(path)
    ? ['gzip -dc', path.slice(0, -'.gz'.length)]
    : ['cat', path];
  const from = shellQuoted(path);
  const to = shellQuoted(plain.replace(/(\.csv)?$/, '.sorted.csv'));
  const rows = `${cat} ${from} | tail -n +2 | LC_ALL=C sort -s -t, -k${place}.2,${place}${order}`;
  return `(${cat} ${from} | head -n 1; ${rows}) > ${to}`;
}

function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
