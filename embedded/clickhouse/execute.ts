// Runs one request's statement on a connection of its own: settings, parameters and database first,
// `readonly` last of these, then the statement; INSERT data come from their file.
import { quoted } from '../../platform/clickhouse/quoted.ts';
import type { Connection } from './engine.ts';
import { TAG_SETTING } from './engine.ts';
import { exception } from './exception.ts';
import { isStreamable } from './formats.ts';
import { insertFromFile } from './insert.ts';
import type { RequestHead } from './request.ts';
import type { Spooled } from './spool.ts';
import { READS, toText, type Statement } from './statement.ts';

/** A result that cannot be streamed is held in memory, up to this much. */
const MAX_BUFFERED_RESULT_BYTES = 1024 * 1024 * 1024;

export interface Outcome {
  readonly format: string;
  readonly rows: AsyncIterable<Uint8Array>;
  /** Known when the first chunk is. */
  readonly rowsRead: () => number;
  readonly bytesRead: () => number;
  readonly rowsWritten: number;
}

/** 0: may do all; 2: reads only, may change settings; 1: reads only, no files, no network. */
export type ReadonlyLevel = 0 | 1 | 2;

/** Applies what goes before the statement; presets are `name = value` and win over the request's settings. */
export async function prepare(
  connection: Connection,
  head: RequestHead,
  level: ReadonlyLevel,
  presets: readonly string[],
): Promise<void> {
  const params = [...head.params].map(([name, value]) => `param_${name} = ${quoted(value)}`);
  const settings: string[] = [];
  for (const [name, value] of head.settings) {
    if (name === TAG_SETTING) throw exception('UNKNOWN_SETTING', `Unknown setting '${name}'`);
    if (name !== 'readonly') settings.push(`${name} = ${quoted(value)}`);
  }
  // One statement for each list: each statement costs the engine as much as a small query. Presets may use a
  // parameter, and are parsed within the limits that the settings give.
  const lists = [params, settings, presets].filter(({ length }) => length > 0);
  const statements = lists.map((list) => `SET ${list.join(', ')}`);
  if (head.database !== undefined)
    statements.push(`USE \`${head.database.replace(/[\\`]/g, '\\$&')}\``);
  if (level !== 0) statements.push(`SET readonly = ${level}`);
  for (const statement of statements) await connection.run(statement, 'Null');
}

/** Runs an INSERT whose data are in a file. */
export async function insert(
  connection: Connection,
  spooled: Spooled & { kind: 'insert' },
): Promise<Outcome> {
  const sql = toText(insertFromFile(spooled.head, spooled.path));
  const { rowsRead, bytesRead } = await connection.run(sql, 'Null');
  const rowsWritten = spooled.head.input === undefined ? rowsRead : 0;
  return outcome('TabSeparated', noRows(), { rowsRead, bytesRead }, rowsWritten);
}

/** Runs any other statement. */
export async function execute(
  connection: Connection,
  statement: Statement,
  head: RequestHead,
): Promise<Outcome> {
  const format = formatFor(statement, head);
  if (streams(statement, head, format)) {
    return outcome(format, connection.stream(toText(statement.sql), format), undefined, 0);
  }
  const result = await connection.run(toText(statement.sql), format);
  return outcome(format, oneChunk(result.bytes), result, 0);
}

/** A limit for results that are held in memory whole, unless the client sets its own. */
export function resultLimit(statement: Statement, head: RequestHead): string[] {
  const format = formatFor(statement, head);
  if (!READS.has(statement.verb) || streams(statement, head, format)) return [];
  if (head.settings.has('max_result_bytes')) return [];
  return [`max_result_bytes = ${MAX_BUFFERED_RESULT_BYTES}`];
}

function formatFor(statement: Statement, head: RequestHead): string {
  return statement.format ?? head.defaultFormat ?? 'TabSeparated';
}

/** Totals, extremes and arrays of rows are not plain concatenations. */
function streams(statement: Statement, head: RequestHead, format: string): boolean {
  if (!READS.has(statement.verb) || head.waitForEnd || !isStreamable(format)) return false;
  if (/totals|extremes|array_of_rows/i.test(statement.sql)) return false;
  return ![...head.settings.keys()].some((name) => /extremes|array_of_rows/.test(name));
}

function outcome(
  format: string,
  rows: AsyncIterable<Uint8Array>,
  read: { rowsRead: number; bytesRead: number } | undefined,
  rowsWritten: number,
): Outcome {
  return {
    ...{ format, rows, rowsWritten },
    rowsRead: () => read?.rowsRead ?? 0,
    bytesRead: () => read?.bytesRead ?? 0,
  };
}

async function* noRows(): AsyncGenerator<Uint8Array> {
  // Nothing.
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield await Promise.resolve(bytes);
}
