// When a lane writes, how much, and what it does before it claims again; on a virtual clock.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  FencedError,
  UnavailableError,
  UnclearOutcomeError,
} from '../platform/errors.ts';
import { createRegistry } from '../platform/metrics.ts';
import type { Runtime } from '../platform/runtime.ts';
import { logLines } from '../test/log-lines.ts';
import { consumed } from '../test/simulation/streams.ts';
import { Topic } from '../test/simulation/topic.ts';
import { VirtualTime } from '../test/simulation/virtual-time.ts';
import type { Batch } from './batch.ts';
import { Lane } from './lane.ts';
import { consumerMetrics } from './metrics.ts';
import type { Facts, FloorRow, Sink } from './sink.ts';

const LIMITS = {
  ...{ batchRows: 1_000, flushIntervalMs: 500, maxBatchRows: 4_000 },
  ...{ maxBatchBytes: 1_000_000, maxMessageBytes: 1_000 },
};
const INSERT_MS = 50;
const membership = { heartbeat: () => Promise.resolve(), isCurrent: () => true };

/** A lane of partition 0. The outcomes of its inserts are `outcomes` in turn; they land when none is left. */
class World {
  readonly time = new VirtualTime();
  readonly topic = new Topic('simulated', 1);
  /** What was asked of the sink, with the milliseconds since the start. */
  readonly asked: string[] = [];
  readonly outcomes: Error[] = [];
  readonly failures: Error[] = [];
  /** The outcomes of claims in turn. */
  readonly claims: Error[] = [];
  /** What was committed, with the milliseconds since the start. */
  readonly commits: string[] = [];
  /** Offsets that an earlier try recorded as dead. */
  readonly dead = new Set<number>();
  readonly registry = createRegistry('test');
  readonly metrics = consumerMetrics(this.registry)('s', 'd.s');
  readonly #log = logLines();
  readonly lines = this.#log.lines;
  /** The outcome of a commit. */
  commit: () => Promise<void> = () => Promise.resolve();
  /** Runs whenever the log is asked how far it goes. */
  asking: () => void = () => undefined;
  readonly lane: Lane;
  #landed = 0;
  #records = 0;

  constructor(limits: Partial<typeof LIMITS> = {}) {
    const { time, topic } = this;
    const runtime: Runtime = {
      nowMs: () => time.nowMs,
      sleep: (ms) => new Promise((resolve) => void time.after(ms, () => resolve())),
      after: (ms, due) => time.after(ms, due),
      random: () => 0,
    };
    this.lane = new Lane({
      stream: consumed,
      log: {
        topic: topic.name,
        topicId: () => Promise.resolve(topic.current.id),
        logRanges: () => {
          this.asking();
          return Promise.resolve(topic.ranges());
        },
        committed: () => Promise.resolve(new Map()),
        hidden: () => Promise.resolve(0),
        seek: () => undefined,
        commit: (positions) => {
          const at = JSON.stringify(Object.fromEntries(positions));
          this.commits.push(`${Math.round(time.elapsedMs)}: ${at}`);
          return this.commit();
        },
      },
      sink: this.#sink(runtime),
      runtime,
      limits: { ...LIMITS, ...limits },
      metrics: this.metrics,
      logger: this.#log.log,
      failed: (error) => this.failures.push(error),
    });
  }

