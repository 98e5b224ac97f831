// ClickHouse's lexer, as far as finding the parts of a statement needs it: words, quoted names,
// strings, heredocs, comments. It reads "binary text": one character per byte (latin1), so a token's
// position is a byte offset even when what follows the statement is binary data.

export type TokenKind = 'word' | 'number' | 'string' | 'quoted' | 'symbol' | 'open';

export interface Token {
  /** `open`: a string, name, heredoc or comment that the text ends inside of. */
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
  /** Brackets this token is inside of; a bracket itself counts as outside. */
  readonly depth: number;
}

const WORD_START = /[A-Za-z_$]/;
const WORD = /[A-Za-z0-9_$]*/y;
const NUMBER = /[0-9][A-Za-z0-9_.]*/y;
const SPACE = /[\s\0]*/y;
const HEREDOC = /\$([A-Za-z0-9_]*)\$/y;
/** ‘ ’ and “ ” as UTF-8 bytes: the engine takes them as quotes. */
const CURLY: Readonly<Record<string, [kind: TokenKind, close: string]>> = {
  '\xe2\x80\x98': ['string', '\xe2\x80\x99'],
  '\xe2\x80\x9c': ['quoted', '\xe2\x80\x9d'],
};

/** The tokens of `text` from `from` on, comments and white space left out. Lazy: stop when done. */
export function* tokenize(text: string, from = 0): Generator<Token, void> {
  let depth = 0;
  for (let at = skipSpace(text, from); at < text.length;) {
    const comment = commentEnd(text, at);
    if (comment !== undefined && comment <= text.length) {
      at = skipSpace(text, comment);
      continue;
    }
    const [kind, end] = comment === undefined ? lex(text, at) : (['open', text.length] as const);
    const symbol = kind === 'symbol' ? text.charAt(at) : '';
    if (')]}'.includes(symbol) && symbol !== '') depth = Math.max(0, depth - 1);
    yield { kind, text: text.slice(at, end), start: at, end, depth };
    if ('([{'.includes(symbol) && symbol !== '') depth += 1;
    at = skipSpace(text, end);
  }
}

function lex(text: string, at: number): readonly [TokenKind, number] {
  const char = text.charAt(at);
  if (char === "'") return closed('string', quoteEnd(text, at, char), text);
  if (char === '"' || char === '`') return closed('quoted', quoteEnd(text, at, char), text);
  if (char === '$') {
    const heredoc = heredocEnd(text, at);
    if (heredoc !== undefined) return closed('string', heredoc, text);
  }
  if (WORD_START.test(char)) return ['word', matchEnd(WORD, text, at)];
  if (char >= '0' && char <= '9') return ['number', matchEnd(NUMBER, text, at)];
  const curly = CURLY[text.slice(at, at + 3)];
  if (curly !== undefined) {
    const close = text.indexOf(curly[1], at + 3);
    return closed(curly[0], close === -1 ? Infinity : close + 3, text);
  }
  return ['symbol', at + 1];
}

function closed(kind: TokenKind, end: number, text: string): readonly [TokenKind, number] {
  return end === Infinity ? ['open', text.length] : [kind, end];
}

/** One past the closing quote; a backslash hides the next byte, a doubled quote stands for itself. */
function quoteEnd(text: string, at: number, quote: string): number {
  for (let i = at + 1; i < text.length; i += 1) {
    const char = text.charAt(i);
    if (char === '\\') i += 1;
    else if (char === quote) {
      if (text.charAt(i + 1) !== quote) return i + 1;
      i += 1;
    }
  }
  return Infinity;
}

function heredocEnd(text: string, at: number): number | undefined {
  HEREDOC.lastIndex = at;
  const tag = HEREDOC.exec(text)?.[0];
  if (tag === undefined) return undefined;
  const close = text.indexOf(tag, at + tag.length);
  return close === -1 ? undefined : close + tag.length;
}

/** One past the comment that starts here (Infinity: it never ends), or undefined if none does. */
function commentEnd(text: string, at: number): number | undefined {
  const two = text.slice(at, at + 2);
  if (two === '/*') return blockCommentEnd(text, at);
  if (two !== '--' && two !== '//' && two !== '# ' && two !== '#!') return undefined;
  const newline = text.indexOf('\n', at);
  return newline === -1 ? text.length : newline + 1;
}

/** Block comments nest. */
function blockCommentEnd(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i += 1) {
    const two = text.slice(i, i + 2);
    if (two === '/*') depth += 1;
    else if (two === '*/') depth -= 1;
    else continue;
    i += 1;
    if (depth === 0) return i + 1;
  }
  return Infinity;
}

function skipSpace(text: string, at: number): number {
  return matchEnd(SPACE, text, at);
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}

/** Whether a token is this word, written in any case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** Whether a token is this one character. */
export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}
