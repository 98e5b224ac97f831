// Remembers the syntax trees of the statements that were asked last. A tree follows from the text, the parameters
// and the settings of the parser alone, and the same few statements come again and again: each tree that is known
// saves a connection and a question, a third of what a small query costs.
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
   * The tree of a statement; `connect` opens a connection for one that is not known.
   * @throws {ClickHouseException} for what the engine cannot parse; that is never remembered.
   */
  async of(
    statement: Statement,
    { params, settings }: Pick<RequestHead, 'params' | 'settings'>,
    connect: () => Connection & Disposable,
  ): Promise<readonly Node[]> {
    const key = JSON.stringify([statement.sql, [...params], [...settings]]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      // The map is in the order of use.
      this.#known.delete(key);
      this.#known.set(key, known);
      return known;
    }
    using connection = connect();
    const tree = await syntaxTree(connection, statement);
    if (key.length <= MAX_TEXT_LENGTH) this.#known.set(key, tree);
    if (this.#known.size > MAX_TREES) this.#known.delete(this.#known.keys().next().value!);
    return tree;
  }
}
