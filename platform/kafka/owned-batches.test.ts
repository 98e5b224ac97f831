// What an owner of partitions does with a batch that it is handed: takes it, asks again elsewhere, passes over a hole,
// or holds the fetch until there is room.
import { describe, expect, it } from 'vitest';
import { manualRuntime } from '../../test/manual-runtime.ts';
import { UnavailableError } from '../errors.ts';
import type { OwnedPartition, Work } from './partition-owner.ts';
import { LOG, fetched, owning, takenAt, turns, type Taken } from './test-owner.ts';
import { until } from '../../test/until.ts';

describe('a batch', () => {
  it('takes nothing of an assignment that ended while the log was asked for a gap', async () => {
    const answer = Promise.withResolvers<Map<number, typeof LOG>>();
    const { membership, owner, said } = owning({}, () => answer.promise);
    owner.assigned([0]);
    await turns();
    const taking = owner.batch(fetched(8, 9, 5), membership);
    await turns();
    owner.startOver();
    answer.resolve(new Map([[0, { begin: 8, end: 100 }]]));
    expect(await taking).toBe(false);
    await turns();
    expect(said).toEqual(['take over', 'seek 5', 'take over', 'seek 5']);
  });

  it('rethrows a programming error of the question where the log begins', async () => {
    const mistake = new TypeError('mistake');
    const { membership, owner } = owning({}, () => Promise.reject(mistake));
    owner.assigned([0]);
    await turns();
    await expect(owner.batch(fetched(8, 9, 5), membership)).rejects.toBe(mistake);
  });

  it('skips missing offsets unless the log begins after the position', async () => {
    for (const begin of [undefined, 0, 5, 6]) {
      const ranges = new Map(begin === undefined ? [] : [[0, { begin, end: 100 }]]);
      const { membership, owner } = owning({}, () => Promise.resolve(ranges));
      owner.assigned([0]);
      await turns();
      expect(await owner.batch(fetched(8, 9, 5), membership)).toBe(begin !== 6);
    }
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

  it('holds nothing while there is room', async () => {
    let held = 0;
    const { heartbeats, membership, owner } = owning({ held: () => (held += 1) });
    owner.assigned([0]);
    await turns();
    const before = heartbeats();
    expect(await owner.batch(fetched(5, 9), membership)).toBe(true);
    expect([held, heartbeats()]).toEqual([0, before]);
  });

  it('goes on with the rest as soon as what makes room has ended, with a heartbeat a second until then', async () => {
    const runtime = manualRuntime();
    const room = Promise.withResolvers<undefined>();
    let isFull = true;
    const lasts: number[] = [];
    const work: Partial<Work<OwnedPartition, Taken>> = {
      isFull: () => isFull,
      room: () => room.promise,
      take: ({ lastOffset }, state) => {
        state.position = Math.min(lastOffset + 1, state.position + 3);
        lasts.push(state.position);
        return state.position > lastOffset;
      },
    };
    const { heartbeats, membership, owner } = owning(work, undefined, { runtime });
    owner.assigned([0]);
    await turns();
    const taking = owner.batch(fetched(5, 9), membership);
    await turns();
    const before = heartbeats();
    runtime.advance(999);
    await turns();
    expect(heartbeats()).toBe(before);
    runtime.advance(1);
    await turns();
    expect(heartbeats()).toBe(before + 1);
    expect(lasts).toEqual([8]);
    isFull = false;
    room.resolve(undefined);
    expect(await taking).toBe(true);
    expect(lasts).toEqual([8, 10]);
    expect(runtime.slept).toEqual([]);
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
        if (taken > 5) throw new Error('it takes more after its ownership ended');
        state.position += 1;
        return false;
      },
    });
    owner.assigned([0]);
    const taking = owner.batch(fetched(5, 9), membership);
    await until('three heartbeats while it is full', () => heartbeats() >= 3);
    expect(taken).toBe(1);
    owner.startOver();
    isFull = false;
    expect(await taking).toBe(false);
    expect([taken, held]).toEqual([1, 1]);
  });

  it('seeks where a batch was fetched from elsewhere, and passes over a hole', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(0, 4, 0), membership)).toBe(false);
    expect(await owner.batch(fetched(8, 9, 5), membership)).toBe(true);
    expect(said).toEqual(['take over', 'seek 5', 'seek 5', 'take 5 to 9']);
  });

  it('passes over a hole though a batch was fetched from before it, once a seek brought nothing nearer', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(8, 9, 3), membership)).toBe(true);
    expect(said).toEqual(['take over', 'seek 5', 'take 5 to 9']);
  });

  it('seeks again where another batch was fetched from elsewhere after one was taken', async () => {
    const { membership, owner, said } = owning();
    owner.assigned([0]);
    await turns();
    expect(await owner.batch(fetched(5, 9), membership)).toBe(true);
    expect(await owner.batch(fetched(20, 29), membership)).toBe(false);
    expect(said).toEqual(['take over', 'seek 5', 'take 5 to 9', 'seek 10']);
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
});
