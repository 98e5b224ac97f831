// A tree is asked for once for the same text, parameters and parser settings, and few are kept.
import { expect, it } from 'vitest';
import type { Connection } from './engine.ts';
import { readStatement } from './statement.ts';
import { SyntaxTrees } from './syntax-trees.ts';

function engine(answer = (sql: string) => `SelectQuery (${sql})`) {
  const asked: string[] = [];
  let open = 0;
  const connect = (): Promise<Connection & AsyncDisposable> => {
    open += 1;
    const run = (sql: string) => {
      asked.push(sql);
      const bytes = Buffer.from(answer(sql));
      return Promise.resolve({ bytes, rowsRead: 0, bytesRead: 0 });
    };
    const close = (): undefined => {
      open -= 1;
      return undefined;
    };
    const stream = () => {
      throw new Error('not streamed');
    };
    return Promise.resolve({
      run,
      stream,
      close,
      [Symbol.asyncDispose]: () => Promise.resolve(close()),
    });
  };
  return { asked, connect, open: () => open };
}

const head = (params: [string, string][] = [], settings: [string, string][] = []) => {
  return { params: new Map(params), settings: new Map(settings) };
};

it('asks once for the same statement, and anew for another text, parameter or setting', async () => {
  const [trees, { asked, connect, open }] = [new SyntaxTrees(), engine()];
  const one = readStatement('SELECT 1');
  const tree = await trees.of(one, head(), connect);
  expect(await trees.of(one, head(), connect)).toBe(tree);
  expect(asked).toEqual(['EXPLAIN AST SELECT 1']);
  await trees.of(readStatement('SELECT 2'), head(), connect);
  await trees.of(one, head([['x', '1']]), connect);
  await trees.of(one, head([['x', '2']]), connect);
  await trees.of(one, head([], [['max_ast_depth', '5']]), connect);
  expect(asked).toHaveLength(5);
  expect(open()).toBe(0);
});

it('remembers neither statements without a tree nor long ones', async () => {
  const [trees, none, some] = [new SyntaxTrees(), engine(() => ''), engine()];
  const one = readStatement('SELECT 1');
  await expect(trees.of(one, head(), none.connect)).rejects.toThrow('no syntax tree');
  expect(none.open()).toBe(0);
  await trees.of(one, head(), some.connect);
  const long = readStatement(`SELECT '${'x'.repeat(5_000)}'`);
  for (let time = 0; time < 2; time += 1) await trees.of(long, head(), some.connect);
  expect(some.asked).toHaveLength(3);
});

it('does not remember a large tree of a short text', async () => {
  const tree = (nodes: number) => 'AB\n' + `${' '.repeat(98)}B\n`.repeat(nodes);
  const [small, large] = [engine(() => tree(199)), engine(() => tree(200))];
  for (const { connect } of [small, large]) {
    const trees = new SyntaxTrees();
    for (let time = 0; time < 2; time += 1) {
      await trees.of(readStatement('SELECT 1'), head(), connect);
    }
  }
  expect([small.asked.length, large.asked.length]).toEqual([1, 2]);
});

it('keeps the 500 that were used last', async () => {
  const [trees, { asked, connect }] = [new SyntaxTrees(), engine()];
  const ask = (n: number) => trees.of(readStatement(`SELECT ${n}`), head(), connect);
  for (let n = 0; n < 500; n += 1) await ask(n);
  await ask(0);
  await ask(500);
  expect(asked).toHaveLength(501);
  await ask(0);
  expect(asked).toHaveLength(501);
  await ask(1);
  expect(asked).toHaveLength(502);
});
