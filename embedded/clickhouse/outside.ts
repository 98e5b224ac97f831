// Keeps every user inside the engine. The server refuses a statement before the engine runs it if its tables,
// dictionaries, functions or settings run a program, read or write a file, or use the network. The lists name
// what is allowed; features of a newer engine are refused until somebody lists them.
import type { Engine } from './engine.ts';
import { exception } from './exception.ts';
import { called, nameOf, named, type Node } from './syntax.ts';
import type { Statement } from './statement.ts';
import { isSymbol, isWord, type Token } from './tokenizer.ts';

/** Engines of tables and databases that keep their data in the engine's own folder, or nowhere. */
const ENGINES = [
  ...['MergeTree', 'ReplacingMergeTree', 'SummingMergeTree', 'AggregatingMergeTree'],
  ...['CollapsingMergeTree', 'VersionedCollapsingMergeTree', 'CoalescingMergeTree'],
  ...[
    'GraphiteMergeTree',
    'Memory',
    'Null',
    'Log',
    'TinyLog',
    'StripeLog',
    'Set',
    'Join',
    'Buffer',
  ],
  ...['Merge', 'GenerateRandom', 'View', 'MaterializedView', 'Atomic', 'Ordinary'],
];

/** Table functions that neither leave the engine nor hide what they read. */
export const HARMLESS = [
  ...['numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'primes', 'generateSeries', 'generate_series'],
  ...['values', 'SQLStandardValues', 'view', 'null', 'generateRandom', 'format'],
];
/** Table functions that read tables of the engine, which only the writing user may name by a text. */
const OF_THE_ENGINE = [
  ...['input', 'merge', 'viewIfPermitted', 'viewExplain', 'dictionary', 'mergeTreeIndex'],
  ...['mergeTreeProjection', 'mergeTreeTextIndex', 'mergeTreeAnalyzeIndexes'],
];
/** Scalar functions that read files, ask other hosts or run programs. */
const SCALARS =
  /^(file|catboostevaluate|hascolumnintable|reversednsquery|ai[a-z]*|executable|.*dns.*)$/;
/** What is written like a call and names a disk, or a file that a dictionary keeps. */
const DEFINITIONS = ['disk', 'ssd_cache', 'complex_key_ssd_cache'];

/** Settings that name files or another language, or hold an expression that no syntax tree shows. */
const SETTINGS =
  /^(dialect|polyglot_dialect|format_schema\w*|output_format_schema|format_template_(row|resultset)|input_format_record_errors_file_path|rename_files_after_processing|schema_inference_hints|additional_result_filter|url_base|user_files_path|\w*default_credentials)$/i;
const FILTERS = 'additional_table_filters';

/** Names of functions, lower case. */
export interface OutsideRules {
  /** Nobody may call them. */
  readonly calls: ReadonlySet<string>;
  /** Those of them that can also be named without being called: `arrayMap(file, …)`. */
  readonly scalars: ReadonlySet<string>;
  readonly engines: ReadonlySet<string>;
}

export interface EngineFunctions {
  /** Lower case. */
  readonly ofTables: readonly string[];
  readonly ofValues: readonly string[];
}

/** The functions the engine brings. */
export function engineFunctions(engine: Engine): EngineFunctions {
  const sql = `SELECT lower(name), 1 FROM system.table_functions
    UNION ALL SELECT lower(name), 0 FROM system.functions WHERE origin = 'System'`;
  const lines = engine.control(sql).trimEnd().split('\n');
  const all = lines.map((line) => JSON.parse(line) as [string, string]);
  const of = (kind: string): string[] => all.flatMap(([name, is]) => (is === kind ? [name] : []));
  return { ofTables: of('1'), ofValues: of('0') };
}

/** `own` are functions defined in SQL that reach outside, `engines` such as are allowed nevertheless. */
export function outsideRules(
  { ofTables, ofValues }: EngineFunctions,
  own: readonly string[],
  engines: readonly string[] = [],
): OutsideRules {
  const inside = new Set(lower([...HARMLESS, ...OF_THE_ENGINE]));
  const scalars = [...ofValues.filter((name) => SCALARS.test(name)), ...lower(own)];
  const tables = ofTables.filter((name) => !inside.has(name));
  return {
    calls: new Set([...tables, ...scalars, ...DEFINITIONS]),
    scalars: new Set(scalars),
    engines: new Set(lower([...ENGINES, ...engines])),
  };
}

const lower = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());

