// The beginning of a file, as columns: what a stream's fields are worked out from. Nothing is known of
// the stream yet, so every cell or member is taken as it is.
import { parse } from 'csv-parse/sync';
import { isUtf8 } from 'node:buffer';
import { ConfigError, asError } from '../../platform/errors.ts';
import { readFileBytes } from '../../producers/file-source.ts';
import { JsonArray } from '../../producers/json-array.ts';
import { JsonLines } from '../../producers/json-lines.ts';
import type { JsonPlace } from '../../producers/json-splitter.ts';
import { formatOf, type FileFormat } from '../../producers/replay-file.ts';

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

/** @throws {ConfigError} when the file cannot be read, is not what its name says, or has no rows. */
export async function readSample(path: string): Promise<Sample> {
  const { bytes, whole } = await beginning(path);
  if (!isUtf8(bytes)) throw new ConfigError(`${path}: is not UTF-8 text`);
  const format = formatOf(path, bytes);
  const sample = format === 'csv' ? csvSample(path, bytes) : jsonSample(path, bytes, format);
  if (sample.rows.length === 0) throw new ConfigError(`${path}: there are no rows`);
  const rows = sample.rows.slice(0, MAX_ROWS);
  const columns = sample.format === 'csv' ? csvColumns(sample.header, rows) : jsonColumns(rows);
  return { ...sample, rows, columns, whole: whole && sample.rows.length <= MAX_ROWS };
}

/** Whole lines from the start of a file; of a file without lines, as many bytes. */
async function beginning(path: string): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const position = { readBytes: 0, sizeBytes: 0 };
  for await (const chunk of readFileBytes(path, position, 'cannot read')) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < MAX_BYTES) continue;
    const bytes = Buffer.concat(chunks);
    return { bytes: bytes.subarray(0, bytes.lastIndexOf('\n') + 1), whole: false };
  }
  return { bytes: Buffer.concat(chunks), whole: true };
}

type Read = Pick<Sample, 'format' | 'header' | 'rows'>;

function csvSample(path: string, bytes: Buffer): Read {
  const options = { bom: true, skip_empty_lines: true, relax_column_count: true } as const;
  try {
    const [header = [], ...rows] = parse(bytes, { ...options, to: MAX_ROWS + 2 });
    const names = header.map((name) => name.trim());
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice === undefined) return { format: 'csv', header: names, rows };
    throw new ConfigError(`${path} line 1, column ${twice}: is there twice`);
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown;
    throw new ConfigError(`${path}: ${asError(thrown).message.split('\n')[0]}`, { cause: thrown });
  }
}

function jsonSample(path: string, bytes: Buffer, format: FileFormat): Read {
  const rows: unknown[] = [];
  const take = (value: Buffer, { line }: JsonPlace): void => {
    if (rows.length > MAX_ROWS) return;
    const parsed = parsedJson(value.toString());
    if (!isObject(parsed)) throw new ConfigError(`${path} line ${line}: is no JSON object`);
    rows.push(parsed);
  };
  const splitter = format === 'array' ? new JsonArray(take) : new JsonLines(take);
  const mistake = splitter.feed(bytes);
  if (mistake !== undefined) {
    throw new ConfigError(`${path} line ${mistake.place.line}: ${mistake.problem}`);
  }
  // The last line may have no end; an array that is cut here goes on in the file.
  if (format === 'lines') splitter.finish();
  return { format: 'json', header: [], rows };
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
export function jsonColumns(rows: readonly unknown[]): SampledColumn[] {
  const columns = new Map<string, { path: readonly string[]; values: unknown[] }>();
  const walk = (object: Record<string, unknown>, path: readonly string[], row: number): void => {
    for (const [name, value] of Object.entries(object)) {
      const at = [...path, name];
      if (isObject(value)) walk(value, at, row);
      else {
        const id = JSON.stringify(at);
        const column = columns.get(id) ?? { path: at, values: Array<unknown>(rows.length) };
        columns.set(id, column);
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
