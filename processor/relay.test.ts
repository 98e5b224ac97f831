// What a relay holds while nothing can be sent: no more than its bound, its membership, and the order.
import { describe, expect, it } from 'vitest';
import type { RecordBatch } from '../platform/kafka/group-consumer.ts';
import type { PlacedRecord, Sent } from '../platform/kafka/record-sender.ts';
import { silentLog } from '../platform/log.ts';
import { createRegistry } from '../platform/metrics.ts';
import { trafficForward } from '../streams/traffic-transform.ts';
import { compileTransform } from '../streams/transform.ts';
import { processorMetrics } from './metrics.ts';
import { Relay } from './relay.ts';

const RECORD_BYTES = 100_000;

/** Ten records of 100 kB from `offset` on, as a fetch hands them over. */
function batch(offset: number): RecordBatch {
  let at = offset - 1;
  const records = {
    get offset() {
      return at;
    },
    timestampMs: 1,
    next: () => (at += 1) < offset + 10,
    key: () => null,
    value: () => Buffer.alloc(RECORD_BYTES),
    headers: () => [],
  };
  const range = { fetchedOffset: offset, firstOffset: offset, lastOffset: offset + 9 };
  const place = { topic: 'in', partition: 0, endOffset: 1_000 };
  return { ...place, ...range, records: [records] } as unknown as RecordBatch;
}

describe('a relay whose output is away', () => {
  it('holds the fetch back, keeps its membership, and sends all in order in the end', async () => {
    const open = Promise.withResolvers<undefined>();
    const log: string[] = [];
    const send = async (
      _topic: string,
      _at: number,
      some: readonly PlacedRecord[],
    ): Promise<Sent> => {
      await open.promise;
      log.push(...some.map(({ headers }) => headers.at(-1)![1]!.toString()));
      return { kind: 'landed' };
    };
    const committed: number[] = [];
    const metrics = processorMetrics(createRegistry('test'), 'test');
    const relay = new Relay({
      input: {
        topic: 'in',
        topicId: () => Promise.resolve('id'),
        logRanges: () => Promise.resolve(new Map([[0, { begin: 0, end: 1_000 }]])),
        committed: () => Promise.resolve(new Map()),
        commit: (at) => Promise.resolve(void committed.push(at.get(0)!)),
        seek: () => undefined,
      },
      sender: {
        away: false,
        partitionsOf: () => Promise.resolve(1),
        send,
        giveUp: () => undefined,
      },
      origin: 'read',
      apply: compileTransform(trafficForward),
      topics: new Map([['traffic_viz', 'out']]),
      max: Infinity,
      fromBeginning: false,
      metrics,
      logger: silentLog(),
      failed: (error) => {
        throw error;
      },
      done: () => undefined,
    });
    relay.assigned([0]);
    let heartbeats = 0;
    const membership = {
      heartbeat: () => Promise.resolve(void (heartbeats += 1)),
      isCurrent: () => true,
    };
    // The first is on its way, the second is open; the third fills it.
    let taken = 0;
    const feeding = (async () => {
      for (; taken < 6; taken += 1)
        expect(await relay.batch(batch(taken * 10), membership)).toBe(true);
    })();
    while (heartbeats < 3) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(taken).toBe(2);
    expect(committed).toEqual([0]);
    expect(metrics.totals).toMatchObject({ read: 0, lag: 1_000 });
    open.resolve(undefined);
    await feeding;
    await relay.stop(30_000);
    expect(log).toEqual(Array.from({ length: 60 }, (_, offset) => `in@id/0/${offset}`));
    expect(committed.at(-1)).toBe(60);
    expect(metrics.totals).toMatchObject({ read: 60, sent: 60, lag: 940 });
  });
});
