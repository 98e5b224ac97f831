// A topic that is created again between any two questions.
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../platform/errors.ts';
import { sameTopic, type Begun, type TopicQuestions } from './same-topic.ts';

const begun = (): Begun[] => [{ source: 't@0', begins: new Map([[0, 5]]), before: 0 }];

/** Created again after each of these questions, counted from 1; the topic with id n ends at 100 - n. */
function created(...after: number[]): TopicQuestions {
  let [asked, id] = [0, 0];
  const answer = <T>(of: () => T): Promise<T> => {
    const answered = of();
    asked += 1;
    if (after.includes(asked)) id += 1;
    return Promise.resolve(answered);
  };
  return {
    idOf: () => answer(() => String(id)),
    positionsOf: (source) => answer(() => new Map([[0, Number(source.slice(2))]])),
    rangesOf: () => answer(() => new Map([[0, { begin: 0, end: 100 - id }]])),
  };
}

describe('sameTopic', () => {
  it.each([[[]], [[1]], [[2]], [[3]], [[4]], [[1, 6]], [[3, 7, 9]]])(
    'reads everything of one topic when it is created again after question %j',
    async (after) => {
      const known = begun();
      const { positions, ranges } = await sameTopic('t', known, created(...after));
      const id = Number(known.at(-1)!.source.slice(2));
      expect(ranges.get(0)!.end).toBe(100 - id);
      expect(positions.get(0)).toBe(id);
      expect(known).toHaveLength(id === 0 ? 1 : 2);
    },
  );

  it('asks for positions before the log, and keeps ranges of the same topic only', async () => {
    const kept = new Map([[0, { begin: 0, end: 7 }]]);
    expect((await sameTopic('t', begun(), created(), kept)).ranges).toBe(kept);
    const known = begun();
    expect((await sameTopic('t', known, created(1), kept)).ranges.get(0)!.end).toBe(99);
    expect(known.at(-1)).toEqual({ source: 't@1', begins: new Map([[0, 0]]), before: 0 });
    let end = 3;
    const moving: TopicQuestions = {
      idOf: () => Promise.resolve('0'),
      positionsOf: () => Promise.resolve(new Map([[0, end++]])),
      rangesOf: () => Promise.resolve(new Map([[0, { begin: 0, end: end++ }]])),
    };
    const { positions, ranges } = await sameTopic('t', begun(), moving);
    expect(positions.get(0)!).toBeLessThan(ranges.get(0)!.end);
  });

  it('has a topic once that was found by its claim already', async () => {
    const claimed = { source: 't@1', begins: new Map<number, number>(), before: 0 };
    const known = [claimed, ...begun()];
    await sameTopic('t', known, created(1));
    expect(known.map(({ source }) => source)).toEqual(['t@0', 't@1']);
  });

  it('gives up on a topic that is created again all the time', async () => {
    const always = Array.from({ length: 99 }, (_, at) => at);
    await expect(sameTopic('t', begun(), created(...always))).rejects.toThrow(UnavailableError);
  });
});