  #sink(runtime: Runtime): Sink {
    const note = (what: string): void =>
      void this.asked.push(`${Math.round(this.time.elapsedMs)}: ${what}`);
    const facts = {
      claim: (source: string) => {
        note('claim');
        const failure = this.claims.shift();
        if (failure !== undefined) return Promise.reject(failure);
        return Promise.resolve({ source, claims: [{ partition: 0, epoch: 1 }] });
      },
      landed: () => Promise.resolve(new Map([[0, { floor: this.#landed, rows: undefined }]])),
      deadFrom: () => Promise.resolve(this.dead),
      origins: () => Promise.resolve(new Map()),
      recordFloors: (_: unknown, floors: readonly FloorRow[]) => {
        for (const { offset, reason } of floors) note(`${reason} ${offset}`);
        return Promise.resolve();
      },
    } as unknown as Facts;
    const rows = async ({ block, spans }: Batch): Promise<void> => {
      note(`insert ${block.rows}`);
      await runtime.sleep(INSERT_MS);
      const failure = this.outcomes.shift();
      if (failure !== undefined) throw failure;
      this.#landed = spans.get(0)!.next;
    };
    return { facts, inserts: { rows, deadLetters: () => Promise.reject(new Error('none')) } };
  }

  /** Lets `ms` milliseconds pass. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.time.elapsedMs + ms;
    await setImmediate();
    await this.time.runUntil(untilMs, () => false);
    await setImmediate();
  }

  async own(): Promise<void> {
    this.lane.assigned([0]);
    await this.pass(1);
    this.asked.length = 0;
  }

  /** All below `next` has landed. */
  land(next: number): void {
    this.#landed = next;
  }

  append(count: number): void {
    const messages = Array.from({ length: count }, () => ({
      id: (this.#records += 1),
      good: true,
    }));
    this.topic.append(0, messages);
  }

  /** Hands over what the log holds from `offset` on; the answer comes when it was taken. */
  hand(offset: number): Promise<boolean> {
    const { end } = this.topic.ranges().get(0)!;
    const run = this.topic.fetch(0, offset, 1_000)!;
    return this.lane.batch(
      { topic: 'simulated', partition: 0, endOffset: end, ...run },
      membership,
    );
  }

  /** Seconds that the metrics give a stage or a flush. */
  async seconds(sample: string): Promise<number> {
    const line = (await this.registry.metrics())
      .split('\n')
      .find((each) => each.startsWith(sample));
    return Number(line?.split(' ').at(-1));
  }

  async feed(count: number): Promise<void> {
    const { end } = this.topic.ranges().get(0)!;
    this.append(count);
    await this.hand(end);
  }
}

describe('a lane', () => {
  it('reports no lag of partitions that others own by now, also where its last insert lands later', async () => {
    const world = new World({ batchRows: 2 });
    await world.own();
    await world.feed(2);
    world.append(100);
    await world.hand(2);
    world.lane.assigned([]);
    await world.pass(10 * INSERT_MS);
    expect(world.metrics.totals.lag).toBe(0);
  });

  it('writes when a record has waited for the interval, and at the size with 100 ms between two', async () => {
    const world = new World({ batchRows: 2 });
    await world.own();
    await world.feed(1);
    await world.pass(600);
    await world.feed(2);
    await world.pass(60);
    await world.feed(2);
    await world.pass(200);
    expect(world.asked).toEqual(['501: insert 1', '601: insert 2', '701: insert 2']);
  });

  it('counts the interval from the first record of a batch', async () => {
    const world = new World();
    await world.own();
    await world.feed(1);
    await world.pass(400);
    await world.feed(1);
    await world.pass(200);
    expect(world.asked).toEqual(['501: insert 2']);
  });

  it('lands all it took at a stop, without waiting for the interval, and records how far it came', async () => {
    const world = new World({ batchRows: 2, flushIntervalMs: 60_000 });
    await world.own();
    await world.feed(2);
    await world.feed(1);
    const stopped = world.lane.stop(7_000);
    await world.pass(150);
    await stopped;
    expect(world.asked).toEqual(['1: insert 2', '51: insert 1', '101: checkpoint 3']);
  });

  it('records how far it came every quarter of an hour', async () => {
    const world = new World();
    await world.own();
    await world.feed(1);
    await world.pass(600);
    await world.lane.refresh();
    expect(world.asked.map((each) => each.split(': ')[1])).toEqual(['insert 1']);
    await world.pass(15 * 60_000);
    await world.lane.refresh();
    await world.lane.refresh();
    expect(world.asked.map((each) => each.split(': ')[1])).toEqual(['insert 1', 'checkpoint 1']);
  });

  it('claims anew only when the insert under way has ended', async () => {
    const world = new World();
    await world.own();
    await world.feed(1_000);
    world.lane.assigned([0]);
    await world.pass(100);
    expect(world.asked).toEqual(['1: insert 1000', '51: claim']);
  });

  it('reads back after an unclear outcome, sends smaller batches, and is ready when one has landed', async () => {
    const world = new World();
    await world.own();
    const doubts = [new UnclearOutcomeError('one'), new UnclearOutcomeError('two')];
    world.outcomes.push(...doubts);
    await world.feed(4_000);
    await world.pass(55);
    expect(world.lane.ready).toBe(false);
    await world.pass(200);
    void world.hand(0);
    await world.pass(100);
    await world.pass(300);
    expect(world.asked.map((each) => each.split(': ')[1])).toEqual([
      ...['insert 4000', 'claim', 'insert 1000', 'claim'],
    ]);
    // The takeover went well; that inserts do is not known before one has landed.
    expect(world.lane.ready).toBe(false);
    void world.hand(0);
    await world.pass(60);
    expect(world.lane.ready).toBe(true);
    await world.pass(1_000);
    const inserts = world.asked.filter((each) => each.includes('insert')).slice(2);
    expect(inserts.map((each) => each.split(': ')[1])).toEqual([
      ...['insert 1000', 'insert 2000', 'insert 1000'],
    ]);
  });

  it('is ready when a takeover went well after something was away', async () => {
    const world = new World();
    world.claims.push(new UnavailableError('away'));
    world.lane.assigned([0]);
    await world.pass(20);
    expect(world.lane.ready).toBe(false);
    await world.pass(200);
    expect(world.lane.ready).toBe(true);
  });

  it('leaves a doubt about an older assignment to the takeover that is under way', async () => {
    const world = new World();
    await world.own();
    world.outcomes.push(new UnclearOutcomeError('late'));
    await world.feed(1_000);
    world.lane.assigned([0]);
    await world.pass(2_000);
    expect(world.asked).toEqual(['1: insert 1000', '51: claim']);
  });

  it('waits for the group after a fence', async () => {
    const world = new World();
    await world.own();
    world.outcomes.push(new FencedError('fenced'));
    await world.feed(1_000);
    await world.pass(2_000);
    expect(world.asked).toEqual(['1: insert 1000']);
    world.lane.confirmed();
    await world.pass(1);
    expect(world.asked[1]).toMatch(/claim$/);
  });

  it('writes nothing after a refusal, neither at once nor at the stop', async () => {
    const world = new World();
    await world.own();
    world.outcomes.push(new ConfigError('refused'));
    await world.feed(1_000);
    await world.feed(1_000);
    await world.pass(100);
    expect(world.failures).toEqual([new ConfigError('refused')]);
    const stopped = world.lane.stop(7_000);
    await world.pass(10);
    await stopped;
    expect(world.asked).toEqual(['1: insert 1000']);
  });

  it('commits where the next batch begins, once the rows have landed and not before', async () => {
    const world = new World();
    await world.own();
    await world.feed(1_000);
    await world.pass(INSERT_MS - 1);
    expect(world.commits).toEqual([]);
    await world.pass(2);
    expect(world.commits).toEqual(['51: {"0":1000}']);
    world.outcomes.push(new UnclearOutcomeError('unclear'));
    await world.feed(1_000);
    await world.pass(2 * INSERT_MS);
    expect(world.commits).toHaveLength(1);
  });

  it('moves on over records that were dead already, though it has nothing to insert', async () => {
    const world = new World();
    world.dead.add(0).add(1);
    await world.own();
    await world.feed(2);
    await world.pass(600);
    expect(world.asked).toEqual(['501: dead-letters 2']);
    expect(world.commits).toEqual(['501: {"0":2}']);
  });

  it('lands nothing behind a batch of unclear outcome at a stop, and records no position', async () => {
    const world = new World({ batchRows: 2, flushIntervalMs: 60_000 });
    await world.own();
    await world.feed(2);
    await world.pass(200);
    world.outcomes.push(new UnclearOutcomeError('unclear'));
    await world.feed(2);
    await world.feed(2);
    const stopped = world.lane.stop(7_000);
    await world.pass(500);
    await stopped;
    // Whoever claims next finds what has landed; this process may not own it any more.
    expect(world.asked.map((each) => each.split(': ')[1])).toEqual(['insert 2', 'insert 2']);
    expect(world.commits).toEqual(['51: {"0":2}']);
    expect(world.failures).toEqual([]);
  });

  it('reports its distance to the taken and the landed records', async () => {
    const world = new World();
    world.append(30);
    await world.own();
    expect(world.metrics.totals).toMatchObject({ lag: 30, consumed: 0 });
    await world.hand(0);
    expect(world.metrics.totals).toMatchObject({ lag: 30, consumed: 30 });
    await world.pass(600);
    expect(world.metrics.totals).toMatchObject({ lag: 0, consumed: 30, inserted: 30 });
    await world.feed(5);
    expect(world.metrics.totals).toMatchObject({ consumed: 35 });
  });

  it('is ready again after doubts where nothing is left that could land', async () => {
    const world = new World();
    await world.own();
    // What the replies said nothing of has landed all the same: the takeover finds it.
    world.outcomes.push(new UnclearOutcomeError('one'), new UnclearOutcomeError('two'));
    await world.feed(1_000);
    await world.pass(55);
    await world.pass(300);
    void world.hand(0);
    await world.pass(55);
    expect(world.lane.ready).toBe(false);
    world.land(1_000);
    await world.pass(1_000);
    expect(world.lane.ready).toBe(true);
    expect(world.asked.filter((each) => each.includes('insert'))).toHaveLength(2);
  });

  it('drops its open batch and the timer when its partitions are assigned again', async () => {
    const world = new World();
    await world.own();
    await world.feed(10);
    await world.pass(300);
    world.lane.assigned([0]);
    await world.pass(100);
    await world.hand(0);
    await world.pass(400);
    expect(world.asked.map((each) => each.split(': ')[1])).toEqual(['claim']);
    await world.pass(200);
    expect(world.asked.map((each) => each.split(': ')[1])).toEqual(['claim', 'insert 10']);
  });

  it('pauses the fetch until a full batch has room, continues at once then, and counts the wait', async () => {
    const startedAt = performance.now();
    const world = new World({ maxBatchRows: 2 });
    await world.own();
    await world.feed(2);
    await world.pass(7);
    let heldUntilMs = NaN;
    void world.feed(2).then(() => (heldUntilMs = world.time.elapsedMs));
    await world.pass(200);
    expect(world.asked).toEqual(['1: insert 2', '51: insert 2']);
    // Not at 68 ms, when it would look again by itself.
    expect(heldUntilMs).toBe(51);
    const stage = 'sensorhouse_consumer_busy_seconds_total{stream="s",stage="wait"';
    expect(await world.seconds(stage)).toBeGreaterThan(0);
    const flushSeconds = await world.seconds('sensorhouse_consumer_flush_seconds_sum');
    expect(flushSeconds * 1_000).toBeLessThan(performance.now() - startedAt);
  });

  it('is ready again when the takeover after a single doubt went well', async () => {
    const world = new World();
    await world.own();
    world.outcomes.push(new UnclearOutcomeError('one'));
    await world.feed(1_000);
    await world.pass(55);
    expect(world.lane.ready).toBe(false);
    await world.pass(200);
    expect([world.lane.ready, world.metrics.totals.lag]).toEqual([true, 1_000]);
  });

  it('ends with what a commit throws', async () => {
    const world = new World();
    const failure = new ConfigError('not authorized');
    world.commit = () => Promise.reject(failure);
    await world.own();
    await world.feed(1_000);
    await world.pass(100);
    expect(world.failures).toEqual([failure]);
  });

  it.each([
    ['could not be sent', new UnavailableError('away')],
    ['has an unclear outcome', new UnclearOutcomeError('unclear')],
    ['was fenced', new FencedError('fenced')],
  ])('gives up at a stop what %s, and says so once', async (_, failure) => {
    const world = new World();
    await world.own();
    world.outcomes.push(failure);
    await world.feed(1_000);
    const stopped = world.lane.stop(7_000);
    await world.pass(500);
    await stopped;
    expect(world.asked).toEqual(['1: insert 1000']);
    const told = world.lines.filter(({ level }) => level !== 'info');
    expect(told).toMatchObject([{ level: 'warn', err: { message: failure.message } }]);
    expect(told[0]!.msg).toContain('gave up a batch');
  });

  it('explains a fence, and does not speak of giving up', async () => {
    const world = new World();
    await world.own();
    world.outcomes.push(new FencedError('fenced'));
    await world.feed(1_000);
    await world.pass(500);
    const told = world.lines.filter(({ level }) => level !== 'info');
    expect(told.map(({ msg }) => msg.split(':')[0])).toEqual(['fenced']);
  });

  it('records and asks nothing while it owns nothing, however long', async () => {
    const world = new World();
    await world.pass(16 * 60_000);
    await world.lane.refresh();
    expect(world.asked).toEqual([]);
  });

  it('looks on quietly when its partitions go while it asks how far the log goes', async () => {
    const world = new World();
    await world.own();
    world.asking = () => world.lane.assigned([]);
    await world.lane.refresh();
    await world.pass(1);
    expect(world.failures).toEqual([]);
  });
});
