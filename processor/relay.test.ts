// What a relay holds while nothing can be sent: no more than its bound, its membership, and the order.
import { describe, expect, it } from 'vitest';
import { ConfigError, UnavailableError } from '../platform/errors.ts';
import type { RecordBatch } from '../platform/kafka/group-receiver.ts';
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import { recordsIn } from '../platform/kafka/record-batch-writer.ts';
import type { Sent } from '../platform/kafka/record-sender.ts';
import { silentLog, type Logger } from '../platform/log.ts';
import { createRegistry } from '../platform/metrics.ts';
import { systemRuntime, type Runtime } from '../platform/runtime.ts';
import { logLines } from '../test/log-lines.ts';
import { until } from '../test/until.ts';
import { trafficForward } from '../streams/traffic-transform.ts';
import { compileTransform } from '../streams/transform.ts';
import { processorMetrics, type RelayMetrics } from './metrics.ts';
import type { Sender } from './relay-parts.ts';
import { Relay } from './relay.ts';

const RECORD_BYTES = 100_000;
const membership = { heartbeat: () => Promise.resolve(), isCurrent: () => true };
const turns = () => new Promise((resolve) => setTimeout(resolve, 10));

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

async function originsOf(batch: EncodedBatch): Promise<string[]> {
  return (await recordsIn(batch)).map(({ headers }) => headers.at(-1)![1]!.toString());
}

interface Given {
  readonly send: Sender['send'];
  readonly metrics: RelayMetrics;
  readonly committed?: (offset: number) => unknown;
  readonly nowMs?: () => number;
  readonly runtime?: Runtime;
  readonly seek?: (offset: number) => void;
  readonly partitions?: number;
  readonly topicId?: () => string;
  readonly max?: number;
  readonly done?: () => void;
  readonly failed?: (error: Error) => void;
  readonly logger?: Logger;
  readonly sender?: { readonly away: boolean; isGivenUp: boolean };
}

/** A relay of one partition by default, whose log ends at 1,000. */
function relayOf(given: Given): Relay {
  const { committed, done = () => undefined, logger = silentLog(), max = Infinity } = given;
  const { metrics, nowMs, partitions = 1, runtime = systemRuntime, seek, send } = given;
  const { topicId = () => 'id' } = given;
  const { sender = { away: false, isGivenUp: false } } = given;
  const ranges = new Map(
    Array.from({ length: partitions }, (_, at) => [at, { begin: 0, end: 1_000 }]),
  );
  return new Relay({
    input: {
      topic: 'in',
      topicId: () => Promise.resolve(topicId()),
      logRanges: () => Promise.resolve(ranges),
      committed: () => Promise.resolve(new Map()),
      commit: async (at) => {
        await committed?.(at.get(0)!);
      },
      seek: (_, offset) => seek?.(offset),
    },
    sender: {
      get away() {
        return sender.away;
      },
      partitionsOf: () => Promise.resolve(partitions),
      send,
      giveUp: () => (sender.isGivenUp = true),
    },
    origin: 'read',
    apply: compileTransform(trafficForward),
    topics: new Map([['traffic_viz', 'out']]),
    max,
    fromBeginning: false,
    metrics,
    logger,
    runtime: nowMs === undefined ? runtime : { ...runtime, nowMs },
    failed:
      given.failed ??
      ((error) => {
        throw error;
      }),
    done,
  });
}

