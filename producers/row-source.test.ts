// Batches out of pages: every event once and in order, before the end or a failure.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RowSource, type Rows } from './row-source.ts';

/** Yields the pages, then throws if told to. */
function opener(pages: number[][], failure?: Error): () => AsyncGenerator<number[]> {
  return async function* () {
    for (const page of pages) {
      await Promise.resolve();
      yield page;
    }
    if (failure !== undefined) throw failure;
  };
}

const rowsOf = (taken: readonly Rows<number[]>[]): number[] =>
  taken.flatMap(({ from, page, to }) => page.slice(from, to));

const pages = fc.array(fc.array(fc.nat(), { maxLength: 7 }), { maxLength: 10 });
const sizes = fc.infiniteStream(fc.integer({ min: 1, max: 9 }));

describe('RowSource', () => {
  it('hands out every event once, in order, before the end or a failure', async () => {
    await fc.assert(
      fc.asyncProperty(pages, sizes, fc.boolean(), async (given, size, fails) => {
        const failure = new Error('bad row');
        const source = new RowSource(opener(given, fails ? failure : undefined), false);
        const taken: number[] = [];
        let thrown: unknown;
        for (const max of size) {
          const handed = await source.take(max).catch((error: unknown) => {
            thrown = error;
            return [];
          });
          const events = rowsOf(handed);
          expect(handed.every(({ from, to }) => from < to)).toBe(true);
          if (events.length === 0) break;
          expect(events.length).toBeLessThanOrEqual(max);
          taken.push(...events);
        }
        expect(taken).toEqual(given.flat());
        expect(thrown).toBe(fails ? failure : undefined);
      }),
    );
  });

  it('starts again at the end when looping', async () => {
    const source = new RowSource(opener([[1, 2], [3]]), true);
    expect(rowsOf(await source.take(8))).toEqual([1, 2, 3, 1, 2, 3, 1, 2]);
  });

  it('reports early that nothing can be read, and only then', async () => {
    const failure = new Error('no such file');
    await expect(new RowSource(opener([], failure), false).check()).rejects.toBe(failure);
    const source = new RowSource(opener([[1]], failure), false);
    await source.check();
    expect(rowsOf(await source.take(5))).toEqual([1]);
    await expect(source.take(5)).rejects.toBe(failure);
  });
});
