// Reads a stream's events from a CSV file of any size in constant memory. A bad row ends the replay
// with file, line and column, after every event before it was given out.
import { CsvError, parse, type Parser } from 'csv-parse';
import { ConfigError, asError } from '../platform/errors.ts';
import { csvHeaders } from '../streams/csv.ts';
import { CsvRows, headerOf, type CsvSelection, type Event } from './csv-rows.ts';
import { readFileBytes, type FilePosition } from './file-source.ts';
import { PlainCsv } from './plain-csv.ts';

/** No row of any stream is near this long: an unclosed quote must not swallow the whole file. */
const MAX_ROW_BYTES = 1_048_576;

/**
 * The selected events of a file, in file order, some at a time.
 * @throws {ConfigError} naming file, line and column when the file is not as it must be.
 */
export async function* replayCsv(
  selection: CsvSelection,
  position: FilePosition = { readBytes: 0, sizeBytes: 0 },
): AsyncGenerator<Event[]> {
  const reader = new CsvFileReader(selection);
  let count = 0;
  for await (const chunk of readFileBytes(selection.path, position)) {
    const events = await reader.feed(chunk);
    count += events.length;
    if (events.length > 0) yield events;
    reader.throwIfBad();
  }
  const events = await reader.finish();
  if (events.length > 0) yield events;
  reader.throwIfBad();
  reader.requireRows(count + events.length);
}

/** Plain lines are split here; from the first that is not plain on, csv-parse is driven by chunks. */
class CsvFileReader {
  readonly #selection: CsvSelection;
  readonly #parser: Parser;
  readonly #plain = new PlainCsv((cells, line) => this.#take(cells, line));
  #isPlain = true;
  #rows: CsvRows | undefined;
  #events: Event[] = [];
  #lastLine = 0;
  #problem: ConfigError | undefined;

  constructor(selection: CsvSelection) {
    this.#selection = selection;
    this.#parser = parse({
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
      max_record_size: MAX_ROW_BYTES,
      on_record: (cells: string[], { lines }) => {
        this.#take(cells, this.#plain.lines + lines);
        return null;
      },
    });
    // The error also reaches the callback of write or end, where it is dealt with.
    this.#parser.on('error', () => undefined);
    this.#parser.resume();
  }

  /** The events that this chunk completes. */
  async feed(chunk: Buffer): Promise<Event[]> {
    const rest = this.#isPlain ? this.#plain.feed(chunk) : chunk;
    if (rest !== undefined) await this.#parse(rest);
    return this.#collect();
  }

  /** The events of what the file ends with. */
  async finish(): Promise<Event[]> {
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

  requireRows(count: number): void {
    const { path, stream, key } = this.#selection;
    if (this.#rows === undefined) {
      const header = csvHeaders(stream).join(', ');
      throw new ConfigError(`${path} line 1: the file is empty; it must start with ${header}`);
    }
    if (count > 0) return;
    const column = headerOf(stream, stream.key);
    const what = this.#lastLine <= 1 ? 'there are no rows' : `no row has ${JSON.stringify(key)}`;
    throw new ConfigError(`${path} line ${this.#lastLine}, column ${column}: ${what}`);
  }

  #take(cells: string[], line: number): void {
    if (this.#problem !== undefined) return;
    try {
      if (this.#rows === undefined) this.#rows = new CsvRows(this.#selection, cells);
      else {
        const event = this.#rows.read(cells, line);
        if (event !== undefined) this.#events.push(event);
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

  #collect(): Event[] {
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
