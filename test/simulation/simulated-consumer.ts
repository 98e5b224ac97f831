// A simulated consumer: the real lane on a member of a simulated group, with a fetch loop that behaves as
// kafkajs does: it starts fetching before anybody awaited the assignment, and an offset that is out of range
// silently becomes the first of the log.
import type { GroupLog } from '../../consumer/lane-parts.ts';
import { Lane } from '../../consumer/lane.ts';
import { NO_TOTALS, type LaneMetrics } from '../../consumer/metrics.ts';
import { UnavailableError, asError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { integer } from '../../streams/field.ts';
import { defineStream } from '../../streams/stream.ts';
import type { Coordinator, Member } from './coordinator.ts';
import type { Network, Program } from './program.ts';
import { simulatedSink } from './simulated-sink.ts';
import type { TableServer } from './table-server.ts';
import type { Topic } from './topic.ts';

const stream = defineStream({
  name: 'simulated',
  topic: { name: 'simulated', partitions: 2, retentionMs: -1 },
  event: { id: integer({ min: 0, max: 2 ** 31 }) },
  key: 'id',
  eventTime: 'id',
  table: { name: 'simulated', orderBy: ['id'] },
});

const HEARTBEAT_EVERY_MS = 500;
const POLL_EVERY_MS = 200;
const REFRESH_EVERY_MS = 2_000;
const BATCHES_PER_FETCH = 3;
const DRAIN_MS = 2_000;

export interface Surroundings {
  readonly topic: Topic;
  readonly coordinator: Coordinator;
  readonly server: TableServer;
  readonly kafka: Network;
  readonly clickhouse: Network;
  readonly committed: Map<string, number>;
  /** What ends the process: no history may lead there. */
  readonly failed: (error: Error) => void;
  readonly logger: Logger;
}

export class SimulatedConsumer {
  readonly program: Program;
  readonly #in: Surroundings;
  readonly #lane: Lane;
  readonly #member: Member;
  #generation = -1;
  #stopped = false;
  /** Where the next fetch of a partition begins. */
  #next = new Map<number, number>();
  /** Counts seeks by partition: what was fetched before one is out of date. */
  #seeks = new Map<number, number>();

  constructor(program: Program, surroundings: Surroundings) {
    this.program = program;
    this.#in = surroundings;
    const { clickhouse, logger, server } = surroundings;
    this.#lane = new Lane({
      stream,
      log: this.#log(),
      sink: simulatedSink(program, server, clickhouse),
      runtime: program.runtime,
      limits: {
        batchRows: 20,
        flushIntervalMs: 300,
        maxBatchRows: 40,
        maxBatchBytes: 100_000,
        maxMessageBytes: 1_000,
      },
      metrics: silentMetrics,
      logger,
      failed: surroundings.failed,
    });
    this.#member = {
      name: program.name,
      rejoin: () => program.reach(() => this.#join()),
      assigned: (generation, partitions) =>
        program.reach(() => this.#assigned(generation, partitions)),
    };
    this.#join();
    void this.#every(HEARTBEAT_EVERY_MS, () => this.#heartbeat());
    void this.#every(REFRESH_EVERY_MS, () => this.#lane.refresh().catch(() => undefined));
  }

  /** Stops as a signal stops it: lands what was read, then leaves the group. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#lane.stop(DRAIN_MS);
    this.#in.coordinator.leave(this.#member);
    this.program.crash();
  }

  /** The group forgets this member, as after a session that ended. */
  forgotten(): void {
    this.#in.coordinator.leave(this.#member);
  }

  #restart(): void {
    this.#generation = -1;
    this.#in.coordinator.leave(this.#member);
    this.#join();
  }

  #join(): void {
    if (!this.#stopped) this.#in.coordinator.join(this.#member);
  }

  async #every(ms: number, act: () => void | Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await this.program.runtime.sleep(ms);
      await act();
    }
  }

  async #heartbeat(): Promise<void> {
    const { coordinator, kafka } = this.#in;
    if (this.#stopped) return;
    const generation = this.#generation;
    const answer = await this.program
      .ask(kafka, () => coordinator.heartbeat(this.#member, generation))
      .catch(() => undefined);
    if (answer === 'confirmed') this.#lane.confirmed();
    if (answer === 'unknown') this.#join();
  }

  #assigned(generation: number, partitions: readonly number[]): void {
    this.#generation = generation;
    this.#next = new Map();
    this.#lane.assigned(partitions);
    void this.#fetchLoop(generation, partitions).catch((error: unknown) => {
      // What waiting can mend makes kafkajs leave the group and join it again.
      if (error instanceof UnavailableError) this.#restart();
      else this.#in.failed(asError(error));
    });
  }

  async #fetchLoop(generation: number, partitions: readonly number[]): Promise<void> {
    const isCurrent = (): boolean => generation === this.#generation && !this.#stopped;
    while (isCurrent()) {
      let took = false;
      for (const partition of partitions) {
        if (isCurrent() && (await this.#fetchOne(partition, isCurrent))) took = true;
      }
      if (!took) await this.program.runtime.sleep(POLL_EVERY_MS);
    }
  }

  async #fetchOne(partition: number, isCurrent: () => boolean): Promise<boolean> {
    const { committed, kafka, topic } = this.#in;
    const seeks = this.#seeks.get(partition) ?? 0;
    const from = this.#next.get(partition) ?? committed.get(`${partition}`) ?? 0;
    const fetched = await this.program
      .ask(kafka, () => {
        const { begin, end } = topic.ranges().get(partition)!;
        const at = from < begin || from > end ? begin : from;
        const run = topic.fetch(partition, at, BATCHES_PER_FETCH);
        return run === undefined ? { at } : { at, batch: { partition, endOffset: end, ...run } };
      })
      .catch(() => undefined);
    const isFresh = (): boolean => isCurrent() && (this.#seeks.get(partition) ?? 0) === seeks;
    if (fetched === undefined || !isFresh()) return false;
    this.#next.set(partition, fetched.at);
    if (fetched.batch === undefined) return false;
    const batch = { topic: topic.name, ...fetched.batch };
    const membership = { heartbeat: () => this.#heartbeat(), isCurrent: isFresh };
    const taken = await this.#lane.batch(batch, membership);
    if (taken && isFresh()) this.#next.set(partition, batch.lastOffset + 1);
    return true;
  }

  #log(): GroupLog {
    const { committed, kafka, topic } = this.#in;
    const { program } = this;
    return {
      topic: topic.name,
      topicId: () => program.ask(kafka, () => topic.current.id),
      logRanges: () => program.ask(kafka, () => topic.ranges()),
      committed: () => Promise.resolve(new Map()),
      hidden: () => Promise.resolve(0),
      seek: (partition, offset) => {
        this.#seeks.set(partition, (this.#seeks.get(partition) ?? 0) + 1);
        this.#next.set(partition, offset);
      },
      commit: async (positions) => {
        await program
          .ask(kafka, () => {
            for (const [partition, offset] of positions) committed.set(`${partition}`, offset);
          })
          .catch(() => undefined);
      },
    };
  }
}

const silentMetrics: LaneMetrics = {
  table: 'simulated',
  totals: NO_TOTALS,
  consumed: () => undefined,
  flushed: () => undefined,
  lag: () => undefined,
  hidden: () => undefined,
  stalled: () => undefined,
  waited: () => undefined,
};
