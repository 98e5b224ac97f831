// Lists the names in a statement: its functions, engines and identifiers, from the engine's own syntax tree
// and from the text, because each hides names that the other shows.
import type { Connection } from './engine.ts';
import { exception } from './exception.ts';
import { toText, type Statement } from './statement.ts';
import { isSymbol, isWord, type Token } from './tokenizer.ts';

/** One line of EXPLAIN AST. */
export interface Node {
  readonly depth: number;
  /** `Function file (children 1)`, without the indentation. */
  readonly text: string;
}

/**
 * The engine's syntax tree of a statement, which is not run.
 * @throws {ClickHouseException} for what the engine cannot parse, or shows no tree for.
 */
export async function syntaxTree(connection: Connection, statement: Statement): Promise<Node[]> {
  const sql = `EXPLAIN AST ${toText(withoutFormat(statement))}`;
  const { bytes } = await connection.run(sql, 'TSVRaw');
  return nodesOf(Buffer.from(bytes).toString('utf8'));
}

/** @throws {ClickHouseException} when the text is no tree: it proves nothing. */
export function nodesOf(explained: string): Node[] {
  const nodes = explained.split('\n').flatMap((line) => {
    const text = line.trimStart();
    return text === '' ? [] : [{ depth: line.length - text.length, text }];
  });
  if (nodes[0]?.depth === 0 && /^[A-Z]\w+/.test(nodes[0].text)) return nodes;
  throw exception('ACCESS_DENIED', 'The engine shows no syntax tree of this statement');
}

/** EXPLAIN would take the statement's FORMAT for its own. */
function withoutFormat({ sql, tokens }: Statement): string {
  const at = tokens.findLastIndex((token) => token.depth === 0 && isWord(token, 'FORMAT'));
  const keyword = tokens[at];
  const name = tokens[at + 1];
  const next = tokens[at + 2];
  const isClause = at > 0 && name?.kind === 'word';
  if (!isClause || keyword === undefined) return sql;
  if (next !== undefined && !isWord(next, 'SETTINGS')) return sql;
  return `${sql.slice(0, keyword.start)} ${sql.slice(name.end)}`;
}

/** The names that the tree's nodes of a kind carry. */
export function named(tree: readonly Node[], kind: 'Function' | 'Identifier'): string[] {
  const node = new RegExp(`^(?:Table)?${kind} (\\S+)`);
  return tree.flatMap(({ text }) => node.exec(text)?.[1] ?? []);
}

/**
 * Names that are called, read from the text: the tree leaves out what APPLY applies, what stands in the
 * WHERE of a SHOW, and the values of settings.
 */
export function called(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, at) => {
    const name = nameOf(token);
    if (name === undefined) return [];
    const before = isSymbol(tokens[at - 1], '(') ? tokens[at - 2] : tokens[at - 1];
    return isSymbol(tokens[at + 1], '(') || isWord(before, 'APPLY') ? [name] : [];
  });
}

/** The name that a word or a quoted name stands for. */
export function nameOf({ kind, text }: Token): string | undefined {
  if (kind === 'word') return text;
  if (kind !== 'quoted') return undefined;
  const inner = text.replace(/^(\xe2\x80\x9c|["`])(.*)(\xe2\x80\x9d|["`])$/s, '$2');
  return inner.replace(/\\([\\'"`])|(["`])\2/g, '$1$2');
}
