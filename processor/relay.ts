// The way from one topic to others: takes runs of records, applies the transform and sends the output in
// order, with one request in flight per partition. It commits an offset when all output of the records before
// it is acknowledged. Unsent output is bounded: then the fetch pauses.
import { InvariantError, UnavailableError, asError } from '../platform/errors.ts';
import type { NotedOffset } from '../platform/kafka/group-consumer.ts';
import type { Membership, RecordBatch } from '../platform/kafka/group-receiver.ts';
import { lagOf, PartitionOwner } from '../platform/kafka/partition-owner.ts';
import { Availability, pause, withPatience } from '../platform/retry.ts';
import { sourceOf } from '../streams/origin.ts';
import { isIdle, takeOver, type PartitionState, type Taken } from './commit-takeover.ts';
import { Committer } from './committer.ts';
import { deliver, type Send } from './delivery.ts';
import { IdleWriters } from './output.ts';
import { OPEN_BYTES_MAX, Parcel, sayUnreadable, type Making } from './parcel.ts';
import type { Assignment, RelayParts } from './relay-parts.ts';

/** What all partitions may hold that is not sent yet. */
const ALL_BYTES_MAX = 16 * 1_048_576;
/** Between heartbeats once all that was asked for is read. */
const REST_MS = 1_000;
const DRAIN_LOOK_MS = 1;

export class Relay {
  readonly #parts: RelayParts;
  readonly #owner: PartitionOwner<PartitionState, Assignment>;
  readonly #landed = new Map<number, NotedOffset>();
  #committed: ReadonlyMap<number, NotedOffset> = new Map();
  readonly #writers = new IdleWriters();
  #read = 0;
  #bytes = 0;

