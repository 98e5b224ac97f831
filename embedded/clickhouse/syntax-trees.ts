// Caches the syntax trees of recent statements. A tree depends only on the text, the parameters and the parser's
// settings, and clients repeat the same few statements: a cached tree saves a connection and a query, a third of
// the cost of a small query.
import type { Connection } from './engine.ts';
import type { RequestHead } from './request.ts';
import type { Statement } from './statement.ts';
import { syntaxTree, type Node } from './syntax.ts';

const MAX_TREES = 500;
/** Longer texts are rare. */
const MAX_TEXT_LENGTH = 5_000;
/**
 * The engine indents each node by its depth, so that a tree can be as large as the square of its text, and the
 * texts of its nodes keep the whole of it in memory.
 */
const MAX_TREE_LENGTH = 20_000;

export class SyntaxTrees {
  readonly #known = new Map<string, readonly Node[]>();

  /**
   * The tree of a statement; `connect` opens a connection when the tree is not cached.
   * @throws {ClickHouseException} for what the engine cannot parse, which is never cached.
   */
  async of(
    statement: Statement,
    { params, settings }: Pick<RequestHead, 'params' | 'settings'>,
    connect: () => Promise<Connection & AsyncDisposable>,
  ): Promise<readonly Node[]> {
    const key = JSON.stringify([statement.sql, [...params], [...settings]]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      // The map is in the order of use.
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    await using connection = await connect();
    const tree = await syntaxTree(connection, statement);
    const isSmall = key.length <= MAX_TEXT_LENGTH && lengthOf(tree) <= MAX_TREE_LENGTH;
    if (isSmall) this.#known.set(key, tree);
    if (this.#known.size > MAX_TREES) this.#known.delete(this.#known.keys().next().value!);
    return tree;
  }
}

/** The length of the engine's answer, indentation included. */
function lengthOf(tree: readonly Node[]): number {
  return tree.reduce((sum, { depth, text }) => sum + depth + text.length + 1, 0);
}
