// Caches the syntax trees of recent statements. A tree depends only on the text, the parameters and the parser's
// settings, and clients repeat the same few statements: a cached tree saves a connection and a query, a third of
// the cost of a small query.
import type { Connection } from './engine.ts';
import type { RequestHead } from './request.ts';
import type { Statement } from './statement.ts';
import { syntaxTree, type Node } from './syntax.ts';

const MAX_TREES = 500;
/** Longer texts are rare, and their trees are large. */
const MAX_TEXT_LENGTH = 5_000;

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
    if (key.length <= MAX_TEXT_LENGTH) this.#known.set(key, tree);
    if (this.#known.size > MAX_TREES) this.#known.delete(this.#known.keys().next().value!);
    return tree;
  }
}