/** @throws {ClickHouseException} 497 for a setting of the URL that reaches outside. */
export function refuseOutsideSettings(settings: ReadonlyMap<string, string>): void {
  for (const [name, value] of settings) {
    if (SETTINGS.test(name) || (name.toLowerCase() === FILTERS && callsSomething(value)))
      throw denied(`the setting ${name}`);
  }
}

/** Whether a filter, which is a text to the syntax tree, does more than compare. */
export function callsSomething(filter: string): boolean {
  return /\(|\\[^\\']/.test(filter);
}

/**
 * Judges the text alone, cheaply: for an INSERT whose data follow it is all there is to judge.
 * `params` are the query's parameters, which can stand for names.
 * @throws {ClickHouseException} 497
 */
export function refuseOutsideText(
  tokens: readonly Token[],
  params: ReadonlyMap<string, string>,
  rules: OutsideRules,
): void {
  tokens.forEach(refuseHidden);
  const verb = tokens[0];
  if (isWord(verb, 'BACKUP', 'RESTORE')) refuseBackupElsewhere(tokens);
  else refuseCalls(tokens, rules);
  refuseSettings(tokens);
  if (isWord(verb, 'CREATE', 'ATTACH', 'REPLACE')) refuseDefinition(tokens);
  if (isWord(verb, 'SYSTEM') && isWord(tokens[1], 'JEMALLOC', 'INSTRUMENT'))
    throw denied(`SYSTEM ${tokens[1]?.text ?? ''}`);
  if (!tokens.some((token) => isWord(token, 'IDENTIFIER'))) return;
  for (const value of params.values())
    if (rules.calls.has(value.toLowerCase())) throw denied(`the function ${value}`);
}

/** The engine takes many a character for white space, which would hide a call from us. */
function refuseHidden({ kind, text }: Token): void {
  if (kind === 'symbol' && text >= '\x80') {
    const advice = 'only strings, quoted names and comments may hold others';
    throw denied(`a character that is not ASCII between the words of a statement (${advice})`);
  }
  if (kind === 'quoted' && /\\[^\\'"`]|[\0-\x1f]/.test(text))
    throw denied('a quoted name with escapes or control characters');
}

function refuseCalls(tokens: readonly Token[], { calls, scalars }: OutsideRules): void {
  const target = targetOf(tokens);
  const others = target === -1 ? tokens : tokens.toSpliced(target, 1);
  const bad = called(others).find((name) => calls.has(name.toLowerCase()));
  if (bad !== undefined) throw denied(`the function ${bad}`);
  tokens.forEach((token, at) => {
    const name = nameOf(token);
    if (name === undefined || !scalars.has(name.toLowerCase())) return;
    const isArgument = isSymbol(tokens[at - 1], '(') && isSymbol(tokens[at + 1], ',');
    const caller = tokens[at - 2];
    const maps = caller !== undefined && /^(array|map)/i.test(nameOf(caller) ?? '');
    if (isArgument && maps) throw denied(`the function ${name}`);
  });
}

/** Where a table's own name stands before its columns: `INSERT INTO url (a)` calls nothing. */
function targetOf(tokens: readonly Token[]): number {
  const bracket = tokens.findIndex((token) => isSymbol(token, '('));
  if (!isWord(tokens[0], 'INSERT', 'CREATE', 'ATTACH', 'REPLACE')) return -1;
  const before = tokens.slice(0, Math.max(0, bracket - 1));
  const stops = ['FUNCTION', 'AS', 'ENGINE', 'SELECT', 'WITH', 'FROM', 'VALUES'];
  return before.some((token) => isWord(token, ...stops)) ? -1 : bracket - 1;
}

function refuseSettings(tokens: readonly Token[]): void {
  tokens.forEach((token, at) => {
    const name = isSymbol(tokens[at + 1], '=') ? nameOf(token) : undefined;
    if (name === undefined) return;
    const isFilter = name.toLowerCase() === FILTERS;
    const hides = tokens.some(
      ({ kind, text }) => kind === 'string' && callsSomething(text.slice(1)),
    );
    if (SETTINGS.test(name) || (isFilter && hides)) throw denied(`the setting ${name}`);
    if (name.toLowerCase() === 'disk' && /\(/.test(tokens[at + 2]?.text ?? ''))
      throw denied('a disk of its own');
  });
}

/** A backup is written to, and read from, the engine's folder of backups. */
function refuseBackupElsewhere(tokens: readonly Token[]): void {
  tokens.forEach((token, at) => {
    if (!isSymbol(tokens[at + 1], '(') || (token.kind !== 'word' && token.kind !== 'quoted'))
      return;
    const path = tokens[at + 2];
    const isFile = isWord(token, 'FILE') && isSymbol(tokens[at + 3], ')');
    const isRelative =
      path?.kind === 'string' && /^'[^/\\']/.test(path.text) && !/\.\.|\\/.test(path.text);
    if (!isFile || !isRelative)
      throw denied("a backup elsewhere than in File('a path without .. in the folder of backups')");
  });
}

function refuseDefinition(tokens: readonly Token[]): void {
  if (isWord(tokens[0], 'ATTACH') && tokens.some((_, at) => isFromPath(tokens, at)))
    throw denied('ATTACH … FROM a path');
  tokens.forEach((token, at) => {
    if (isWord(token, 'SOURCE') && isSymbol(tokens[at + 1], '(')) refuseSource(tokens, at + 2);
  });
}

function isFromPath(tokens: readonly Token[], at: number): boolean {
  return isWord(tokens[at], 'FROM') && tokens[at + 1]?.kind === 'string';
}

/** A dictionary's rows come from a table of this engine, named as a table, or from nowhere. */
function refuseSource(tokens: readonly Token[], kind: number): void {
  if (isWord(tokens[kind], 'NULL')) return;
  const isTable = isWord(tokens[kind], 'CLICKHOUSE') && isSymbol(tokens[kind + 1], '(');
  for (let at = kind + 2; isTable; at += 2) {
    if (isSymbol(tokens[at], ')')) return;
    const value = tokens[at + 1];
    const isPlain =
      value?.kind === 'string' || (value !== undefined && nameOf(value) !== undefined);
    if (!isWord(tokens[at], 'TABLE', 'DB') || !isPlain) break;
  }
  throw denied("a dictionary's source other than CLICKHOUSE(TABLE '…' DB '…')");
}

/** Table functions whose first text declares columns, with expressions that no syntax tree shows. */
const STRUCTURED = /^Function (values|sqlstandardvalues|null|generaterandom|input|format)\b/i;
const EXPRESSIONS = /default|alias|materialized|ephemeral/i;

/**
 * Judges the engine's own reading of a statement.
 * @throws {ClickHouseException} 497
 */
export function refuseOutsideTree(
  tree: readonly Node[],
  { verb, tokens }: Pick<Statement, 'verb' | 'tokens'>,
  { calls, engines }: OutsideRules,
): void {
  const isBackup = verb === 'BACKUP' || verb === 'RESTORE';
  const bad = named(tree, 'Function').find((name) => calls.has(name.toLowerCase()));
  if (bad !== undefined && !isBackup) throw denied(`the function ${bad}`);
  tree.forEach((node, at) => {
    const next = tree[at + 1];
    if (node.text.startsWith('Storage definition') && next !== undefined) {
      const engine = /^Function (\S+)/.exec(next.text)?.[1];
      const isEngine = engine !== undefined && next.depth === node.depth + 1;
      if (isEngine && !engines.has(engine.toLowerCase())) throw denied(`the engine ${engine}`);
    }
    if (STRUCTURED.test(node.text)) refuseStructure(tree, at);
  });
  const definesFunction = tokens.slice(0, 5).some((token) => isWord(token, 'FUNCTION'));
  const isSql = tree[0]?.text.startsWith('CreateSQLFunctionQuery') ?? false;
  if (verb === 'CREATE' && definesFunction && !isSql)
    throw denied('a function that is not written in SQL');
}

function refuseStructure(tree: readonly Node[], at: number): void {
  const { depth, text } = tree[at]!;
  const isFormat = /^Function format\b/i.test(text);
  const parent = tree.slice(0, at).findLast((node) => node.depth < depth);
  // The scalar function of this name stands in expressions.
  if (isFormat && !/^(TableExpression|(Create|Insert|Describe)Query)\b/.test(parent?.text ?? ''))
    return;
  const first: Node[] = [];
  for (let i = at + 1; (tree[i]?.depth ?? 0) > depth && first.length < (isFormat ? 2 : 1); i += 1)
    if (tree[i]!.depth === depth + 2) first.push(tree[i]!);
  for (const argument of first) {
    const isPlain = /^(Literal|Function (tuple|array|negate)\b)/.test(argument.text);
    const isName = isFormat && argument.text.startsWith('Identifier');
    if ((isPlain || isName) && !EXPRESSIONS.test(argument.text)) continue;
    throw denied('a structure with expressions (DEFAULT, ALIAS …) or that is no plain text');
  }
}

function denied(what: string): Error {
  const text = `The embedded server reads no files, runs no programs and uses no network: ${what} is not available`;
  return exception('ACCESS_DENIED', text);
}
