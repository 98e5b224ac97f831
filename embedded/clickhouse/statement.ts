// Classifies a statement as far as the server needs: its first word, whether the text holds one statement
// only, and the format it asks for. The engine judges the rest.
import { exception } from './exception.ts';
import { isSymbol, isWord, tokenize, type Token } from './tokenizer.ts';

export interface Statement {
  /** Binary text, without a trailing semicolon. */
  readonly sql: string;
  readonly tokens: readonly Token[];
  /** The first word, upper case; SELECT for one that starts with a bracket, WITH or FROM. */
  readonly verb: string;
  /** Of a FORMAT clause at the end. */
  readonly format: string | undefined;
}

/** What the command line inside the engine would take for something else than SQL is not listed. */
const VERBS = new Set(
  [
    ['SELECT', 'INSERT', 'CREATE', 'ATTACH', 'ALTER', 'DROP', 'DETACH', 'RENAME', 'EXCHANGE'],
    ['REPLACE', 'TRUNCATE', 'OPTIMIZE', 'SHOW', 'DESCRIBE', 'DESC', 'EXPLAIN', 'EXISTS', 'CHECK'],
    ['KILL', 'SET', 'USE', 'SYSTEM', 'GRANT', 'REVOKE', 'BACKUP', 'RESTORE', 'WATCH', 'DELETE'],
    ['UPDATE', 'UNDROP', 'MOVE', 'BEGIN', 'COMMIT', 'ROLLBACK', 'EXECUTE', 'VALUES'],
  ].flat(),
);
/** Statements whose rows come from a query, so that the engine can stream and cancel them freely. */
export const READS: ReadonlySet<string> = new Set(['SELECT']);

/** @throws {ClickHouseException} when it is empty, more than one statement, or no statement. */
export function readStatement(sql: string): Statement {
  const all = [...tokenize(sql)];
  const open = all.find(({ kind }) => kind === 'open');
  if (open !== undefined) {
    throw exception(
      'SYNTAX_ERROR',
      `A quote or comment opened at byte ${open.start} is not closed`,
    );
  }
  const tokens = withoutSemicolons(all);
  const [first] = tokens;
  if (first === undefined) throw exception('SYNTAX_ERROR', 'Empty query');
  if (tokens.some((token) => isSymbol(token, ';'))) {
    throw exception('SYNTAX_ERROR', 'Multi-statements are not allowed');
  }
  const verb = verbOf(first);
  if (!VERBS.has(verb)) {
    const shown = first.text.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
    throw exception('SYNTAX_ERROR', `Syntax error: no statement starts with ${shown}`);
  }
  const end = tokens.at(-1)?.end ?? 0;
  return { sql: sql.slice(0, end), tokens, verb, format: formatOf(tokens) };
}

function withoutSemicolons(tokens: Token[]): Token[] {
  let end = tokens.length;
  while (isSymbol(tokens[end - 1], ';')) end -= 1;
  return tokens.slice(0, end);
}

function verbOf(first: Token): string {
  if (isSymbol(first, '(') || isWord(first, 'WITH', 'FROM')) return 'SELECT';
  return first.kind === 'word' ? first.text.toUpperCase() : '';
}

/** FORMAT stands last, or is followed by SETTINGS only. */
function formatOf(tokens: readonly Token[]): string | undefined {
  for (let i = tokens.length - 2; i >= 1; i -= 1) {
    const token = tokens[i]!;
    const name = tokens[i + 1]!;
    const next = tokens[i + 2];
    if (token.depth !== 0 || !isWord(token, 'FORMAT') || name.kind !== 'word') continue;
    if (next === undefined || isWord(next, 'SETTINGS', 'INTO')) return name.text;
  }
  return undefined;
}

/** Binary text as what the engine takes. @throws {ClickHouseException} when it is not UTF-8. */
export function toText(binary: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(binary, 'latin1'),
    );
  } catch {
    throw exception('SYNTAX_ERROR', 'The statement is not valid UTF-8');
  }
}
