// Positions that only rows show become floors when they are due, once each, and never before they have landed.
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../platform/errors.ts';
import { silentLog } from '../platform/log.ts';
import { manualRuntime } from '../test/manual-runtime.ts';
import { Checkpoint } from './checkpoint.ts';
import type { PartitionState } from './partition.ts';
import type { Facts, FloorRow } from './sink.ts';
import type { Taken } from './table-takeover.ts';

const QUARTER_MS = 15 * 60_000;

function world() {
  const written: (readonly FloorRow[])[] = [];
  const failures: Error[] = [];
  const facts = {
    recordFloors: (_: unknown, floors: readonly FloorRow[]) => {
      written.push(floors);
      const failure = failures.shift();
      return failure === undefined ? Promise.resolve() : Promise.reject(failure);
    },
  } as unknown as Facts;
  const runtime = manualRuntime();
  const checkpoint = new Checkpoint(facts, silentLog(), runtime);
  const states = new Map<number, PartitionState>();
  const set = (partition: number, landed: number, recorded: number) => {
    const dead = new Set<number>();
    states.set(partition, {
      ...{ position: landed + 5, landed, recorded, end: landed + 9 },
      ...{ dead, origins: new Map(), sought: undefined },
    });
  };
  const taken = { ownership: {}, topicId: '', states } as unknown as Taken;
  return { checkpoint, failures, runtime, set, states, taken, written };
}

describe('a checkpoint', () => {
  it('is due every quarter of an hour, not a moment before', async () => {
    const { checkpoint, runtime, set, taken, written } = world();
    set(0, 7, 3);
    await checkpoint.ifDue(taken);
    runtime.advance(QUARTER_MS - 1);
    await checkpoint.ifDue(taken);
    expect(written).toEqual([]);
    runtime.advance(1);
    await checkpoint.ifDue(taken);
    expect(written).toHaveLength(1);
    set(0, 8, 7);
    runtime.advance(QUARTER_MS - 1);
    await checkpoint.ifDue(taken);
    expect(written).toHaveLength(1);
    runtime.advance(1);
    await checkpoint.ifDue(taken);
    expect(written).toHaveLength(2);
  });

  it('records how far partitions have landed, where that is not recorded yet', async () => {
    const { checkpoint, set, states, taken, written } = world();
    set(0, 7, 6);
    set(1, 7, 7);
    set(2, 0, 0);
    await checkpoint.record(taken);
    expect(written).toEqual([[{ partition: 0, offset: 7, reason: 'checkpoint', detail: '' }]]);
    expect(states.get(0)!.recorded).toBe(7);
    await checkpoint.record(taken);
    expect(written[1]).toEqual([]);
  });

  it('that fails is made up for by the next; a mistake is not hidden', async () => {
    const { checkpoint, failures, set, states, taken, written } = world();
    set(0, 7, 6);
    failures.push(new UnavailableError('away'));
    await checkpoint.record(taken);
    expect(states.get(0)!.recorded).toBe(6);
    await checkpoint.record(taken);
    expect(written[1]).toEqual(written[0]);
    expect(states.get(0)!.recorded).toBe(7);
    const mistake = new TypeError('mistake');
    failures.push(mistake);
    await expect(checkpoint.record(taken)).rejects.toBe(mistake);
  });
});
