// Restricts a read-only user to reading tables. The engine's `readonly = 1` refuses writes and table
// functions; this file closes the ways that stay open on a local engine (files read by a scalar function,
// DESCRIBE of files and addresses, settings that hide something), by the engine's own syntax tree, not by our
// reading.
import { quoted } from '../../platform/clickhouse/quoted.ts';
import type { Connection } from './engine.ts';
import { exception } from './exception.ts';
import { HARMLESS, callsSomething, type EngineFunctions, type OutsideRules } from './outside.ts';
import type { RequestHead } from './request.ts';
import { toText, type Statement } from './statement.ts';
import { called, named, type Node } from './syntax.ts';
import { isSymbol, isWord, type Token } from './tokenizer.ts';

const VERBS = new Set(['SELECT', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'USE', 'SET']);

/**
 * Settings a read-only user may choose, per query. None may cut a result short, and none names a file:
 * `output_format_schema` would write one.
 */
const SETTINGS =
  /^(max_execution_time|max_(rows|bytes)_to_read|max_(threads|block_size|memory_usage|query_size|ast_depth|ast_elements|expanded_ast_elements)|output_format_(?!schema$|avro_confluent)\w+|date_time_output_format|session_timezone|additional_table_filters|join_use_nulls|group_by_use_nulls|extremes|log_comment|log_queries|enable_http_compression|http_\w+|send_progress_in_http_headers|wait_end_of_query|use_query_cache|prefer_column_name_to_alias|enable_analyzer|allow_experimental_analyzer|connect_timeout|receive_timeout|send_timeout|cancel_http_readonly_queries_on_client_close)$/;

/** Names of functions, lower case. */
export interface FunctionRules {
  /** A read-only user may not call them. */
  readonly forbidden: ReadonlySet<string>;
  /** The engine's own, whose names nobody can take. Others may be anybody's, with anything in them. */
  readonly builtIn: ReadonlySet<string>;
}

/** What the engine's functions are to a read-only user. */
export function functionRules({ ofTables, ofValues }: EngineFunctions): FunctionRules {
  const harmless = new Set(HARMLESS.map((name) => name.toLowerCase()));
  return {
    forbidden: new Set(ofTables.filter((name) => !harmless.has(name))),
    builtIn: new Set([...ofTables, ...ofValues]),
  };
}

/**
 * The presets (`name = value`) for the statement's own SETTINGS clause: with the values already in place, the
 * clause changes nothing and passes `readonly = 1`.
 * @throws {ClickHouseException} 164 for a setting that is not for readers, here or in the URL.
 */
export function readerSettings(statement: Statement, head: RequestHead): string[] {
  for (const [name, value] of head.settings) {
    if (name === 'readonly' && value === '1') continue;
    checkSetting(name, quoted(value));
  }
  const own = settingsIn(statement);
  const sets = own.map(({ name, value }) => {
    checkSetting(name, value);
    return `${name} = ${toText(value)}`;
  });
  const limited = head.settings.has(TIME_LIMIT) || own.some(({ name }) => name === TIME_LIMIT);
  return limited ? sets : [`${TIME_LIMIT} = ${DEFAULT_TIME_LIMIT_SEC}`, ...sets];
}

/** As in the profile that clickhouse_setup gives the read-only user. */
const TIME_LIMIT = 'max_execution_time';
const DEFAULT_TIME_LIMIT_SEC = 60;

function checkSetting(name: string, value: string): void {
  if (!SETTINGS.test(name)) {
    throw exception('READONLY', `Cannot modify '${name}' setting in readonly mode`);
  }
  // A filter is an expression of its own, which the syntax tree does not show.
  if (name === 'additional_table_filters' && callsSomething(value)) {
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
 * Refuses a reader's statement by its text, where that is enough.
 * @throws {ClickHouseException} 164
 */
export function guardReaderText({ sql, tokens, verb }: Statement): void {
  if (!VERBS.has(verb)) throw denied(`${verb} statements`);
  // As plain text, wherever it stands: the command line in the engine would write the file itself.
  if (/outfile|infile/i.test(sql)) throw denied('OUTFILE and INFILE');
  if (['SELECT', 'EXPLAIN', 'SET', 'USE'].includes(verb)) return;
  if (tokens.some(namesFile)) throw denied('files');
}

/**
 * Refuses a reader's statement that does more than read tables.
 * `clean` is a connection with `readonly = 1` and nothing of the client's but its query parameters.
 * @throws {ClickHouseException} 164
 */
export async function guardReader(
  clean: Connection,
  tree: readonly Node[],
  { tokens }: Statement,
  { builtIn, forbidden }: FunctionRules,
  { scalars }: OutsideRules,
): Promise<void> {
  const calls = [...named(tree, 'Function'), ...called(tokens).map(toText)];
  const names = [...named(tree, 'Identifier'), ...calls];
  const bad =
    calls.find((name) => forbidden.has(name.toLowerCase())) ??
    names.find((name) => scalars.has(name.toLowerCase()));
  if (bad !== undefined) throw denied(`the function ${bad}`);
  const others = names.filter((name) => !builtIn.has(name.toLowerCase()));
  if (others.length > 0) await refuseUserDefined(clean, others);
}

/** A function that somebody defined in SQL can hold any other one, out of our sight. */
async function refuseUserDefined(clean: Connection, names: readonly string[]): Promise<void> {
  const list = names.map(quoted).join(', ');
  const sql = `SELECT name FROM system.functions WHERE origin != 'System' AND name IN (${list})`;
  const { bytes } = await clean.run(sql, 'TSVRaw');
  const [found] = Buffer.from(bytes).toString('utf8').split('\n');
  if (found !== undefined && found !== '') throw denied(`the function ${found}`);
}

function namesFile({ kind, text, depth }: Token): boolean {
  return depth === 0 && (kind === 'quoted' || kind === 'string') && !/^.[\w %-]*.$/.test(text);
}

function denied(what: string): Error {
  return exception('READONLY', `Cannot execute query in readonly mode: ${what}`);
}
