// Reads a stream's events from the bytes of a CSV file. A bad row is told with file, line and column, and
// ends the reading after every event before it was given out.
import { CsvError, parse, type Parser } from 'csv-parse';
import { ConfigError, asError } from '../platform/errors.ts';
import { csvHeader, csvHeaders } from '../streams/csv.ts';
import { columnOf } from '../streams/stream.ts';
import { CsvRows } from './csv-rows.ts';
import {
  MAX_EVENT_BYTES,
  type EventReader,
  type FileEvent,
  type FileSelection,
} from './file-event.ts';
import { PlainCsv } from './plain-csv.ts';

/** Plain lines are split here; from the first that is not plain on, csv-parse is driven by chunks. */
export class CsvReader implements EventReader {
  readonly #selection: FileSelection;
  readonly #parser: Parser;
  readonly #plain = new PlainCsv((cells, line) => this.#take(cells, line));
  #isPlain = true;
  #rows: CsvRows | undefined;
  #events: FileEvent[] = [];
  #lastLine = 0;
  #problem: ConfigError | undefined;

  constructor(selection: FileSelection) {
    this.#selection = selection;
    this.#parser = parse({
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: MAX_EVENT_BYTES,
      on_record: (cells: string[], { lines }) => {
        this.#take(cells, this.#plain.lines + lines);
        return null;
      },
    });
    // The error also reaches the callback of write or end, where it is dealt with.
    this.#parser.on('error', () => undefined);
    this.#parser.resume();
  }

  async feed(chunk: Buffer): Promise<FileEvent[]> {
    const rest = this.#isPlain ? this.#plain.feed(chunk) : chunk;
    if (rest !== undefined) await this.#parse(rest);
    return this.#collect();
  }

  async finish(): Promise<FileEvent[]> {
    const rest = this.#isPlain ? this.#plain.finish() : undefined;
    if (rest !== undefined) await this.#parse(rest);
    this.#note(
      await new Promise((resolve) => {
        this.#parser.once('error', resolve);
        this.#parser.end(resolve);
      }),
    );
    return this.#collect();
  }

  throwIfBad(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }

  requireEvents(count: number): void {
    const { path, stream, key } = this.#selection;
    if (this.#rows === undefined) {
      const header = csvHeaders(stream).join(', ');
      throw new ConfigError(`${path} line 1: the file is empty; it must start with ${header}`);
    }
    if (count > 0) return;
    const column = csvHeader(columnOf(stream.leaves, stream.key)!);
    const none = this.#lastLine <= 1 || key === undefined;
    const what = none ? 'there are no rows' : `no row has ${JSON.stringify(key)}`;
    throw new ConfigError(`${path} line ${this.#lastLine}, column ${column}: ${what}`);
  }

  #take(cells: string[], line: number): void {
    if (this.#problem !== undefined) return;
    try {
      if (this.#rows === undefined) this.#rows = new CsvRows(this.#selection, cells);
      else {
        const event = this.#rows.read(cells, line);
        if (event !== undefined) this.#events.push({ members: event });
      }
      this.#lastLine = line;
    } catch (thrown) {
      this.#problem = thrown as ConfigError;
    }
  }

  async #parse(bytes: Buffer): Promise<void> {
    this.#isPlain = false;
    this.#note(await new Promise((resolve) => void this.#parser.write(bytes, resolve)));
  }

  #note(error: Error | null | undefined): void {
    if (error !== null && error !== undefined) this.#problem ??= this.#malformed(error);
  }

  #collect(): FileEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** csv-parse tells where it noticed; the mistake is in the row that began after the last good one. */
  #malformed(error: Error): ConfigError {
    const { path } = this.#selection;
    if (!(error instanceof CsvError)) return new ConfigError(`${path}: ${asError(error).message}`);
    const index = Number((error as { column?: unknown }).column);
    const column = this.#rows?.header[index] ?? String(index + 1);
    const where = `${path} line ${this.#lastLine + 1}, column ${column}`;
    return new ConfigError(`${where}: a quote is not closed or stands in the wrong place`, {
      cause: error,
    });
  }
}
