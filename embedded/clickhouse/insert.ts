// Finds the beginning of the data in an INSERT whose data follow the statement, and rewrites the statement so
// that the engine reads them from a file: the engine's own inline data stop at a blank line, and its
// `input()` reports success and inserts nothing.
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { exception } from './exception.ts';
import { isSymbol, isWord, tokenize, type Token } from './tokenizer.ts';

export interface InsertHead {
  /** The statement up to its data, binary text. */
  readonly sql: string;
  readonly format: string;
  /** Offset of the first data byte. */
  readonly dataStart: number;
  /** Where `FROM INFILE …` goes: after the target, before SETTINGS, VALUES or FORMAT. */
  readonly targetEnd: number;
  /** Where VALUES or `FORMAT X` begins. */
  readonly formatStart: number;
  /** The `input('structure')` call of an INSERT … SELECT. */
  readonly input: { start: number; end: number; structure: string } | undefined;
}

export type InsertScan =
  | { readonly kind: 'data'; readonly head: InsertHead }
  /** Not an INSERT with data: the whole text is the statement. */
  | { readonly kind: 'statement' }
  /** The statement goes on after what was given. */
  | { readonly kind: 'more' };

/**
 * Looks at the start of a request. `final` says that no more will follow.
 * @throws {ClickHouseException} when it is an INSERT that this server refuses.
 */
export function scanInsert(text: string, final: boolean): InsertScan {
  const tokens = new Cursor(text, final);
  if (tokens.atEnd()) return tokens.ended;
  if (!isWord(tokens.take(), 'INSERT')) return { kind: 'statement' };
  const target = scanTarget(tokens);
  if (target === undefined) return tokens.ended;
  for (let previous = target; !tokens.atEnd();) {
    const token = tokens.take();
    if (token.depth === 0) {
      refuseInfile(token, tokens.peek());
      if (isWord(token, 'VALUES')) return valuesData(text, tokens, token);
      if (isWord(token, 'FORMAT')) return formatData(text, tokens, token, undefined, token.start);
    }
    if (opensSelect(token, previous, tokens.peek())) return scanSelect(text, tokens, token.start);
    previous = token;
  }
  if (final) throw exception('SYNTAX_ERROR', 'INSERT needs VALUES, FORMAT or SELECT');
  return { kind: 'more' };
}

/** A query starts at the top, or right inside a bracket that is not a list of columns. */
function opensSelect(token: Token, previous: Token, next: Token | undefined): boolean {
  if (token.depth === 0) return isWord(token, 'SELECT', 'WITH', 'FROM', 'WATCH');
  if (!isWord(token, 'SELECT', 'WITH') || !isSymbol(previous, '(')) return false;
  return !isSymbol(next, ',') && !isSymbol(next, ')');
}

/** Skips `[INTO] [TABLE] name` or `[INTO] [TABLE] FUNCTION name`. Undefined: the text ends before. */
function scanTarget(tokens: Cursor): Token | undefined {
  if (isWord(tokens.peek(), 'INTO')) tokens.take();
  if (isWord(tokens.peek(), 'TABLE')) tokens.take();
  if (isWord(tokens.peek(), 'FUNCTION')) tokens.take();
  if (tokens.atEnd()) return undefined;
  let last = tokens.take();
  while (isSymbol(tokens.peek(), '.')) {
    tokens.take();
    if (tokens.atEnd()) return undefined;
    last = tokens.take();
  }
  return last;
}

function valuesData(text: string, tokens: Cursor, values: Token): InsertScan {
  if (tokens.endsWithin(values.end + 1)) return { kind: 'more' };
  return found(text, tokens, 'Values', values.end, values.start, undefined);
}

/** `FORMAT Name` and at most one line break; a semicolon there would be read as data. */
function formatData(
  text: string,
  tokens: Cursor,
  keyword: Token,
  input: InsertHead['input'],
  targetEnd: number,
): InsertScan {
  if (tokens.atEnd()) return tokens.ended;
  const name = tokens.take();
  if (name.kind !== 'word') throw exception('SYNTAX_ERROR', 'Expected a format name after FORMAT');
  let at = name.end;
  while (' \t\f'.includes(text.charAt(at)) && at < text.length) at += 1;
  if (text.charAt(at) === ';') {
    const rest = text.slice(at + 1);
    if (!tokens.final) return { kind: 'more' };
    if (rest.trim() !== '') {
      throw exception('SYNTAX_ERROR', "There is a ';' between the INSERT and its data");
    }
    at = text.length;
  }
  if (tokens.endsWithin(at + 2)) return { kind: 'more' };
  if (text.charAt(at) === '\r') at += 1;
  if (text.charAt(at) === '\n') at += 1;
  const head = found(text, tokens, name.text, at, keyword.start, input);
  return { kind: 'data', head: { ...head.head, targetEnd: tokens.settings ?? targetEnd } };
}

