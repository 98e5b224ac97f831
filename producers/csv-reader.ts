// Reads a stream's events from the text of a CSV file. What ends the reading is told with file, line and
// column after every event before it was given out.
import { ConfigError } from '../platform/errors.ts';
import { csvHeader, csvHeaders } from '../streams/csv.ts';
import { columnOf } from '../streams/stream.ts';
import { CsvRecords, type CsvMistake } from './csv-records.ts';
import { CsvRows } from './csv-rows.ts';
import type { EventReader, FileEvent, FileSelection } from './file-event.ts';
import { misfitError } from './misfit.ts';

export class CsvReader implements EventReader {
  readonly #selection: FileSelection;
  readonly #records = new CsvRecords((cells, line) => this.#take(cells, line));
  #rows: CsvRows | undefined;
  #events: FileEvent[] = [];
  #lastLine = 1;
  #problem: ConfigError | undefined;

  constructor(selection: FileSelection) {
    this.#selection = selection;
  }

  async feed(chunk: Buffer): Promise<FileEvent[]> {
    this.#note(await this.#records.feed(chunk));
    return this.#collect();
  }

  async finish(): Promise<FileEvent[]> {
    this.#note(await this.#records.finish());
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
      if (this.#rows === undefined) this.#rows = new CsvRows(this.#selection, cells, line);
      else this.#give(this.#rows.read(cells, line));
      this.#lastLine = line;
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      this.#problem = thrown;
    }
  }

  #give(event: FileEvent | undefined): void {
    if (event === undefined) return;
    const { onBadRow, path } = this.#selection;
    if (event.misfit === undefined || onBadRow === 'dead-letter') this.#events.push(event);
    else this.#problem = misfitError(path, event.misfit);
  }

  #note(mistake: CsvMistake | undefined): void {
    if (mistake === undefined) return;
    const { cause, column: index, line, problem } = mistake;
    const column = this.#rows?.header[index ?? 0] ?? String((index ?? 0) + 1);
    const where = `${this.#selection.path} line ${line}, column ${column}`;
    this.#problem ??= new ConfigError(`${where}: ${problem}`, { cause });
  }

  #collect(): FileEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