  constructor(parts: RelayParts) {
    const { failed, input, logger, runtime } = parts;
    this.#parts = parts;
    this.#owner = new PartitionOwner({
      ...{ name: input.topic, log: input, logger, runtime, restMs: 0, failed },
      work: {
        takeOver: (partitions) => this.#takeOver(partitions),
        began: (taken) => this.#began(taken),
        ended: (taken) => this.#ended(taken),
        ownsNone: () => this.#ownsNone(),
        take: (fetched, state, taken) => this.#take(fetched, state, taken),
        isFull: ({ open }) => open.bytes >= OPEN_BYTES_MAX || this.#bytes >= ALL_BYTES_MAX,
        room: ({ sending }) => sending,
        held: () => undefined,
      },
    });
  }

  /** True while it owns its partitions, goes on with them, and nothing keeps it from sending. */
  get ready(): boolean {
    return this.#owner.ready && !this.#parts.sender.away;
  }

  /** Which partitions stand still although Kafka answers. */
  standstills(): string[] {
    return this.#owner.standstills();
  }

  /** The group is about to be joined; a broker that is new to it takes a moment to load it. */
  async joining(): Promise<void> {
    const { input, runtime } = this.#parts;
    this.#committed = await withPatience(() => input.committed(), runtime);
  }

  assigned(partitions: readonly number[]): void {
    this.#owner.assigned(partitions);
  }

  /** The next owners report what this relay did: their figures and its would be added up. */
  #ownsNone(): void {
    const { metrics } = this.#parts;
    metrics.lag(0);
    metrics.stalled(0);
  }

  async #takeOver(partitions: readonly number[]): Promise<Assignment> {
    const { input, logger, runtime } = this.#parts;
    const remembered = { committed: this.#committed, landed: this.#landed };
    const taken = await takeOver(partitions, remembered, this.#parts);
    const waiting = new Availability('Kafka (committing)', logger);
    const commit = (at: ReadonlyMap<number, number>): Promise<void> => {
      assertLanded(at, taken);
      return input.commit(at, taken.topicId);
    };
    const failed = (error: Error): void => this.#fail(error);
    return { ...taken, committer: new Committer(commit, waiting, runtime, failed) };
  }

  /** What is on its way may still land after a refusal; nothing may after a broken rule. */
  #fail(error: Error): void {
    if (error instanceof InvariantError) this.#owner.fail(error);
    else this.#parts.failed(error);
  }

  #began({ committer, states, topicId, uncommitted }: Assignment): void {
    this.#owner.availability.back();
    for (const [partition, { position }] of states) {
      this.#landed.set(partition, { offset: position, note: topicId });
    }
    for (const [partition, offset] of uncommitted) committer.landed(partition, offset);
    this.#tellProgress();
  }

  /** What is on its way lands first, so that as little as possible is made twice. */
  async #ended(taken: Assignment | undefined): Promise<void> {
    if (taken === undefined) return;
    const { committer, states } = taken;
    for (const { open } of states.values()) {
      this.#bytes -= open.bytes;
      this.#read -= open.read;
    }
    for (const { sending } of states.values()) await sending;
    committer.giveUp();
    await committer.flushed();
    // An assignment without partitions has no takeover that would say so.
    const isSent = [...states.values()].every(({ landed, open }) => open.first === landed);
    if (this.#read >= this.#parts.max && isSent) this.#parts.done();
  }

  /** Takes a fetched batch; false when it was not taken and a seek follows, or the end. */
  async batch(fetched: RecordBatch, membership: Membership): Promise<boolean> {
    const { max, runtime } = this.#parts;
    // Once all that was asked for is read, the membership is kept until the end.
    while (this.#read >= max && membership.isCurrent() && !this.#owner.stopping) {
      await runtime.sleep(REST_MS);
      await membership.heartbeat();
    }
    return this.#owner.batch(fetched, membership);
  }

  /** True when all of it was taken; false when the open parcel is full before. */
  #take(fetched: RecordBatch, state: PartitionState, taken: Assignment): boolean {
    const { max } = this.#parts;
    const making = this.#making(state.partition, taken);
    const { open } = state;
    const { bytes, read } = open;
    const isTaken = open.addRun(fetched, state.position, making, max - this.#read);
    this.#read += open.read - read;
    this.#bytes += open.bytes - bytes;
    state.position = open.next;
    this.#pump(state);
    this.#tellProgress();
    return isTaken;
  }

  #making(partition: number, { topicId, widths }: Assignment): Making {
    const { apply, byteEnrich, handsOn, input, origin, runtime, topics } = this.#parts;
    const [stubsTo] = topics.keys();
    const place = { source: sourceOf(input.topic, topicId), partition };
    const how = {
      apply,
      byteEnrich,
      handsOn,
      origin,
      writers: this.#writers,
      nowMs: runtime.nowMs(),
    };
    return { ...how, place, stubsTo: stubsTo!, widths };
  }

  /** Sends what is open, if nothing of the partition is on its way. */
  #pump(state: PartitionState): void {
    const taken = this.#owner.owned;
    if (taken?.states.get(state.partition) !== state || state.sending !== undefined) return;
    if (state.open.next === state.landed || state.broken) return;
    const parcel = state.open;
    state.open = new Parcel(parcel.next);
    state.sending = this.#send(parcel, state, taken)
      .catch((error: unknown) => {
        state.broken = true;
        if (!this.#owner.stopping) this.#fail(asError(error));
      })
      .finally(() => {
        this.#bytes -= parcel.bytes;
        state.sending = undefined;
        this.#pump(state);
      });
  }

  async #send(parcel: Parcel, state: PartitionState, taken: Assignment): Promise<void> {
    const { logger, metrics, sender, topics } = this.#parts;
    const { committer, topicId } = taken;
    const startedAt = performance.now();
    if (parcel.first !== state.landed) {
      const text = `partition ${state.partition} sends from ${parcel.first} on, and ${state.landed} has landed`;
      throw new InvariantError(text);
    }
    if (!(await this.#isSameTopic(taken))) {
      if (taken === this.#owner.owned) this.#owner.startOver();
      return;
    }
    for (const [stream, batches] of parcel.batches()) {
      const topic = topics.get(stream)!;
      const send: Send = (batch) => sender.send(topic, batch);
      await deliver(batches, send, ({ headers }, reason) => {
        metrics.refused();
        const origin = headers.at(-1)![1]!.toString();
        logger.warn(
          { origin, reason },
          `${topic} refuses the record made from ${origin}: ${reason}`,
        );
      });
    }
    state.landed = parcel.next;
    this.#landed.set(state.partition, { offset: parcel.next, note: topicId });
    if (taken === this.#owner.owned) committer.landed(state.partition, parcel.next);
    sayUnreadable(parcel, logger, `${this.#parts.input.topic}, partition ${state.partition}`);
    metrics.landed(parcel, performance.now() - startedAt);
    this.#tellProgress();
  }

  /**
   * Ids never come back, so the same id before a fetch and after it proves that what was fetched is of that
   * topic and not of one created in its place.
   */
  async #isSameTopic(taken: Assignment): Promise<boolean> {
    const { input, runtime } = this.#parts;
    const { availability } = this.#owner;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const now = await input.topicId();
        availability.back();
        return now === taken.topicId;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        // Whoever takes over next asks again; nothing of this was sent.
        if (taken !== this.#owner.owned) return false;
        availability.lost(error);
        await pause(attempt, runtime);
      }
    }
  }

  #tellProgress(): void {
    const { done, max, metrics } = this.#parts;
    const taken = this.#owner.owned;
    if (taken === undefined) return;
    metrics.lag(lagOf(taken.states.values()));
    if (this.#read >= max && isIdle(taken)) done();
  }

  /** Called every few seconds: how far goes the log, and is it still the same. */
  async refresh(): Promise<void> {
    await this.#owner.look((standing) => {
      this.#parts.metrics.stalled(standing);
      this.#tellProgress();
    });
  }

  /** Sends and commits what was read, if that works within `withinMs`, and stops. */
  async stop(withinMs: number): Promise<void> {
    const taken = this.#owner.owned;
    const inTime = await this.#owner.stop(withinMs, () => this.#drain(taken));
    if (taken === undefined) return;
    this.#parts.sender.giveUp();
    taken.committer.giveUp();
    if (inTime && isIdle(taken)) return;
    this.#parts.logger.warn('gave up the batches on their way and will read their records again');
  }

  async #drain(taken: Assignment | undefined): Promise<void> {
    if (taken === undefined) return;
    for (const state of taken.states.values()) {
      while (taken === this.#owner.owned && state.landed !== state.position && !state.broken) {
        this.#pump(state);
        await (state.sending ?? this.#parts.runtime.sleep(DRAIN_LOOK_MS));
      }
    }
    await taken.committer.flushed();
  }
}

/** The next processor takes nothing below what is committed. @throws {InvariantError} */
function assertLanded(at: ReadonlyMap<number, number>, { states }: Taken): void {
  for (const [partition, offset] of at) {
    const landed = states.get(partition)?.landed ?? -1;
    if (offset <= landed) continue;
    throw new InvariantError(
      `${offset} of partition ${partition} is committed, and ${landed} has landed`,
    );
  }
}
