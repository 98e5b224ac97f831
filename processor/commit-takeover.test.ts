// Where a processor goes on with each partition, by what the group committed and what it knows itself.
import { describe, expect, it } from 'vitest';
import type { NotedOffset } from '../platform/kafka/group-consumer.ts';
import { logLines } from '../test/log-lines.ts';
import { isIdle, takeOver } from './commit-takeover.ts';

const at = (offset: number, note = 'id'): Map<number, NotedOffset> =>
  new Map([[0, { offset, note }]]);

interface Given {
  readonly committed?: Map<number, NotedOffset>;
  /** What was committed before the group was joined, and what was acknowledged in this process. */
  readonly before?: Map<number, NotedOffset>;
  readonly landed?: Map<number, NotedOffset>;
}

async function taking({ before = new Map(), committed = new Map(), landed = new Map() }: Given) {
  const { lines, log: logger } = logLines();
  const taken = await takeOver(
    [0],
    { committed: before, landed },
    {
      input: {
        topic: 'in',
        topicId: () => Promise.resolve('id'),
        logRanges: () => Promise.resolve(new Map([[0, { begin: 2, end: 9 }]])),
        committed: () => Promise.resolve(committed),
        commit: () => Promise.resolve(),
        seek: () => undefined,
      },
      sender: { partitionsOf: (topic) => Promise.resolve(topic === 'out' ? 4 : 1) },
      topics: new Map([['made', 'out']]),
      fromBeginning: false,
      logger,
    },
  );
  const { open, ...state } = taken.states.get(0)!;
  return { lines, open, state, taken, uncommitted: [...taken.uncommitted] };
}

describe('a takeover continues', () => {
  it('where the group committed, and commits nothing anew', async () => {
    const { lines, open, state, taken, uncommitted } = await taking({ committed: at(5) });
    expect(state).toMatchObject({ partition: 0, position: 5, landed: 5, end: 9, broken: false });
    expect([open.first, open.next]).toEqual([5, 5]);
    expect(uncommitted).toEqual([]);
    expect(taken.widths).toEqual(new Map([['made', 4]]));
    expect(isIdle(taken)).toBe(true);
    expect(lines).toEqual([]);
  });

  it.each([
    ['at the start of the log where nothing is known', {}, 2],
    ['where it got acknowledgements itself', { committed: at(5), landed: at(7) }, 7],
    ['where the group is further', { committed: at(8), landed: at(7) }, 8],
    ['where the same offset is of no topic', { committed: at(5, '') }, 5],
    ['where it was before kafkajs committed over it', { committed: at(8, ''), before: at(5) }, 5],
    ['at the start of a topic that was created again', { committed: at(5, 'gone') }, 2],
  ])('%s, and commits that', async (_, given, position) => {
    const { state, uncommitted } = await taking(given);
    expect(state.position).toBe(position);
    const isKnown = position === 8;
    expect(uncommitted).toEqual(isKnown ? [] : [[0, position]]);
  });

  it('names offsets that it skips', async () => {
    const { lines } = await taking({ committed: at(1) });
    expect(lines).toMatchObject([{ level: 'warn', partition: 0, position: 2 }]);
  });
});

it('is idle when all that was taken is acknowledged', async () => {
  const { taken } = await taking({});
  taken.states.get(0)!.position = 3;
  expect(isIdle(taken)).toBe(false);
});
