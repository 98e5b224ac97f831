// What owning partitions means, whatever is done with their records: nothing is taken before a takeover, nothing of
// an assignment that is over, and a broken rule ends it.
import { describe, expect, it } from 'vitest';
import { FencedError, InvariantError, UnavailableError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { systemRuntime } from '../runtime.ts';
import type { Membership, RecordBatch } from './group-receiver.ts';
import { PartitionOwner, type Owned, type OwnedPartition, type Work } from './partition-owner.ts';

type Taken = Owned<OwnedPartition>;

const LOG = { begin: 0, end: 100 };

function takenAt(position: number): Taken {
  const state = { position, landed: position, end: LOG.end, sought: undefined };
  return { topicId: 'id', states: new Map([[0, state]]) };
}

/** Offsets `first` to `last`, fetched from `asked`. */
function fetched(first: number, last: number, asked = first): RecordBatch {
  const range = { fetchedOffset: asked, firstOffset: first, lastOffset: last };
  return { topic: 't', partition: 0, endOffset: LOG.end, records: [], ...range };
}

/** An owner of partition 0 with work that takes everything, unless told otherwise. */
function owning(
  work: Partial<Work<OwnedPartition, Taken>> = {},
  logRanges = () => Promise.resolve(new Map([[0, LOG]])),
  { nowMs = (): number => 0, topicId = (): string => 'id' } = {},
) {
  const said: string[] = [];
  const failures: Error[] = [];
  const owner = new PartitionOwner<OwnedPartition, Taken>({
    name: 'test',
    log: {
      topic: 't',
      topicId: () => Promise.resolve(topicId()),
      logRanges,
      seek: (_, offset) => said.push(`seek ${offset}`),
    },
    work: {
      takeOver: () => {
        said.push('take over');
        return Promise.resolve(takenAt(5));
      },
      began: () => undefined,
      ended: () => Promise.resolve(),
      take: ({ lastOffset }, state) => {
        said.push(`take ${state.position} to ${lastOffset}`);
        state.position = lastOffset + 1;
        return true;
      },
      isFull: () => false,
      room: () => undefined,
      ownsNone: () => void said.push('owns none'),
      held: () => undefined,
      ...work,
    },
    // Waiting takes no time here.
    runtime: { ...systemRuntime, nowMs, sleep: (ms) => systemRuntime.sleep(ms / 100) },
    logger: silentLog(),
    restMs: 0,
    failed: (error) => failures.push(error),
  });
  let heartbeats = 0;
  const membership: Membership = {
    heartbeat: () => Promise.resolve(void (heartbeats += 1)),
    isCurrent: () => true,
  };
  return { owner, said, failures, membership, heartbeats: () => heartbeats };
}

const turns = () => systemRuntime.sleep(20);

describe('an owner of partitions', () => {
  it('takes nothing before its takeover, keeps its membership, and then reads from the position', async () => {
    const ready = Promise.withResolvers<Taken>();
    const { heartbeats, membership, owner, said } = owning({ takeOver: () => ready.promise });
    owner.assigned([0]);
    const taking = owner.batch(fetched(0, 9), membership);
    await systemRuntime.sleep(1_100);
    expect(heartbeats()).toBeGreaterThan(0);
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
    while (owner.owned === undefined) await turns();
    expect(failures).toEqual([]);
    expect(owner.availability.away).toBe(true);
  });

  it('may go on at the end of the log, which each batch shows anew', async () => {
    const { failures, membership, owner } = owning({
      takeOver: () => Promise.resolve(takenAt(LOG.end)),
    });
    owner.assigned([0]);
    await turns();
    expect(await owner.batch({ ...fetched(100, 104), endOffset: 120 }, membership)).toBe(true);
    expect(failures).toEqual([]);
    expect(owner.owned!.states.get(0)).toMatchObject({ position: 105, end: 120 });
  });

  it('seeks where a batch was fetched from elsewhere, and passes over a hole', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(0, 4, 0), membership)).toBe(false);
    expect(await owner.batch(fetched(8, 9, 5), membership)).toBe(true);
    expect(said).toEqual(['take over', 'seek 5', 'seek 5', 'take 5 to 9']);
  });

  it('passes over what is missing unless the log begins after the position', async () => {
    for (const begin of [undefined, 0, 5, 6]) {
      const ranges = new Map(begin === undefined ? [] : [[0, { begin, end: 100 }]]);
      const { membership, owner } = owning({}, () => Promise.resolve(ranges));
      owner.assigned([0]);
      await turns();
      expect(await owner.batch(fetched(8, 9, 5), membership)).toBe(begin !== 6);
    }
  });

  it('says at each look what stands still, and takes over anew under another topic id', async () => {
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

  it('seeks again where another batch was fetched from elsewhere after one was taken', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(5, 9), membership)).toBe(true);
    expect(await owner.batch(fetched(20, 29), membership)).toBe(false);
    expect(said).toEqual(['take over', 'seek 5', 'take 5 to 9', 'seek 10']);
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

  it('declines a batch that is out of date, and one of a partition that is not its own', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    for (const looks of [0, 1]) {
      let left = looks;
      const stale = { ...membership, isCurrent: () => (left -= 1) >= 0 };
      expect(await owner.batch(fetched(5, 9), stale)).toBe(false);
    }
    expect(await owner.batch({ ...fetched(5, 9), partition: 1 }, membership)).toBe(false);
    expect(said).toEqual(['take over', 'seek 5']);
  });

  it.each([
    ['begins after the position', () => Promise.resolve(new Map([[0, { begin: 8, end: 100 }]]))],
    ['cannot be asked', () => Promise.reject(new UnavailableError('away'))],
  ])('takes over anew where records are missing and the log %s', async (_, ranges) => {
    const { membership, owner, said } = owning({}, ranges);
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(8, 9, 5), membership)).toBe(false);
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
  });

  it('holds the fetch while there is no room, and drops the rest when its ownership ends', async () => {
    let isFull = true;
    let taken = 0;
    let held = 0;
    const { heartbeats, membership, owner } = owning({
      isFull: () => isFull,
      held: () => (held += 1),
      take: (_, state) => {
        taken += 1;
        state.position += 1;
        return false;
      },
    });
    owner.assigned([0]);
    const taking = owner.batch(fetched(5, 9), membership);
    while (heartbeats() < 3) await turns();
    expect(taken).toBe(1);
    owner.startOver();
    isFull = false;
    expect(await taking).toBe(false);
    expect([taken, held]).toEqual([1, 1]);
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

  it('starts over where the log begins after its position by now, though no record comes', async () => {
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
