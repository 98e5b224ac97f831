// What owning partitions means, whatever is done with their records: nothing is taken before a takeover, nothing of
// an assignment that is over, and a broken rule ends it.
import { describe, expect, it } from 'vitest';
import { logLines } from '../../test/log-lines.ts';
import { manualRuntime } from '../../test/manual-runtime.ts';
import { FencedError, InvariantError, UnavailableError } from '../errors.ts';
import { systemRuntime } from '../runtime.ts';
import { lagOf } from './partition-owner.ts';
import { LOG, fetched, owning, takenAt, turns, type Taken } from './test-owner.ts';
import { until } from '../../test/until.ts';

describe('an owner of partitions', () => {
  it('takes nothing before its takeover, keeps its membership, and then reads from the position', async () => {
    const ready = Promise.withResolvers<Taken>();
    const runtime = manualRuntime();
    const takeOver = () => ready.promise;
    const { heartbeats, membership, owner, said } = owning({ takeOver }, undefined, { runtime });
    owner.assigned([0]);
    const taking = owner.batch(fetched(0, 9), membership);
    for (const [ms, beats] of [
      [999, 0],
      [1, 1],
      [999, 1],
      [1, 2],
    ] as const) {
      await turns();
      runtime.advance(ms);
      await turns();
      expect(heartbeats()).toBe(beats);
    }
    expect(said).toEqual([]);
    ready.resolve(takenAt(5));
    expect(await taking).toBe(true);
    expect(said).toEqual(['seek 5', 'take 5 to 9']);
    expect(owner.ready).toBe(true);
  });

  it('leaves a takeover that another assignment came before', async () => {
    const first = Promise.withResolvers<Taken>();
    const takeovers = [first.promise, Promise.resolve(takenAt(7))];
    const { owner, said } = owning({ takeOver: () => takeovers.shift()! });
    owner.assigned([0]);
    await turns();
    owner.assigned([0]);
    await turns();
    expect(takeovers).toHaveLength(1);
    first.resolve(takenAt(5));
    await turns();
    expect(said).toEqual(['seek 7']);
  });

  it('waits with a takeover until nothing of the ownership before is on its way', async () => {
    const settled = Promise.withResolvers<undefined>();
    const { owner, said } = owning({ ended: () => settled.promise });
    owner.assigned([0]);
    await turns();
    expect(said).toEqual([]);
    settled.resolve(undefined);
    await turns();
    expect(said).toEqual(['take over', 'seek 5']);
  });

  it('says that it owns nothing only once nothing of the ownership before is on its way', async () => {
    let settled = Promise.resolve<unknown>(undefined);
    const { owner, said } = owning({ ended: () => settled });
    owner.assigned([0]);
    await turns();
    const landing = Promise.withResolvers<undefined>();
    settled = landing.promise;
    owner.assigned([]);
    await turns();
    expect(said).toEqual(['take over', 'seek 5']);
    landing.resolve(undefined);
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'owns none']);
    expect(owner.ready).toBe(true);
  });

  it('tries again while something is away or another one claims', async () => {
    const answers = [new UnavailableError('away'), new FencedError('another'), takenAt(5)];
    const takeOver = () => {
      const answer = answers.shift()!;
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    const { failures, owner } = owning({ takeOver });
    owner.assigned([0]);
    await until('it owns its partitions', () => owner.owned !== undefined);
    expect(failures).toEqual([]);
    expect(owner.availability.away).toBe(true);
    // What was away says itself when it is back: it owns its partitions and may not be able to write.
    expect(owner.ready).toBe(false);
    owner.availability.back();
    expect(owner.ready).toBe(true);
  });

  it('waits ever longer between two attempts, and takes another claim for nothing that is away', async () => {
    const runtime = manualRuntime();
    let attempts = 0;
    const takeOver = () => {
      attempts += 1;
      return attempts <= 4
        ? Promise.reject(new FencedError('another'))
        : Promise.resolve(takenAt(5));
    };
    const { owner } = owning({ takeOver }, undefined, { runtime });
    owner.assigned([0]);
    await turns();
    expect(owner.owned).toBeDefined();
    expect(runtime.slept).toEqual([50, 100, 200, 400]);
    expect(owner.availability.away).toBe(false);
  });

  it('hands what it owned to the work that ended, and nothing when it owned nothing', async () => {
    const ended: (Taken | undefined)[] = [];
    const began: Taken[] = [];
    const { owner } = owning({
      began: (taken) => void began.push(taken),
      ended: (taken) => Promise.resolve(void ended.push(taken)),
    });
    owner.assigned([0]);
    await turns();
    const first = owner.owned;
    owner.assigned([0]);
    expect(ended).toEqual([undefined, first]);
    await turns();
    owner.giveUp();
    expect(ended.at(-1)).toBe(began[1]);
    expect(owner.owned).toBeUndefined();
    await turns();
    expect(began).toHaveLength(2);
  });

  it('looks at nothing while it owns nothing, and starts over once where it did meanwhile', async () => {
    const answer = Promise.withResolvers<Map<number, typeof LOG>>();
    let asked = 0;
    const looked: number[] = [];
    const { owner, said } = owning({}, () => {
      asked += 1;
      return answer.promise;
    });
    await owner.look((standing) => looked.push(standing));
    expect([asked, looked]).toEqual([0, []]);
    owner.assigned([0]);
    await turns();
    const looking = owner.look((standing) => looked.push(standing));
    await turns();
    owner.startOver();
    answer.resolve(new Map([[0, { begin: 50, end: 100 }]]));
    await looking;
    await turns();
    expect(looked).toEqual([0]);
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
  });

  it('names standing partitions at each look, and takes over again under another topic id', async () => {
    let nowMs = 0;
    let topicId = 'id';
    let isAway = false;
    const ranges = () =>
      isAway ? Promise.reject(new UnavailableError('away')) : Promise.resolve(new Map([[0, LOG]]));
    const { owner, said } = owning({}, ranges, { nowMs: () => nowMs, topicId: () => topicId });
    owner.assigned([0]);
    await turns();
    const standing: number[] = [];
    const look = () => owner.look((count) => standing.push(count));
    await look();
    nowMs = 30_000;
    await look();
    expect(owner.ready).toBe(false);
    isAway = true;
    await expect(look()).rejects.toThrow(UnavailableError);
    expect(standing).toEqual([0, 1, 0]);
    expect(owner.ready).toBe(true);
    isAway = false;
    topicId = 'another';
    await look();
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
  });

  it('takes over anew where the log ends before the position', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    const short = { ...fetched(0, 2, 0), endOffset: 3 };
    expect(await owner.batch(short, membership)).toBe(false);
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
    expect(await owner.batch({ ...short, endOffset: 5 }, membership)).toBe(false);
    expect(said.at(-1)).toBe('seek 5');
    expect(said).toHaveLength(5);
  });

  it('claims again after a fence only when the group confirms it, or has assigned anew since', async () => {
    const { owner, said } = owning();
    owner.assigned([0]);
    await turns();
    const before = owner.owned!;
    owner.fenced(before);
    await turns();
    expect(said).toEqual(['take over', 'seek 5']);
    expect(owner.owned).toBeUndefined();
    owner.confirmed();
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
    owner.fenced(owner.owned!);
    owner.assigned([0]);
    await turns();
    expect(said).toHaveLength(6);
    owner.assigned([0]);
    await turns();
    owner.fenced(before);
    expect(owner.owned).toBeDefined();
  });

  it('starts over when the log begins after its position, although no record comes', async () => {
    let begin = 5;
    const { owner, said } = owning({}, () => Promise.resolve(new Map([[0, { begin, end: 100 }]])));
    owner.assigned([0]);
    await turns();
    await owner.look(() => undefined);
    await turns();
    expect(said).toEqual(['take over', 'seek 5']);
    begin = 6;
    await owner.look(() => undefined);
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
  });

  it('starts over once where an assignment came while it was asked for the topic', async () => {
    const topicId = async (): Promise<string> => {
      owner.startOver();
      await turns();
      return 'another';
    };
    const { owner, said } = owning({}, undefined, { topicId });
    owner.assigned([0]);
    await turns();
    await owner.look(() => undefined);
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
  });

  it('says once that it owns nothing, and not once it was assigned something again', async () => {
    const { owner, said } = owning();
    owner.assigned([0]);
    owner.assigned([]);
    await turns();
    expect(said).toEqual(['owns none']);
    owner.assigned([]);
    owner.assigned([0]);
    await turns();
    expect(said).toEqual(['owns none', 'take over', 'seek 5']);
  });

  it('gives its partitions up when it fails', async () => {
    const ended: unknown[] = [];
    const { failures, owner } = owning({ ended: (owned) => Promise.resolve(ended.push(owned)) });
    owner.assigned([0]);
    await turns();
    const before = owner.owned;
    const failure = new Error('refused');
    owner.fail(failure);
    expect([ended.at(-1), owner.owned, failures]).toEqual([before, undefined, [failure]]);
    expect(owner.ready).toBe(false);
  });

  it('stands by without partitions, and is not ready before it has joined', async () => {
    const { heartbeats, membership, owner, said } = owning();
    expect(owner.ready).toBe(false);
    owner.assigned([]);
    expect(owner.ready).toBe(true);
    const waiting = owner.batch(fetched(0, 9), membership);
    await systemRuntime.sleep(50);
    // It looks again now and then, instead of in a loop that lets nothing else run.
    expect(heartbeats()).toBeLessThan(100);
    await owner.stop(0, () => Promise.resolve());
    expect(await waiting).toBe(false);
    expect(said).toEqual(['owns none']);
  });

  it('ends with what no waiting can mend, and takes nothing over after it', async () => {
    const failure = new Error('refused');
    const { failures, owner, said } = owning({ takeOver: () => Promise.reject(failure) });
    owner.assigned([0]);
    await turns();
    expect(failures).toEqual([failure]);
    expect(owner.stopping).toBe(true);
    owner.assigned([0]);
    await turns();
    expect([said, failures]).toEqual([[], [failure]]);
  });

  it('lands what was taken at a stop, up to a limit, and takes nothing more', async () => {
    const { membership, owner } = owning();
    owner.assigned([0]);
    await turns();
    let drained: Taken | undefined;
    const isDrained = await owner.stop(1_000, async (owned) => {
      await turns();
      drained = owned;
    });
    expect(isDrained).toBe(true);
    expect(drained).toBeDefined();
    expect(owner.owned).toBeUndefined();
    expect(await owner.batch(fetched(5, 9), membership)).toBe(false);
    const other = owning();
    other.owner.assigned([0]);
    expect(await other.owner.stop(10, () => new Promise(() => undefined))).toBe(false);
  });
});

