import { describe, expect, it } from 'vitest';
import { describeStandstill, ProgressWatch, STANDSTILL_MS } from './progress.ts';

/** One partition, a clock that is set by hand, and a log that can be away. */
function watched(restMs = 0) {
  let nowMs = 0;
  let end: number | Error = 0;
  const state = { position: 0, landed: 0, end: 0 };
  const states = new Map([[0, state]]);
  const watch = new ProgressWatch(restMs, () => nowMs);
  const ranges = () =>
    end instanceof Error ? Promise.reject(end) : Promise.resolve(new Map([[0, { end }]]));
  return {
    state,
    /** `afterMs` later, with the log ending there: which partitions stand still? */
    look: async (afterMs: number, logEnd: number | Error) => {
      nowMs += afterMs;
      end = logEnd;
      await watch.look(states, ranges).catch(() => undefined);
      return watch.standing(states);
    },
    standing: () => watch.standing(states),
  };
}

describe('ProgressWatch', () => {
  it('finds a partition that takes nothing although records may be read behind it', async () => {
    const { look, standing, state } = watched();
    expect(await look(0, 110)).toEqual([]);
    expect(await look(STANDSTILL_MS - 1, 110)).toEqual([]);
    const found = await look(1, 120);
    expect(found).toEqual([{ partition: 0, offset: 0, waiting: 120, forMs: STANDSTILL_MS }]);
    expect(describeStandstill('t', found[0]!)).toBe(
      'partition 0 of t has stood at offset 0 for 30 s, and 120 records wait behind it',
    );
    state.position = 1;
    expect(standing()).toEqual([]);
    expect(await look(STANDSTILL_MS - 1, 120)).toEqual([]);
    expect(await look(STANDSTILL_MS, 120)).toHaveLength(1);
    state.landed = 1;
    expect(await look(0, 120)).toEqual([]);
    expect(await look(STANDSTILL_MS, 120)).toMatchObject([{ offset: 1, waiting: 119 }]);
  });

  it('counts from when records wait, not from the last progress', async () => {
    const { look } = watched();
    await look(0, 0);
    expect(await look(600_000, 5)).toEqual([]);
    expect(await look(STANDSTILL_MS, 5)).toHaveLength(1);
  });

  it('takes no time in which nothing may be read for a standstill: an open transaction is no lag', async () => {
    const { look, state } = watched();
    Object.assign(state, { position: 50, landed: 50 });
    // The end that is asked for is the last stable offset.
    expect(await look(0, 50)).toEqual([]);
    expect(await look(600_000, 50)).toEqual([]);
  });

  it('does not count the time in which the log could not be asked', async () => {
    const { look } = watched();
    await look(0, 10);
    expect(await look(STANDSTILL_MS - 1, new Error('away'))).toEqual([]);
    expect(await look(1, 10)).toEqual([]);
    expect(await look(STANDSTILL_MS, 10)).toHaveLength(1);
    expect(await look(1, new Error('away'))).toEqual([]);
  });

  it('lets taken records rest for the configured time, then they have to land', async () => {
    const { look, standing, state } = watched(60_000);
    Object.assign(state, { position: 10, landed: 3 });
    await look(0, 10);
    expect(await look(60_000 + STANDSTILL_MS - 1, 10)).toEqual([]);
    expect(await look(1, 10)).toMatchObject([{ offset: 3, waiting: 7 }]);
    state.landed = 10;
    expect(standing()).toEqual([]);
    expect(await look(0, 10)).toEqual([]);
  });

  it('counts anew from each part of it that has landed', async () => {
    const { look, state } = watched();
    Object.assign(state, { position: 10, landed: 0 });
    await look(0, 10);
    state.landed = 4;
    await look(STANDSTILL_MS - 1, 10);
    expect(await look(STANDSTILL_MS - 1, 10)).toEqual([]);
    expect(await look(1, 10)).toMatchObject([{ offset: 4, waiting: 6, forMs: STANDSTILL_MS }]);
  });

  it('is not misled by taking the same again and again', async () => {
    const { look, state } = watched();
    for (let round = 0; round < 3; round += 1) {
      state.position = round % 2 === 0 ? 5 : 0;
      expect(await look(round === 0 ? 0 : 10_000, 100)).toEqual([]);
    }
    state.position = 0;
    expect(await look(10_000, 100)).toMatchObject([{ partition: 0 }]);
  });

  it('forgets partitions that went to another member', async () => {
    let nowMs = 0;
    const watch = new ProgressWatch(0, () => nowMs);
    const ranges = () => Promise.resolve(new Map([[0, { end: 1 }]]));
    const states = new Map([[0, { position: 0, landed: 0, end: 0 }]]);
    await watch.look(states, ranges);
    nowMs = STANDSTILL_MS;
    await watch.look(states, ranges);
    expect(watch.described('t', states)).toEqual([
      'partition 0 of t has stood at offset 0 for 30 s, and 1 record waits behind it',
    ]);
    expect(watch.standing(new Map())).toEqual([]);
    expect(watch.described('t')).toEqual([]);
    await watch.look(new Map(), ranges);
    expect(watch.standing(new Map())).toEqual([]);
  });
});