function found(
  text: string,
  tokens: Cursor,
  format: string,
  dataStart: number,
  formatStart: number,
  input: InsertHead['input'],
): { kind: 'data'; head: InsertHead } {
  const sql = text.slice(0, dataStart);
  const targetEnd = tokens.settings ?? formatStart;
  return { kind: 'data', head: { sql, format, dataStart, targetEnd, formatStart, input } };
}

/** INSERT … SELECT has data only when it reads `input()`; then FORMAT ends the statement. */
function scanSelect(text: string, tokens: Cursor, start: number): InsertScan {
  let input: InsertHead['input'];
  let previous: Token | undefined;
  while (!tokens.atEnd()) {
    const token = tokens.take();
    if (isWord(token, 'INPUT') && isSymbol(tokens.peek(), '(') && !isSymbol(previous, '.')) {
      if (input !== undefined) throw exception('INVALID_USAGE_OF_INPUT', 'input() is used twice');
      input = scanInput(tokens, token);
      if (input === undefined) return tokens.ended;
    } else if (token.depth === 0 && isWord(token, 'FORMAT') && endsOperand(previous)) {
      if (tokens.peek()?.kind === 'word' || tokens.atEnd()) {
        if (input !== undefined) return formatData(text, tokens, token, input, start);
        if (tokens.final) refuseDataWithoutInput(text, tokens);
      }
    }
    previous = token;
  }
  if (tokens.final && input !== undefined) {
    throw exception('INVALID_USAGE_OF_INPUT', 'INSERT with input() needs FORMAT and data', 400);
  }
  return tokens.ended;
}

function refuseDataWithoutInput(text: string, tokens: Cursor): void {
  const name = tokens.atEnd() ? undefined : tokens.take();
  const rest = text.slice(name?.end ?? text.length).replace(/^[\s;]+/, '');
  if (rest === '' || /^SETTINGS\b/i.test(rest)) return;
  throw exception('SYNTAX_ERROR', 'INSERT … SELECT takes data only through input()');
}

function scanInput(tokens: Cursor, call: Token): InsertHead['input'] {
  tokens.take();
  const structure = tokens.atEnd() ? undefined : tokens.take();
  const close = tokens.atEnd() ? undefined : tokens.take();
  if (structure === undefined || close === undefined) return undefined;
  if (structure.kind !== 'string' || !isSymbol(close, ')')) {
    throw exception('INVALID_USAGE_OF_INPUT', "input() takes one string: input('a Int32')", 400);
  }
  return { start: call.start, end: close.end, structure: structure.text };
}

/** FORMAT is the keyword after a complete operand; after SELECT or a comma it is a column's name. */
function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'symbol') return [')', ']', '}', '*'].includes(token.text);
  return !isWord(token, 'SELECT', 'DISTINCT', 'WHERE', 'BY', 'AND', 'OR', 'NOT', 'ON', 'AS', 'IN');
}

function refuseInfile(token: Token, next: Token | undefined): void {
  if (!isWord(token, 'FROM') || !isWord(next, 'INFILE')) return;
  throw exception('SUPPORT_IS_DISABLED', 'INFILE is a feature of the command line client', 400);
}

/** Tokens with one of look-ahead, which knows whether the text may go on. */
class Cursor {
  readonly final: boolean;
  /** Start of the INSERT's own SETTINGS clause. */
  settings: number | undefined;
  readonly #length: number;
  readonly #tokens: Generator<Token, void>;
  #next: Token | undefined;

  constructor(text: string, final: boolean) {
    this.final = final;
    this.#length = text.length;
    this.#tokens = tokenize(text);
    this.#advance();
  }

  #advance(): void {
    const { value } = this.#tokens.next();
    const token = value ?? undefined;
    const cut = token !== undefined && !this.final && token.end === this.#length;
    this.#next = cut ? undefined : token;
  }

  get ended(): InsertScan {
    return this.final ? { kind: 'statement' } : { kind: 'more' };
  }

  atEnd(): boolean {
    return this.#next === undefined;
  }

  /** Whether a decision that needs the bytes before `offset` has to wait for them. */
  endsWithin(offset: number): boolean {
    return !this.final && offset > this.#length;
  }

  peek(): Token | undefined {
    return this.#next;
  }

  take(): Token {
    const token = this.#next;
    if (token === undefined) throw exception('SYNTAX_ERROR', 'The statement ends too early');
    this.#advance();
    if (token.depth === 0 && isWord(token, 'SETTINGS')) this.settings ??= token.start;
    return token;
  }
}

/** The statement the engine runs, with the data in the file at `path` (binary text). */
export function insertFromFile(head: InsertHead, path: string): string {
  const { sql, format, input } = head;
  const file = quoted(path);
  if (input !== undefined) {
    const call = `file(${file}, '${format}', ${input.structure})`;
    return sql.slice(0, input.start) + call + sql.slice(input.end, head.formatStart);
  }
  const target = sql.slice(0, head.targetEnd);
  const settings = sql.slice(head.targetEnd, head.formatStart);
  return `${target}\nFROM INFILE ${file} COMPRESSION 'none'\n${settings}\nFORMAT ${format}`;
}