describe('an owner of two partitions', () => {
  const takenBoth = (): Taken => {
    const [zero, one] = [takenAt(5), takenAt(5)].map(({ states }) => states.get(0)!);
    return { topicId: 'id', states: new Map([[0, zero!], [1, one!]]) }; // prettier-ignore
  };

  it('starts over where the log of one begins after its position, and where one is not known', async () => {
    let ranges = new Map([[0, LOG]]);
    const takeOver = () => Promise.resolve(takenBoth());
    const { owner, said } = owning({ takeOver }, () => Promise.resolve(ranges));
    owner.assigned([0, 1]);
    await turns();
    await owner.look(() => undefined);
    await turns();
    expect(said).toEqual(['seek 5', 'seek 5']);
    ranges = new Map([[0, LOG], [1, { begin: 6, end: 100 }]]); // prettier-ignore
    await owner.look(() => undefined);
    await turns();
    expect(said).toEqual(['seek 5', 'seek 5', 'seek 5', 'seek 5']);
  });
});

describe('what an owner asks and says of holes', () => {
  it('is nothing while batches follow one another', async () => {
    let asked = 0;
    const ranges = () => {
      asked += 1;
      return Promise.resolve(new Map([[0, LOG]]));
    };
    const { membership, owner } = owning({}, ranges);
    owner.assigned([0]);
    await turns();
    for (const first of [5, 10]) await owner.batch(fetched(first, first + 4), membership);
    expect(asked).toBe(0);
  });

  it('is which offsets it passes over, and where it took over', async () => {
    const { lines, log: logger } = logLines();
    const { membership, owner } = owning({}, undefined, { logger });
    owner.assigned([0]);
    await turns();
    expect(lines[0]).toMatchObject({ topicId: 'id', positions: { 0: 5 } });
    await owner.batch(fetched(9, 12, 5), membership);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', partition: 0, first: 5, last: 8 });
    expect(lines.at(-1)!.msg).toContain('offsets 5 to 8 ');
  });
});

