// Splits the text of a CSV file into records, whatever program wrote it: LF, CRLF and CR may change from line
// to line, quoted cells may hold them, blank lines are not records. Blanks around an unquoted cell are
// removed.
import { CsvError, parse, type Parser } from 'csv-parse';
import { asError } from '../platform/errors.ts';
import { MAX_EVENT_BYTES } from './file-event.ts';
import { delimiterHint } from './csv-header.ts';
import { PlainCsv, type TakeLine } from './plain-csv.ts';

/** A mistake that ends the splitting: nobody can tell where the next record begins. */
export interface CsvMistake {
  /** The line on which the record begins, from 1. */
  readonly line: number;
  /** The column in which it was noticed, from 0; undefined when that is not known. */
  readonly column: number | undefined;
  readonly problem: string;
  readonly cause: Error;
}

/** Gets the cells of a record and the line on which it begins, from 1. */
export type OnRecord = (cells: string[], line: number) => void;

/** Options of csv-parse, for tests that hold this splitter against it. */
export const CSV_OPTIONS = {
  bom: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  skip_empty_lines: false,
  relax_column_count: true,
  ltrim: true,
  rtrim: true,
  cast: (cell: string, { quoting }: { quoting: boolean }) => (quoting ? cell : cell.trim()),
};

/** Plain lines are split by PlainCsv; from the first that is not plain on, csv-parse is driven by chunks. */
export class CsvRecords {
  readonly #onRecord: OnRecord;
  readonly #parser: Parser;
  readonly #plain: PlainCsv;
  #isPlain = true;
  /** What the file begins with: a mistake may be explained by it. */
  #beginning = '';
  /** The line on which the next record of csv-parse begins; it counts CRLF in quotes twice by itself. */
  #line = 1;
  #isFirst = true;
  /** Of the record under way, with a delimiter for each cell: csv-parse does not count those. */
  #chars = 0;

  /** `takeLine` is offered every plain line behind the first record. */
  constructor(onRecord: OnRecord, takeLine?: TakeLine) {
    this.#onRecord = onRecord;
    this.#plain = new PlainCsv((cells, line) => this.#take(cells, line), takeLine);
    this.#parser = parse({
      ...CSV_OPTIONS,
      max_record_size: MAX_EVENT_BYTES,
      cast: (cell, { quoting }) => {
        this.#chars += cell.length + 1;
        if (this.#chars > MAX_EVENT_BYTES) throw new RowTooLong();
        return quoting ? cell : cell.trim();
      },
      on_record: (cells: string[]) => {
        const line = this.#line;
        this.#chars = 0;
        this.#line += 1 + cells.reduce((feeds, cell) => feeds + lineFeeds(cell), 0);
        this.#take(cells, line);
        return null;
      },
    });
    // The error also reaches the callback of write or end, where it is dealt with.
    this.#parser.on('error', () => undefined);
    this.#parser.resume();
  }

  async feed(chunk: Buffer): Promise<CsvMistake | undefined> {
    this.#beginning ||= chunk.toString('latin1', 0, BEGINNING_BYTES);
    const rest = this.#isPlain ? this.#plain.feed(chunk) : chunk;
    return rest === undefined ? undefined : this.#parse(rest);
  }

  async finish(): Promise<CsvMistake | undefined> {
    const rest = this.#isPlain ? this.#plain.finish() : undefined;
    const mistake = rest === undefined ? undefined : await this.#parse(rest);
    if (mistake !== undefined) return mistake;
    return this.#mistake(
      await new Promise((resolve) => {
        this.#parser.once('error', resolve);
        this.#parser.end(resolve);
      }),
    );
  }

  /** A line of blanks is no record, nor is the first line that tells Excel the delimiter, `sep=,`. */
  #take(cells: string[], line: number): void {
    if (cells.length === 1 && cells[0] === '') return;
    const isSeparatorLine = this.#isFirst && cells.length === 2 && cells.join() === 'sep=,';
    this.#isFirst = false;
    if (!isSeparatorLine) this.#onRecord(cells, line);
  }

  async #parse(bytes: Buffer): Promise<CsvMistake | undefined> {
    if (this.#isPlain) this.#line = this.#plain.lines + 1;
    this.#isPlain = false;
    return this.#mistake(await new Promise((resolve) => void this.#parser.write(bytes, resolve)));
  }

  /** Quotes stand in the wrong place for who separates cells by commas, where the file does not. */
  #quoteHint(): string {
    const [header = ''] = this.#beginning.split(/[\r\n]/, 1);
    return delimiterHint(header) || '; a quote in a cell is written twice, in quotes: "5"" pipe"';
  }

  #mistake(error: Error | null | undefined): CsvMistake | undefined {
    if (error === null || error === undefined) return undefined;
    const tooLong = error instanceof RowTooLong;
    if (!tooLong && !(error instanceof CsvError)) throw asError(error);
    const index = Number((error as { column?: unknown }).column);
    const problem =
      tooLong || error.code === 'CSV_MAX_RECORD_SIZE'
        ? 'the row is longer than 1 MiB; perhaps a quote is not closed'
        : `a quote is not closed or stands in the wrong place${this.#quoteHint()}`;
    const column = Number.isInteger(index) ? index : undefined;
    return { line: this.#line, column, problem, cause: error };
  }
}

/** How much of a file is looked at to explain a mistake. */
const BEGINNING_BYTES = 4_096;

/** Ends csv-parse from within: what a callback throws is what write reports. */
class RowTooLong extends Error {}

/** Line feeds, as the plain splitter counts them; a carriage return alone in quotes ends no line. */
function lineFeeds(cell: string): number {
  let count = 0;
  for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) count += 1;
  return count;
}