describe('a relay whose output is away', () => {
  it('holds the fetch back, keeps its membership, and sends all in order in the end', async () => {
    const open = Promise.withResolvers<undefined>();
    const log: string[] = [];
    const send = async (_topic: string, batch: EncodedBatch): Promise<Sent> => {
      await open.promise;
      log.push(...(await originsOf(batch)));
      return { kind: 'landed' };
    };
    const committed: number[] = [];
    const metrics = processorMetrics(createRegistry('test'), 'test');
    // A heartbeat every 20 ms instead of every second.
    const after: Runtime['after'] = (ms, due) => systemRuntime.after(ms === 1_000 ? 20 : ms, due);
    const runtime = { ...systemRuntime, after };
    const relay = relayOf({ send, metrics, runtime, committed: (at) => void committed.push(at) });
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
    await until('three heartbeats while the parcel is full', () => heartbeats >= 3);
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

describe('a relay that nothing is handed to although records wait', () => {
  it('is not ready after 30 s, says why, and is ready again as soon as it takes one', async () => {
    let nowMs = 0;
    const registry = createRegistry('test');
    const metrics = processorMetrics(registry, 'test');
    const send = () => Promise.resolve<Sent>({ kind: 'landed' });
    const relay = relayOf({ send, metrics, nowMs: () => nowMs });
    relay.assigned([0]);
    await until('the relay is ready', () => relay.ready);
    await relay.refresh();
    nowMs = 29_999;
    await relay.refresh();
    expect(relay.ready).toBe(true);
    nowMs = 30_000;
    await relay.refresh();
    expect(relay.ready).toBe(false);
    expect(relay.standstills()).toEqual([
      'partition 0 of in has stood at offset 0 for 30 s, and 1000 records wait behind it',
    ]);
    const stalled = 'sensorhouse_processor_stalled_partitions{transform="test",service="test"} ';
    expect(await registry.metrics()).toContain(`${stalled}1`);
    expect(await relay.batch(batch(0), membership)).toBe(true);
    expect(relay.ready).toBe(true);
    await relay.refresh();
    expect(await registry.metrics()).toContain(`${stalled}0`);
    await relay.stop(30_000);
  });
});

describe('a relay whose partitions are assigned anew', () => {
  it('lets records on their way land first, and continues behind them whatever was committed', async () => {
    const open = Promise.withResolvers<undefined>();
    const log: string[] = [];
    const send = async (_topic: string, batch: EncodedBatch) => {
      log.push(`send ${(await originsOf(batch))[0]!}`);
      await open.promise;
      return { kind: 'landed' } as const;
    };
    const relay = relayOf({
      ...{ send, metrics: processorMetrics(createRegistry('test'), 'test') },
      committed: () => {
        throw new UnavailableError('no commit goes through');
      },
      seek: (offset) => void log.push(`seek ${offset}`),
    });
    relay.assigned([0]);
    await turns();
    expect(await relay.batch(batch(0), membership)).toBe(true);
    await turns();
    relay.assigned([0]);
    await turns();
    expect(log).toEqual(['seek 0', 'send in@id/0/0']);
    open.resolve(undefined);
    await until('the relay goes on after the send', () => log.length >= 3);
    expect(log.at(-1)).toBe('seek 10');
    await relay.stop(0);
  });

  it('forgets the bytes of unsent and of sent records', async () => {
    let open = Promise.withResolvers<undefined>();
    const send = async () => {
      await open.promise;
      return { kind: 'landed' } as const;
    };
    const metrics = processorMetrics(createRegistry('test'), 'test');
    const relay = relayOf({ send, metrics, partitions: 20 });
    const all = Array.from({ length: 20 }, (_, at) => at);
    relay.assigned(all);
    for (let round = 0; round < 3; round += 1) {
      await until('the relay is ready', () => relay.ready);
      // 16 MiB may be held: of seven partitions one megabyte each is on its way, and one waits behind it.
      for (const offset of [10 * round, 10 * round + 10]) {
        for (let partition = 0; partition < 7; partition += 1) {
          expect(await relay.batch({ ...batch(offset), partition }, membership)).toBe(true);
        }
      }
      relay.assigned(all);
      open.resolve(undefined);
      await turns();
      open = Promise.withResolvers();
    }
    await relay.stop(0);
  });
});

describe('a relay that ends after some records', () => {
  it('takes no more than these, and is done when they are acknowledged, whoever owns them then', async () => {
    const open = Promise.withResolvers<undefined>();
    const sent: number[] = [];
    const send = async (_topic: string, batch: EncodedBatch) => {
      sent.push(batch.count);
      await open.promise;
      return { kind: 'landed' } as const;
    };
    let isDone = false;
    const metrics = processorMetrics(createRegistry('test'), 'test');
    const relay = relayOf({ send, metrics, max: 5, done: () => (isDone = true) });
    relay.assigned([0]);
    await turns();
    void relay.batch(batch(0), membership);
    await turns();
    expect(isDone).toBe(false);
    relay.assigned([]);
    await turns();
    expect(isDone).toBe(false);
    open.resolve(undefined);
    await turns();
    expect(isDone).toBe(true);
    expect(sent.reduce((sum, count) => sum + count, 0)).toBe(5);
    await relay.stop(0);
  });

  it('is not done before each of its partitions is through', async () => {
    const open = Promise.withResolvers<undefined>();
    const send = async (_topic: string, { partition }: EncodedBatch) => {
      if (partition === 1) await open.promise;
      return { kind: 'landed' } as const;
    };
    let isDone = false;
    const metrics = processorMetrics(createRegistry('test'), 'test');
    const given = { send, metrics, partitions: 2, max: 20, done: () => (isDone = true) };
    const relay = relayOf(given);
    relay.assigned([0, 1]);
    await until('the relay is ready', () => relay.ready);
    for (const partition of [0, 1]) await relay.batch({ ...batch(0), partition }, membership);
    await until('one partition is through', () => metrics.totals.sent === 10);
    await turns();
    expect(isDone).toBe(false);
    open.resolve(undefined);
    await until('both are', () => isDone, { withinMs: 5_000 });
    await relay.stop(0);
  });

  it('counts what it read before, and not what an assignment dropped', async () => {
    const open = Promise.withResolvers<undefined>();
    const sent: number[] = [];
    const send = async (_topic: string, batch: EncodedBatch) => {
      sent.push(batch.count);
      await open.promise;
      return { kind: 'landed' } as const;
    };
    const metrics = processorMetrics(createRegistry('test'), 'test');
    const relay = relayOf({ send, metrics, max: 15 });
    relay.assigned([0]);
    await turns();
    expect(await relay.batch(batch(0), membership)).toBe(true);
    expect(await relay.batch(batch(10), membership)).toBe(true);
    await turns();
    relay.assigned([0]);
    open.resolve(undefined);
    await until('the relay is ready', () => relay.ready);
    expect(await relay.batch(batch(10), membership)).toBe(true);
    await relay.stop(1_000);
    // Requests carry half a megabyte, five of these records.
    expect(sent).toEqual([5, 5, 5]);
  });
});

describe('a relay whose sender waits for a broker', () => {
  it('is not ready, and gives up at a stop what is on its way, saying so', async () => {
    const { lines, log: logger } = logLines();
    const sender = { away: false, isGivenUp: false };
    const metrics = processorMetrics(createRegistry('test'), 'test');
    const never = new Promise<Sent>(() => undefined);
    const relay = relayOf({ send: () => never, metrics, logger, sender });
    relay.assigned([0]);
    await turns();
    expect(relay.ready).toBe(true);
    sender.away = true;
    expect(relay.ready).toBe(false);
    expect(await relay.batch(batch(0), membership)).toBe(true);
    await relay.stop(20);
    expect(sender.isGivenUp).toBe(true);
    expect(lines.at(-1)!.msg).toBe(
      'gave up the batches on their way and will read their records again',
    );
  });
});

describe('the output of a relay', () => {
  const metricsOf = () => processorMetrics(createRegistry('test'), 'test');

  it('goes to the partition of the same number, as far as the output has that many', async () => {
    const sent: number[] = [];
    const send = (_: string, { partition }: EncodedBatch): Promise<Sent> => {
      sent.push(partition);
      return Promise.resolve({ kind: 'landed' });
    };
    const relay = relayOf({ send, metrics: metricsOf(), partitions: 3 });
    relay.assigned([0, 1, 2]);
    for (const partition of [0, 1, 2]) {
      await relay.batch({ ...batch(0), partition }, membership);
      await turns();
    }
    expect([...new Set(sent)]).toEqual([0, 1, 2]);
    await relay.stop(1_000);
  });

  it('is committed to its end before it stops, however soon after another commit', async () => {
    const committed: number[] = [];
    const first = Promise.withResolvers<undefined>();
    let sends = 0;
    const send = async (): Promise<Sent> => {
      sends += 1;
      if (sends === 1) await first.promise;
      return { kind: 'landed' };
    };
    const relay = relayOf({ send, metrics: metricsOf(), committed: (at) => committed.push(at) });
    relay.assigned([0]);
    await relay.batch(batch(0), membership);
    await relay.batch(batch(10), membership);
    first.resolve(undefined);
    await relay.stop(5_000);
    expect(committed.at(-1)).toBe(20);
  });

  it('is committed before a stop is over, however long the commit takes', async () => {
    const answer = Promise.withResolvers<undefined>();
    let commits = 0;
    const committed = async (offset: number): Promise<void> => {
      if (offset < 10) return;
      commits += 1;
      await answer.promise;
    };
    const { lines, log: logger } = logLines();
    const send = (): Promise<Sent> => Promise.resolve({ kind: 'landed' });
    const relay = relayOf({ send, metrics: metricsOf(), committed, logger });
    relay.assigned([0]);
    await relay.batch(batch(0), membership);
    let isOver = false;
    const stopped = relay.stop(5_000).then(() => (isOver = true));
    await until('the commit is on its way', () => commits === 1, { withinMs: 5_000 });
    await turns();
    expect(isOver).toBe(false);
    answer.resolve(undefined);
    await stopped;
    expect(lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('waits in no more than 16 MiB of memory, over all partitions', async () => {
    const open = Promise.withResolvers<undefined>();
    const send = async (): Promise<Sent> => {
      await open.promise;
      return { kind: 'landed' };
    };
    const relay = relayOf({ send, metrics: metricsOf(), partitions: 20 });
    relay.assigned(Array.from({ length: 20 }, (_, at) => at));
    await until('the relay is ready', () => relay.ready);
    let taken = 0;
    const feeding = (async () => {
      for (let partition = 0; partition < 20; partition += 1) {
        await relay.batch({ ...batch(0), partition }, membership);
        taken += 1;
      }
    })();
    await until('sixteen batches of a megabyte are taken', () => taken >= 16, { withinMs: 20_000 });
    await turns();
    expect(taken).toBe(16);
    open.resolve(undefined);
    await feeding;
    await relay.stop(5_000);
  });

  it('is nothing of what was fetched before its topic was created anew', async () => {
    let topicId = 'id';
    let sent = 0;
    const send = (): Promise<Sent> => {
      sent += 1;
      return Promise.resolve({ kind: 'landed' });
    };
    const sought: number[] = [];
    const relay = relayOf({
      ...{ send, metrics: metricsOf(), topicId: () => topicId },
      seek: (offset) => sought.push(offset),
    });
    relay.assigned([0]);
    await until('the takeover', () => sought.length === 1);
    topicId = 'another';
    await relay.batch(batch(0), membership);
    await until('another takeover, of the new topic', () => sought.length === 2, {
      withinMs: 5_000,
    });
    expect(sent).toBe(0);
    await relay.stop(1_000);
  });

  it('is nothing behind what was refused for good, while other partitions go on', async () => {
    const sent: string[] = [];
    const failures: Error[] = [];
    const refusal = new ConfigError('not authorized');
    const send = async (_: string, batch: EncodedBatch): Promise<Sent> => {
      sent.push((await originsOf(batch))[0]!);
      if (batch.partition === 0) throw refusal;
      return { kind: 'landed' };
    };
    const { lines, log: logger } = logLines();
    const failed = (error: Error) => void failures.push(error);
    const relay = relayOf({ send, metrics: metricsOf(), partitions: 2, failed, logger });
    relay.assigned([0, 1]);
    for (const offset of [0, 10]) {
      for (const partition of [0, 1]) {
        await relay.batch({ ...batch(offset), partition }, membership);
        await turns();
      }
    }
    await relay.stop(5_000);
    expect(failures).toEqual([refusal]);
    expect(sent.filter((origin) => origin.startsWith('in@id/0'))).toEqual(['in@id/0/0']);
    expect(sent.filter((origin) => origin.startsWith('in@id/1'))[0]).toBe('in@id/1/0');
    expect(sent).toContain('in@id/1/10');
    expect(lines.at(-1)!.msg).toContain('gave up');
  });

  it('waits until it is known that the topic is still the same, and says so meanwhile', async () => {
    let isAway = false;
    const topicId = (): string => {
      if (isAway) throw new UnavailableError('no answer');
      return 'id';
    };
    let sent = 0;
    const send = (_: string, { count }: EncodedBatch): Promise<Sent> => {
      sent += count;
      return Promise.resolve({ kind: 'landed' });
    };
    const relay = relayOf({ send, metrics: metricsOf(), topicId });
    relay.assigned([0]);
    await until('the relay is ready', () => relay.ready);
    isAway = true;
    expect(await relay.batch(batch(0), membership)).toBe(true);
    await until('it says that it waits', () => !relay.ready, { withinMs: 5_000 });
    expect(sent).toBe(0);
    isAway = false;
    await until('it is sent', () => sent === 10);
    expect(relay.ready).toBe(true);
    await relay.stop(1_000);
  });
});
