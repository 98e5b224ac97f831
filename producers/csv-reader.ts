// Reads a stream's events from the text of a CSV file. An error that ends the reading names file, line and
// column, and comes after all events before it.
import { ConfigError } from '../platform/errors.ts';
import { csvHeader, csvHeaders } from '../streams/csv.ts';
import { columnOf } from '../streams/stream.ts';
import { csvPackerOf, type CsvPacker } from './csv-packer.ts';
import { CsvRecords, type CsvMistake } from './csv-records.ts';
import { CsvRows } from './csv-rows.ts';
import { EventPage } from './event-page.ts';
import type { EventReader, FileEvent, FileSelection } from './file-event.ts';
import { misfitError } from './misfit.ts';
import type { TakeLine } from './plain-csv.ts';

export class CsvReader implements EventReader {
  readonly #selection: FileSelection;
  readonly #packs: boolean;
  readonly #records: CsvRecords;
  #rows: CsvRows | undefined;
  #packer: CsvPacker | undefined;
  #page = new EventPage();
  #nowMs = 0;
  #lastLine = 1;
  #problem: ConfigError | undefined;

  /** `packs`: events are packed where the declaration and the line allow it. */
  constructor(selection: FileSelection, packs = false) {
    this.#selection = selection;
    this.#packs = packs;
    const takeLine: TakeLine = (bytes, from, to, line) => this.#pack(bytes, from, to, line);
    this.#records = new CsvRecords(
      (cells, line) => this.#take(cells, line),
      packs ? takeLine : undefined,
    );
  }

  async feed(chunk: Buffer): Promise<EventPage> {
    this.#nowMs = Date.now();
    this.#note(await this.#records.feed(chunk));
    return this.#collect();
  }

  async finish(): Promise<EventPage> {
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
    const what = none ? 'the file has no rows' : `no row has ${JSON.stringify(key)}`;
    throw new ConfigError(`${path} line ${this.#lastLine}, column ${column}: ${what}`);
  }

  #take(cells: string[], line: number): void {
    if (this.#problem !== undefined) return;
    try {
      if (this.#rows === undefined) this.#begin(cells, line);
      else this.#give(this.#rows.read(cells, line));
      this.#lastLine = line;
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      this.#problem = thrown;
    }
  }

  #begin(cells: string[], line: number): void {
    const rows = new CsvRows(this.#selection, cells, line);
    this.#rows = rows;
    if (this.#packs) this.#packer = csvPackerOf(this.#selection, rows.header);
  }

  #pack(bytes: Buffer, from: number, to: number, line: number): number {
    if (this.#packer === undefined || this.#problem !== undefined) return -1;
    const end = this.#packer.take(bytes, from, to, this.#page, this.#rows!, this.#nowMs);
    if (end >= 0) this.#lastLine = line;
    return end;
  }

  #give(event: FileEvent | undefined): void {
    if (event === undefined) return;
    const { onBadRow, path } = this.#selection;
    if (event.misfit === undefined || onBadRow === 'dead-letter') this.#page.add(event);
    else this.#problem = misfitError(path, event.misfit);
  }

  #note(mistake: CsvMistake | undefined): void {
    if (mistake === undefined) return;
    const { cause, column: index, line, problem } = mistake;
    const column = this.#rows?.header[index ?? 0] ?? String((index ?? 0) + 1);
    const where = `${this.#selection.path} line ${line}, column ${column}`;
    this.#problem ??= new ConfigError(`${where}: ${problem}`, { cause });
  }

  #collect(): EventPage {
    const page = this.#page;
    this.#page = new EventPage(page);
    return page;
  }
}
