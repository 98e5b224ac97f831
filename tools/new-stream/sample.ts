// The beginning of a file as columns, from which the command derives a stream's fields. The readers of the
// producers split it; the stream is not known yet, so every cell or member is taken unchanged.
import { ConfigError } from '../../platform/errors.ts';
import { noHeaderHint } from '../../producers/csv-header.ts';
import { CsvRecords } from '../../producers/csv-records.ts';
import { quoted } from '../../producers/file-event.ts';
import { readFileBytes } from '../../producers/file-source.ts';
import { textOf, type FileEncoding } from '../../producers/file-text.ts';
import { JsonArray } from '../../producers/json-array.ts';
import { isTooDeep, syntaxHint } from '../../producers/json-fault.ts';
import { JsonLines } from '../../producers/json-lines.ts';
import type { JsonPlace } from '../../producers/json-splitter.ts';
import { formatOf } from '../../producers/replay-file.ts';

/** A column, or a member of the events, however deep. */
export interface SampledColumn {
  readonly path: readonly string[];
  /** One for each row; undefined: empty, null or not there. */
  readonly values: readonly unknown[];
}

export interface Sample {
  readonly format: 'csv' | 'json';
  /** Cells of a CSV file without its header, or parsed values. */
  readonly rows: readonly unknown[];
  readonly header: readonly string[];
  readonly columns: readonly SampledColumn[];
  /** Whether these are all rows of the file. */
  readonly whole: boolean;
}

const MAX_ROWS = 10_000;
const MAX_BYTES = 32 * 1_048_576;
/** More different names are not names but values: each would get a column of its own. */
const MAX_COLUMNS = 1_000;
const MAX_DEPTH = 50;

/** Takes the rows of one format; a mistake is thrown with file and line. */
interface SampleReader {
  readonly format: Sample['format'];
  readonly rows: readonly unknown[];
  readonly header: readonly string[];
  feed(chunk: Buffer): Promise<void>;
  finish(): Promise<void>;
}

/** @throws {ConfigError} when the file cannot be read, is not what its name says, or has no rows. */
export async function readSample(path: string, encoding?: FileEncoding): Promise<Sample> {
  const position = { readBytes: 0, sizeBytes: 0 };
  const bytes = readFileBytes(path, position, 'cannot read');
  let reader: SampleReader | undefined;
  let size = 0;
  let whole = true;
  for await (const chunk of textOf(bytes, path, encoding)) {
    reader ??= readerOf(path, chunk);
    await reader.feed(chunk);
    size += chunk.length;
    whole = size < MAX_BYTES && reader.rows.length <= MAX_ROWS;
    if (!whole) break;
  }
  if (whole) await reader?.finish();
  if (reader === undefined || reader.rows.length === 0) {
    throw new ConfigError(`${path}: the file has no rows`);
  }
  const { format, header } = reader;
  const rows = reader.rows.slice(0, MAX_ROWS);
  const columns = format === 'csv' ? csvColumns(header, rows) : jsonColumns(rows, path);
  return { format, header, rows, columns, whole: whole && rows.length === reader.rows.length };
}

function readerOf(path: string, beginning: Buffer): SampleReader {
  const format = formatOf(path, beginning);
  return format === 'csv' ? new CsvSample(path) : new JsonSample(path, format);
}

class CsvSample implements SampleReader {
  readonly format = 'csv';
  readonly rows: string[][] = [];
  header: string[] = [];
  readonly #path: string;
  readonly #records = new CsvRecords((cells) => this.#take(cells));

  constructor(path: string) {
    this.#path = path;
  }

  async feed(chunk: Buffer): Promise<void> {
    this.#require(await this.#records.feed(chunk));
  }

  async finish(): Promise<void> {
    this.#require(await this.#records.finish());
  }

