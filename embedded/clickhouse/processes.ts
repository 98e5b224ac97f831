// Lets `system.processes` show the requests of this server: their own query ids, users and texts,
// which the engine does not know, and those that are still queued or being uploaded.
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { TAG_SETTING } from './engine.ts';
import type { Entry } from './registry.ts';
import type { Statement } from './statement.ts';
import { isSymbol, type Token } from './tokenizer.ts';

const COLUMNS =
  'query_id String, user String, query String, elapsed Float64, current_database String, tag String';
const SHOWN_QUERY_LENGTH = 1_000;

/** A table expression with the given requests and these columns. */
export function requestTable(entries: Iterable<Entry>, queryLength = Infinity): string {
  const now = performance.now();
  const rows = [...entries].map(({ queryId, user, query, database, startedAt, tag }) => {
    const texts = [queryId, user, query.slice(0, queryLength)].map(quoted).join(', ');
    const elapsed = ((now - startedAt) / 1000).toFixed(6);
    return `(${texts}, ${elapsed}, ${quoted(database)}, ${quoted(tag)})`;
  });
  if (rows.length === 0) return `null(${quoted(COLUMNS)})`;
  return `values(${quoted(COLUMNS)}, ${rows.join(', ')})`;
}

/** The statement with `system.processes` replaced by what this server knows, if it reads it. */
export function withProcesses(statement: Statement, entries: Iterable<Entry>): Statement {
  const places = findProcesses(statement);
  if (places.length === 0) return statement;
  const table = Buffer.from(processesTable(entries), 'utf8').toString('latin1');
  let sql = '';
  let from = 0;
  for (const { start, end } of places) {
    sql += statement.sql.slice(from, start) + table;
    from = end;
  }
  return { ...statement, sql: sql + statement.sql.slice(from) };
}

function processesTable(entries: Iterable<Entry>): string {
  const requests = requestTable(entries, SHOWN_QUERY_LENGTH);
  const replaced = [
    ...['request.query_id AS query_id', 'request.query_id AS initial_query_id'],
    ...['request.user AS user', 'request.user AS initial_user', 'request.query AS query'],
    ...['request.elapsed AS elapsed', 'request.current_database AS current_database'],
  ].join(', ');
  return `(SELECT process.* REPLACE (${replaced}) FROM ${requests} AS request LEFT JOIN system.processes AS process ON process.Settings['${TAG_SETTING}'] = request.tag)`;
}

/** Where `system.processes` stands as a table. */
function findProcesses({ tokens, verb }: Statement): { start: number; end: number }[] {
  if (verb !== 'SELECT') return [];
  return tokens.flatMap((token, i) => {
    const table = tokens[i + 2];
    const named = isName(token, 'system') && isSymbol(tokens[i + 1], '.');
    if (!named || table === undefined || !isName(table, 'processes')) return [];
    const isPart = isSymbol(tokens[i - 1], '.') || isSymbol(tokens[i + 3], '.');
    return isPart ? [] : [{ start: token.start, end: table.end }];
  });
}

function isName(token: Token, name: string): boolean {
  if (token.kind === 'word') return token.text === name;
  return token.kind === 'quoted' && token.text.slice(1, -1) === name;
}
