// One fetched batch on its way to the receiver: what came damaged is asked for again before it counts as lost,
// and nothing is resolved that was not taken.
import type { EachBatchPayload } from 'kafkajs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { logLines } from '../../test/log-lines.ts';
import { deliver } from './batch-handler.ts';
import { DamagedBatches } from './damaged-batches.ts';
import type { GroupReceiver, Membership, RecordBatch } from './group-receiver.ts';
import { readLogRanges } from './log-ranges.ts';
import { settled } from './fetch-response.ts';
import { rawBatches } from './record-set.ts';
import { batchOf } from './test-batches.ts';

const log = { from: 0, end: 100 };
const fetched = (bytes: Buffer) => settled(rawBatches(bytes, log), []);
const record = { value: Buffer.from('v') };
const whole = batchOf([record, record], 0);
const broken = Buffer.from(batchOf([record, record, record], 2));
broken[broken.length - 1]! ^= 1;

afterEach(() => void vi.useRealTimers());

async function delivered(bytes: Buffer, damaged = new DamagedBatches(), takes = true) {
  const resolved: string[] = [];
  const seen: string[] = [];
  const { lines, log: logger } = logLines();
  const payload = {
    batch: { topic: 't', partition: 3, highWatermark: '9', fetchedOffset: '0', messages: fetched(bytes) },
    heartbeat: () => Promise.resolve(),
    isRunning: () => true,
    isStale: () => false,
    resolveOffset: (offset: string) => void resolved.push(offset),
  } as unknown as EachBatchPayload; // prettier-ignore
  const receiver = {
    batch: ({ endOffset, lastOffset, partition, records, topic }: RecordBatch) => {
      const offsets: number[] = [];
      const damage: string[] = [];
      for (const each of records) {
        while (each.next()) offsets.push(each.offset);
        if (each.damage !== undefined) damage.push(each.damage);
      }
      seen.push(`${topic}/${partition} of ${endOffset}: ${offsets.join(',')} to ${lastOffset} ${damage.join()}`.trim());
      return Promise.resolve(takes);
    },
  } as unknown as GroupReceiver; // prettier-ignore
  const inflate = { batchBytes: 1_000, recordBytes: 1_000 };
  await deliver(payload, receiver, { heartbeatMs: 3_000, inflate, damaged, log: logger });
  return { lines, resolved, seen };
}

describe('a batch', () => {
  it('is resolved up to its end when it was taken, and not at all when it was not', async () => {
    expect(await delivered(whole)).toMatchObject({ resolved: ['1'], seen: ['t/3 of 9: 0,1 to 1'] });
    expect(await delivered(whole, undefined, false)).toMatchObject({ resolved: [] });
  });

  it('that came damaged is fetched again twice, then skipped; records before it are taken', async () => {
    const damaged = new DamagedBatches();
    const both = Buffer.concat([whole, broken]);
    for (let time = 1; time <= 2; time += 1) {
      const { lines, resolved, seen } = await delivered(both, damaged);
      expect(resolved).toEqual(['1']);
      expect(seen).toEqual(['t/3 of 9: 0,1 to 1']);
      // Once may be the network; a second time is worth a warning.
      const level = time === 1 ? 'debug' : 'warn';
      expect(lines).toMatchObject([{ level, partition: 3, offset: 2 }]);
    }
    const { lines, resolved, seen } = await delivered(both, damaged);
    expect(resolved).toEqual(['4']);
    expect(seen.join()).toContain('to 4 its checksum is wrong');
    expect(lines).toEqual([]);
  });

  it('that came damaged once and whole then is whole', async () => {
    const damaged = new DamagedBatches();
    await delivered(Buffer.concat([whole, broken]), damaged);
    const mended = Buffer.concat([whole, batchOf([record, record, record], 2)]);
    expect((await delivered(mended, damaged)).resolved).toEqual(['4']);
  });
});

describe('a batch that the receiver takes long for', () => {
  it('is kept in the group by a heartbeat every half of their interval', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let beats = 0;
    const called = Promise.withResolvers<Membership>();
    const taken = Promise.withResolvers<boolean>();
    const payload = {
      batch: { topic: 't', partition: 3, highWatermark: '9', fetchedOffset: '0', messages: fetched(whole) },
      heartbeat: () => Promise.resolve(void (beats += 1)),
      resolveOffset: () => undefined,
    } as unknown as EachBatchPayload; // prettier-ignore
    const receiver = {
      batch: (_: RecordBatch, membership: Membership) => {
        called.resolve(membership);
        return taken.promise;
      },
    } as unknown as GroupReceiver;
    const inflate = { batchBytes: 1_000, recordBytes: 1_000 };
    const { log: logger } = logLines();
    const handling = { heartbeatMs: 3_000, inflate, damaged: new DamagedBatches(), log: logger };
    const done = deliver(payload, receiver, handling);
    const membership = await called.promise;
    vi.advanceTimersByTime(1_499);
    expect(beats).toBe(0);
    vi.advanceTimersByTime(1);
    expect(beats).toBe(1);
    vi.advanceTimersByTime(1_500);
    expect(beats).toBe(2);
    await membership.heartbeat();
    expect(beats).toBe(3);
    taken.resolve(true);
    await done;
    vi.advanceTimersByTime(9_000);
    expect(beats).toBe(3);
  });

  it.each([
    [true, false, true],
    [false, false, false],
    [true, true, false],
  ])('is current while its member runs (%s) and the fetch is not stale (%s)', async (running, stale, current) => {
    let seen: boolean | undefined;
    const payload = {
      batch: { topic: 't', partition: 3, highWatermark: '9', fetchedOffset: '0', messages: fetched(whole) },
      heartbeat: () => Promise.resolve(),
      isRunning: () => running,
      isStale: () => stale,
      resolveOffset: () => undefined,
    } as unknown as EachBatchPayload;
    const receiver = {
      batch: (_: RecordBatch, membership: Membership) => {
        seen = membership.isCurrent();
        return Promise.resolve(true);
      },
    } as unknown as GroupReceiver;
    const inflate = { batchBytes: 1_000, recordBytes: 1_000 };
    const { log: logger } = logLines();
    await deliver(payload, receiver, { heartbeatMs: 3_000, inflate, damaged: new DamagedBatches(), log: logger });
    expect(seen).toBe(current);
  }); // prettier-ignore
});

describe('damaged batches', () => {
  const batch = (head: string) => ({ body: Buffer.from(head) });

  it('are confirmed by the third reading of the same, in its own partition', () => {
    const damaged = new DamagedBatches();
    const readings = (topic: string, partition: number, head: string) =>
      damaged.isConfirmed(topic, partition, batch(head));
    expect([readings('t', 0, 'a'), readings('t', 1, 'a'), readings('u', 0, 'a')]).toEqual([false, false, false]); // prettier-ignore
    expect([readings('t', 0, 'a'), readings('t', 0, 'a'), readings('t', 0, 'a')]).toEqual([false, true, true]); // prettier-ignore
    expect([readings('t', 0, 'b'), readings('t', 0, 'b'), readings('t', 0, 'b')]).toEqual([false, false, true]); // prettier-ignore
  });
});

it('a log never begins behind its end, whatever retention did between two questions', async () => {
  const offsets = [
    { partition: 0, high: '10', low: '4', offset: '10' },
    { partition: 1, high: '10', low: '12', offset: '10' },
  ];
  const ranges = await readLogRanges({ fetchTopicOffsets: () => Promise.resolve(offsets) }, 't');
  expect([...ranges]).toEqual([
    [0, { begin: 4, end: 10 }],
    [1, { begin: 10, end: 10 }],
  ]);
});