it('counts how long the fetch was held for want of room', async () => {
  const startedAt = performance.now();
  const held: number[] = [];
  let looks = 0;
  const isFull = () => (looks += 1) < 4;
  const { membership, owner } = owning({ isFull, held: (ms) => held.push(ms) });
  owner.assigned([0]);
  await turns();
  await owner.batch(fetched(5, 9), membership);
  expect(held).toHaveLength(1);
  expect(held[0]).toBeLessThanOrEqual(performance.now() - startedAt);
});

describe('a broken rule ends the owner:', () => {
  it('a position that goes back', async () => {
    const { membership, owner } = owning({
      take: (_, state) => {
        state.position -= 1;
        return true;
      },
    });
    owner.assigned([0]);
    await turns();
    const text = 'partition 0 went from 5 to 4 while all below 5 had landed';
    await expect(owner.batch(fetched(5, 9), membership)).rejects.toThrow(new InvariantError(text));
  });

  it('a position that goes back over what has not landed yet, and not one that stands', async () => {
    const moves = [5, 0, -1];
    const { membership, owner } = owning({
      take: (_, state) => {
        state.position += moves.shift()!;
        return true;
      },
    });
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(5, 9), membership)).toBe(true);
    expect(await owner.batch(fetched(10, 12), membership)).toBe(true);
    const text = 'partition 0 went from 10 to 9 while all below 5 had landed';
    await expect(owner.batch(fetched(10, 12), membership)).rejects.toThrow(text);
  });

  it('a position behind what has landed', async () => {
    const { membership, owner } = owning({
      take: (_, state) => {
        state.position += 1;
        state.landed = state.position + 1;
        return true;
      },
    });
    owner.assigned([0]);
    await turns();
    await expect(owner.batch(fetched(5, 9), membership)).rejects.toThrow(InvariantError);
  });

  it.each([
    ['leaves a partition out', { topicId: 'id', states: new Map() }],
    ['goes on beyond the log', takenAt(101)],
    [
      'goes on behind what has landed',
      { topicId: 'id', states: new Map([[0, { ...takenAt(9).states.get(0)!, landed: 8 }]]) },
    ],
  ])('a takeover that %s', async (_, taken) => {
    const { failures, owner, said } = owning({ takeOver: () => Promise.resolve(taken) });
    owner.assigned([0]);
    await turns();
    expect(failures).toEqual([expect.any(InvariantError)]);
    expect(said).toEqual([]);
    owner.assigned([0]);
    await turns();
    expect(owner.owned).toBeUndefined();
  });
});

it('the lag is the distance from the landed position to the end, of each partition', () => {
  const of = (end: number, landed: number) => ({ end, landed });
  expect(lagOf([])).toBe(0);
  expect(lagOf([of(10, 4), of(7, 7), of(3, 9), of(5, 4)])).toBe(7);
});