  #take(cells: string[]): void {
    if (this.header.length === 0) this.header = cells.map((name) => name.trim());
    else if (this.rows.length <= MAX_ROWS) this.rows.push(cells);
  }

  #require(mistake: { line: number; problem: string } | undefined): void {
    const twice = this.header.find(
      (name, index) => name !== '' && this.header.indexOf(name) !== index,
    );
    if (twice !== undefined) {
      const hint = noHeaderHint(this.header) || '; rename one of them';
      throw this.#error(`line 1, column ${twice}: is there twice${hint}`);
    }
    if (this.header.length > MAX_COLUMNS) throw this.#error(`line 1: ${TOO_MANY} columns`);
    if (mistake !== undefined) throw this.#error(`line ${mistake.line}: ${mistake.problem}`);
  }

  #error(problem: string): ConfigError {
    return new ConfigError(`${this.#path} ${problem}`);
  }
}

const TOO_MANY = `there are more than ${MAX_COLUMNS}`;

class JsonSample implements SampleReader {
  readonly format = 'json';
  readonly rows: unknown[] = [];
  readonly header = [];
  readonly #path: string;
  readonly #within: 'array' | 'lines';
  readonly #splitter: JsonArray | JsonLines;

  constructor(path: string, within: 'array' | 'lines') {
    const take = (bytes: Buffer, place: JsonPlace): void => this.#take(bytes.toString(), place);
    this.#path = path;
    this.#within = within;
    this.#splitter = within === 'array' ? new JsonArray(take) : new JsonLines(take);
  }

  feed(chunk: Buffer): Promise<void> {
    return this.#require(this.#splitter.feed(chunk));
  }

  finish(): Promise<void> {
    return this.#require(this.#splitter.finish());
  }

  #require(mistake: { place: JsonPlace; problem: string } | undefined): Promise<void> {
    if (mistake === undefined) return Promise.resolve();
    return Promise.reject(this.#error(mistake.place, mistake.problem));
  }

  #take(text: string, place: JsonPlace): void {
    if (this.rows.length > MAX_ROWS) return;
    if (isTooDeep(text, MAX_DEPTH))
      throw this.#error(place, `nests deeper than ${MAX_DEPTH} levels`);
    const parsed = parsedJson(text);
    if (parsed === undefined) {
      const hint = syntaxHint(text, this.#within);
      throw this.#error(place, `is not JSON: ${quoted(text)}; ${hint}`);
    }
    if (!isObject(parsed)) throw this.#error(place, 'is not a JSON object');
    this.rows.push(parsed);
  }

  #error({ line }: JsonPlace, problem: string): ConfigError {
    return new ConfigError(`${this.#path} line ${line}: ${problem}`);
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function csvColumns(header: readonly string[], rows: readonly unknown[]): SampledColumn[] {
  return header.map((name, index) => ({
    path: [name],
    values: rows.map((cells) => {
      const cell = (cells as string[])[index]?.trim() ?? '';
      return cell === '' ? undefined : cell;
    }),
  }));
}

/** The members of all rows, in the order in which they first appear. */
export function jsonColumns(rows: readonly unknown[], file = 'sample'): SampledColumn[] {
  const columns = new Map<string, { path: readonly string[]; values: unknown[] }>();
  const walk = (object: Record<string, unknown>, path: readonly string[], row: number): void => {
    for (const [name, value] of Object.entries(object)) {
      const at = [...path, name];
      if (isObject(value)) walk(value, at, row);
      else {
        const id = JSON.stringify(at);
        const column = columns.get(id) ?? { path: at, values: Array<unknown>(rows.length) };
        columns.set(id, column);
        if (columns.size > MAX_COLUMNS) {
          throw new ConfigError(`${file}: ${TOO_MANY} different members; are some of them values?`);
        }
        column.values[row] = value ?? undefined;
      }
    }
  };
  for (const [row, each] of rows.entries()) walk(each as Record<string, unknown>, [], row);
  return [...columns.values()].map(({ path, values }) => ({ path, values: Array.from(values) }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
