// A member of a simulated group with a fetch loop that behaves as kafkajs does: it starts fetching before anybody
// awaited the assignment, an offset that is out of range silently becomes the first of the log, and a commit of
// a member that the group forgot is refused.
import { UnavailableError, asError } from '../../platform/errors.ts';
import type { NotedOffset } from '../../platform/kafka/group-consumer.ts';
import type { Membership, RecordBatch } from '../../platform/kafka/group-receiver.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import type { OwnedLog } from '../../platform/kafka/partition-owner.ts';
import type { Coordinator, Member } from './coordinator.ts';
import type { Network, Program } from './program.ts';
import type { Topic } from './topic.ts';

/** Who receives what the member reads: a lane or a relay. */
export interface Receiver {
  joining(): Promise<void>;
  assigned(partitions: readonly number[]): void;
  confirmed(): void;
  batch(fetched: RecordBatch, membership: Membership): Promise<boolean>;
  refresh(): Promise<void>;
}

export interface Reading {
  readonly topic: Topic;
  readonly coordinator: Coordinator;
  readonly kafka: Network;
  readonly failed: (error: Error) => void;
}

const HEARTBEAT_EVERY_MS = 500;
const POLL_EVERY_MS = 200;
const REFRESH_EVERY_MS = 2_000;
const BATCHES_PER_FETCH = 3;
const COMMIT_MS = 80;

export class GroupMember implements OwnedLog {
  readonly topic: string;
  readonly #program: Program;
  readonly #in: Reading;
  readonly #member: Member;
  #receiver: Receiver | undefined;
  #generation = -1;
  #stopped = false;
  /** Where the next fetch of a partition begins. */
  #next = new Map<number, number>();
  /** Counts seeks by partition: what was fetched before one is out of date. */
  readonly #seeks = new Map<number, number>();

  constructor(program: Program, reading: Reading) {
    this.#program = program;
    this.#in = reading;
    this.topic = reading.topic.name;
    this.#member = {
      name: program.name,
      rejoin: () => program.reach(() => this.#join()),
      assigned: (generation, partitions) =>
        program.reach(() => this.#assigned(generation, partitions)),
    };
  }

  get generation(): number {
    return this.#generation;
  }

  start(receiver: Receiver): void {
    this.#receiver = receiver;
    void this.#joinFirst(receiver);
    void this.#every(HEARTBEAT_EVERY_MS, () => this.#heartbeat());
    void this.#every(REFRESH_EVERY_MS, () => receiver.refresh().catch(() => undefined));
  }

  /** Nothing is fetched or joined from here on; the membership stays until it is left. */
  stop(): void {
    this.#stopped = true;
  }

  leave(): void {
    this.#in.coordinator.leave(this.#member);
  }

  topicId(): Promise<string> {
    return this.#program.ask(this.#in.kafka, () => this.#in.topic.current.id);
  }

  logRanges(): Promise<ReadonlyMap<number, LogRange>> {
    return this.#program.ask(this.#in.kafka, () => this.#in.topic.ranges());
  }

  seek(partition: number, offset: number): void {
    this.#seeks.set(partition, (this.#seeks.get(partition) ?? 0) + 1);
    this.#next.set(partition, offset);
  }

  committed(): Promise<ReadonlyMap<number, NotedOffset>> {
    const { coordinator, kafka } = this.#in;
    return this.#program.ask(kafka, () => new Map(coordinator.committed));
  }

  /** A coordinator writes what is committed to a log of its own, which takes a while. */
  async commit(positions: ReadonlyMap<number, number>, note: string): Promise<void> {
    const { coordinator, kafka } = this.#in;
    const generation = this.#generation;
    const { runtime } = this.#program;
    await runtime.sleep(COMMIT_MS * runtime.random());
    await this.#program.ask(kafka, () => {
      if (coordinator.commit(this.#member, generation, positions, note)) return;
      throw new UnavailableError('the group is rebalancing');
    });
  }

  /** As a group consumer does: what is away is waited for. */
  async #joinFirst(receiver: Receiver): Promise<void> {
    for (;;) {
      try {
        await receiver.joining();
        this.#join();
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError)) this.#in.failed(asError(error));
      }
    }
  }

  #restart(): void {
    this.#generation = -1;
    this.leave();
    this.#join();
  }

  #join(): void {
    if (!this.#stopped) this.#in.coordinator.join(this.#member);
  }

  async #every(ms: number, act: () => void | Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await this.#program.runtime.sleep(ms);
      await act();
    }
  }

  async #heartbeat(): Promise<void> {
    const { coordinator, kafka } = this.#in;
    if (this.#stopped) return;
    const generation = this.#generation;
    const answer = await this.#program
      .ask(kafka, () => coordinator.heartbeat(this.#member, generation))
      .catch(() => undefined);
    if (answer === 'confirmed') this.#receiver?.confirmed();
    if (answer === 'unknown') this.#join();
  }

  #assigned(generation: number, partitions: readonly number[]): void {
    this.#generation = generation;
    this.#next = new Map();
    this.#receiver?.assigned(partitions);
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
      if (!took) await this.#program.runtime.sleep(POLL_EVERY_MS);
    }
  }

  async #fetchOne(partition: number, isCurrent: () => boolean): Promise<boolean> {
    const { coordinator, kafka, topic } = this.#in;
    const seeks = this.#seeks.get(partition) ?? 0;
    const from = this.#next.get(partition) ?? coordinator.committed.get(partition)?.offset ?? 0;
    const fetched = await this.#program
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
    const taken = await this.#receiver!.batch(batch, membership);
    if (taken && isFresh()) this.#next.set(partition, batch.lastOffset + 1);
    return true;
  }
}
