// Decides what one record of a CSV file is: an event of the wanted key, somebody else's row, or a
// mistake, told with file, line and column. Knows nothing of how the file is read.
import { ConfigError } from '../platform/errors.ts';
import { compileCsvReader, csvHeader, csvHeaders } from '../streams/csv.ts';
import { instantMs } from '../streams/instant.ts';
import { columnOf } from '../streams/stream.ts';
import { quoted, type Event, type FileSelection } from './file-event.ts';

/** Judges records in file order, after the header. `line` is counted from 1. */
export class CsvRows {
  readonly #selection: FileSelection;
  readonly #header: readonly string[];
  readonly #eventOf: ReturnType<typeof compileCsvReader>;
  readonly #timeOf: ReturnType<typeof compileCsvReader>;
  readonly #keyAt: number;
  readonly #timeColumn: string;
  #lastMs = -Infinity;

  /** @throws {ConfigError} when the header lacks a column of the stream, or has one twice. */
  constructor(selection: FileSelection, header: readonly string[]) {
    const { stream } = selection;
    this.#selection = selection;
    this.#header = header.map((name) => name.trim());
    this.#checkHeader();
    const time = stream.leaves.filter(({ name }) => name === stream.eventTime);
    this.#eventOf = compileCsvReader(stream, this.#header);
    this.#timeOf = compileCsvReader({ ...stream, leaves: time }, this.#header);
    this.#keyAt = this.#header.indexOf(headerOf(selection, stream.key));
    this.#timeColumn = headerOf(selection, stream.eventTime);
  }

  get header(): readonly string[] {
    return this.#header;
  }

  /**
   * The event a record holds; undefined when the row has another key.
   * @throws {ConfigError} when the record is malformed, of no known key, or older than the one before.
   */
  read(cells: readonly string[], line: number): Event | undefined {
    const { key } = this.#selection;
    if (cells.length !== this.#header.length) this.#rejectWidth(cells, line);
    if (key !== undefined) {
      this.#checkOrder(cells, line);
      const cell = cells[this.#keyAt]!.trim();
      if (cell !== key) {
        this.#requireKnown(cell, line);
        return undefined;
      }
    }
    const result = this.#eventOf(cells);
    if (result.ok) return result.event;
    throw this.#error(line, result.column, `${quoted(result.cell)} is not ${result.allowed}`);
  }

  #checkHeader(): void {
    const { stream } = this.#selection;
    const wanted = csvHeaders(stream);
    for (const name of stream.leaves.map(csvHeader)) {
      const count = this.#header.filter((given) => given === name).length;
      if (count === 1 || (count === 0 && !wanted.includes(name))) continue;
      const problem = count === 0 ? 'is missing' : `is there ${count} times`;
      throw this.#error(1, name, `${problem}; the header must have ${wanted.join(', ')}`);
    }
  }

  #rejectWidth(cells: readonly string[], line: number): never {
    const expected = this.#header.length;
    const column = this.#header[cells.length] ?? `${expected + 1}`;
    const problem = cells.length < expected ? 'is missing' : 'is not in the header';
    throw this.#error(line, column, `${problem}; ${cells.length} cells instead of ${expected}`);
  }

  #checkOrder(cells: readonly string[], line: number): void {
    const result = this.#timeOf(cells);
    if (!result.ok) {
      throw this.#error(line, result.column, `${quoted(result.cell)} is not ${result.allowed}`);
    }
    const value = Object.values(result.event)[0] as number | string | undefined;
    if (value === undefined) return;
    const ms = typeof value === 'number' ? value * 1_000 : instantMs(value)!;
    if (ms < this.#lastMs) {
      const column = this.#timeColumn;
      const index = this.#header.indexOf(column);
      const command = sortCommand(this.#selection.path, index, typeof value);
      throw this.#error(line, column, `earlier than the row before. Sort the file: ${command}`);
    }
    this.#lastMs = ms;
  }

  #requireKnown(key: string, line: number): void {
    const { knownKeys = [], stream } = this.#selection;
    if (knownKeys.includes(key)) return;
    const problem = `${quoted(key)} is unknown; allowed are ${knownKeys.join(', ')}`;
    throw this.#error(line, headerOf(this.#selection, stream.key), problem);
  }

  #error(line: number, column: string, problem: string): ConfigError {
    return new ConfigError(`${this.#selection.path} line ${line}, column ${column}: ${problem}`);
  }
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
  const [cat, plain] = path.endsWith('.gz')
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
