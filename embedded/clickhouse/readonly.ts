// What keeps a read-only user to reading tables. The engine's `readonly = 1` refuses writes and table
// functions; this closes what it leaves open on a local engine (files read by a scalar function, DESCRIBE of
// files and addresses, settings that hide something), by the engine's own syntax tree, not by our reading.
import type { Connection, Engine } from './engine.ts';
import { exception } from './exception.ts';
import type { RequestHead } from './request.ts';
import { literal, toText, type Statement } from './statement.ts';
import { isSymbol, isWord, type Token } from './tokenizer.ts';

const VERBS = new Set(['SELECT', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'USE', 'SET']);

/** Settings a read-only user may choose, per query. None may cut a result short. */
const SETTINGS =
  /^(max_execution_time|max_(rows|bytes)_to_read|max_(threads|block_size|memory_usage|query_size|ast_depth|ast_elements|expanded_ast_elements)|output_format_\w+|date_time_output_format|session_timezone|additional_table_filters|join_use_nulls|group_by_use_nulls|extremes|log_comment|log_queries|enable_http_compression|http_\w+|send_progress_in_http_headers|wait_end_of_query|use_query_cache|prefer_column_name_to_alias|enable_analyzer|allow_experimental_analyzer|connect_timeout|receive_timeout|send_timeout|cancel_http_readonly_queries_on_client_close)$/;

/** Table functions that neither leave the engine nor hide what they read. */
const HARMLESS = [
  ...['numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'primes', 'generateSeries', 'generate_series'],
  ...['values', 'SQLStandardValues', 'view', 'null', 'generateRandom', 'format'],
];
/** Scalar functions that read files, ask other hosts or run programs. */
const FORBIDDEN =
  /^(file|catboostevaluate|hascolumnintable|reversednsquery|ai[a-z]*|executable|.*dns.*)$/;

/** Names of functions, lower case, that a read-only user may not use. */
export function forbiddenFunctions(engine: Engine): ReadonlySet<string> {
  const sql =
    'SELECT name, 1 AS is_table FROM system.table_functions UNION ALL SELECT name, 0 FROM system.functions';
  const harmless = new Set(HARMLESS.map((name) => name.toLowerCase()));
  const forbidden = new Set<string>();
  for (const line of engine.control(sql).split('\n')) {
    if (line === '') continue;
    const [name = '', isTable] = JSON.parse(line) as string[];
    const key = name.toLowerCase();
    if (isTable === '1' ? !harmless.has(key) : FORBIDDEN.test(key)) forbidden.add(key);
  }
  return forbidden;
}

/**
 * The SET statements for the statement's own SETTINGS clause: with the values already in place, the
 * clause changes nothing and passes `readonly = 1`.
 * @throws {ClickHouseException} 164 for a setting that is not for readers, here or in the URL.
 */
export function readerSettings(statement: Statement, head: RequestHead): string[] {
  for (const [name, value] of head.settings) {
    if (name === 'readonly' && value === '1') continue;
    checkSetting(name, literal(value));
  }
  return settingsIn(statement).map(({ name, value }) => {
    checkSetting(name, value);
    return `SET ${name} = ${toText(value)}`;
  });
}

function checkSetting(name: string, value: string): void {
  if (!SETTINGS.test(name)) {
    throw exception('READONLY', `Cannot modify '${name}' setting in readonly mode`);
  }
  // A filter is an expression of its own, which the syntax tree does not show.
  const callsSomething = /\(|\\[^\\']/.test(value);
  if (name === 'additional_table_filters' && callsSomething) {
    throw exception(
      'READONLY',
      'additional_table_filters may only compare columns in readonly mode',
    );
  }
}

function settingsIn({ sql, tokens }: Statement): { name: string; value: string }[] {
  const found: { name: string; value: string }[] = [];
  tokens.forEach((token, i) => {
    if (!isWord(token, 'SETTINGS')) return;
    for (let at = i + 1; tokens[at]?.kind === 'word' && isSymbol(tokens[at + 1], '='); at += 1) {
      const name = tokens[at]!;
      const first = at + 2;
      for (at = first; !endsValue(tokens[at], name.depth); at += 1);
      const value = sql.slice(tokens[first]?.start ?? 0, tokens[at - 1]?.end ?? 0);
      found.push({ name: name.text, value });
      if (!isSymbol(tokens[at], ',')) break;
    }
  });
  return found;
}

function endsValue(token: Token | undefined, depth: number): boolean {
  if (token === undefined || token.depth < depth) return true;
  if (token.depth > depth) return false;
  if (isWord(token, 'FORMAT', 'UNION', 'INTERSECT', 'EXCEPT', 'INTO', 'SETTINGS')) return true;
  return token.kind === 'symbol' && [',', ')', ';'].includes(token.text);
}

/**
 * Refuses a reader's statement that does more than read tables.
 * `clean` is a connection with `readonly = 1` and nothing of the client's but its query parameters.
 * @throws {ClickHouseException} 164, or the engine's error for a statement it cannot parse.
 */
export async function guardReader(
  clean: Connection,
  statement: Statement,
  forbidden: ReadonlySet<string>,
): Promise<void> {
  const { verb, tokens } = statement;
  if (!VERBS.has(verb)) throw denied(`${verb} statements`);
  // As plain text, wherever it stands: the command line in the engine would write the file itself.
  if (/outfile|infile/i.test(statement.sql)) throw denied('OUTFILE and INFILE');
  if (verb === 'SET' || verb === 'USE') return;
  if (verb !== 'SELECT' && verb !== 'EXPLAIN' && tokens.some(namesFile)) throw denied('files');
  for (const name of functionsIn(await syntaxTree(clean, statement))) {
    if (forbidden.has(name.toLowerCase())) throw denied(`the function ${name}`);
  }
}

function namesFile({ kind, text, depth }: Token): boolean {
  return depth === 0 && (kind === 'quoted' || kind === 'string') && !/^.[\w %-]*.$/.test(text);
}

async function syntaxTree(clean: Connection, { sql, tokens }: Statement): Promise<string[]> {
  const format = tokens.findLastIndex((token) => token.depth === 0 && isWord(token, 'FORMAT'));
  const formatName = tokens[format + 1];
  const isClause = format > 0 && formatName?.kind === 'word' && tokens[format + 2] === undefined;
  const bare = isClause ? sql.slice(0, tokens[format]?.start) : sql;
  const { bytes } = await clean.run(`EXPLAIN AST ${toText(bare)}`, 'TSVRaw');
  const lines = Buffer.from(bytes)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  // Anything but a tree (a FORMAT we did not see, say) proves nothing.
  if (lines.length === 0 || !/^[A-Z]\w+/.test(lines[0] ?? '')) throw denied('this statement');
  return lines;
}

function functionsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^ *(?:Table)?Function (\S+)/.exec(line)?.[1] ?? []);
}

function denied(what: string): Error {
  return exception('READONLY', `Cannot execute query in readonly mode: ${what}`);
}
