// One topic's way into its table: fills an open batch while the last one is being inserted, flushes
// when due, starts over from the tables after any doubt. A full open batch holds the fetch back.
import { FencedError, UnavailableError, UnclearOutcomeError, asError } from '../platform/errors.ts';
import { continuity } from '../platform/kafka/continuity.ts';
import type { Membership, RecordBatch } from '../platform/kafka/group-receiver.ts';
import { ProgressWatch } from '../platform/kafka/progress.ts';
import { Availability, pause } from '../platform/retry.ts';
import { Batch } from './batch.ts';
import { Checkpoint } from './checkpoint.ts';
import { deliver } from './delivery.ts';
import { Doubt } from './doubt.ts';
import { dueInMs, isFull } from './flush-rule.ts';
import { isGap } from './hole.ts';
import { noteLanded } from './landed.ts';
import type { LaneParts } from './lane-parts.ts';
import { lookAtLog } from './log-look.ts';
import { isBehind, lagOf, reportLag, type PartitionState } from './partition.ts';
import { takeOver, type Taken } from './takeover.ts';

/** Heartbeats go out at least this often while a batch waits for room or for a takeover. */
const HEARTBEAT_EVERY_MS = 1_000;

export class Lane {
  readonly #parts: LaneParts;
  readonly #availability: Availability;
  readonly #progress: ProgressWatch;
  /** Counts assignments and starts over; whatever belongs to an older one is void. */
  #generation = 0;
  #partitions: readonly number[] = [];
  #joined = false;
  #taken: Taken | undefined;
  #takingOver: Promise<void> = Promise.resolve();
  #open: Batch;
  #spare: Batch;
  #flushing: Promise<void> | undefined;
  #lastFlushAtMs = 0;
  readonly #doubt: Doubt;
  #cancelTimer: () => void = () => undefined;
  readonly #checkpoint: Checkpoint;
  #confirmed = Promise.withResolvers<undefined>();
  #stopping = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#checkpoint = new Checkpoint(parts.sink.facts, parts.logger, parts.runtime);
    this.#availability = new Availability(parts.stream.name, parts.logger);
    this.#progress = new ProgressWatch(parts.limits.flushIntervalMs, () => parts.runtime.nowMs());
    this.#doubt = new Doubt(parts.limits);
    this.#open = new Batch(parts.stream, parts.limits.maxMessageBytes);
    this.#spare = new Batch(parts.stream, parts.limits.maxMessageBytes);
  }

  /** True while the lane owns its partitions, goes on with them, and nothing keeps it from writing. */
  get ready(): boolean {
    if (this.#availability.away || this.standstills().length > 0) return false;
    // A member without partitions stands by: more consumers than partitions is no fault.
    return this.#taken !== undefined || (this.#joined && this.#partitions.length === 0);
  }

  /** Which partitions stand still although Kafka and ClickHouse answer. */
  standstills(): string[] {
    return this.#progress.described(this.#parts.log.topic, this.#taken?.states);
  }

  /** A new assignment. Whatever was read but not yet sent is dropped: it will be read again. */
  assigned(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.#joined = true;
    this.confirmed();
    this.#startOver(Promise.resolve());
  }

  /** The group confirmed our membership: a fenced lane may claim its partitions again. */
  confirmed(): void {
    this.#confirmed.resolve(undefined);
    this.#confirmed = Promise.withResolvers();
  }

  #startOver(after: Promise<unknown>): void {
    this.#generation += 1;
    reportLag(this.#taken?.states, this.#parts.metrics);
    this.#taken = undefined;
    this.#open.clear();
    this.#cancelTimer();
    const generation = this.#generation;
    const previous = this.#takingOver;
    this.#takingOver = Promise.all([after, previous, this.#flushing])
      .then(() => this.#take(generation))
      .catch((error: unknown) => this.#parts.failed(asError(error)));
  }

  #isCurrent(generation: number): boolean {
    return generation === this.#generation && !this.#stopping;
  }

  async #take(generation: number): Promise<void> {
    const { log, logger, metrics, runtime, sink } = this.#parts;
    if (this.#partitions.length === 0 || !this.#isCurrent(generation)) return;
    const isCurrent = (): boolean => this.#isCurrent(generation);
    const availability = this.#availability;
    const parts = { log, facts: sink.facts, availability, logger, runtime };
    const taken = await takeOver(this.#partitions, parts, isCurrent);
    if (taken === undefined) return;
    this.#taken = taken;
    const lag = lagOf(taken.states.values());
    // A server that answers queries may still refuse the next insert: only a landed one tells.
    if (this.#doubt.count <= 1 || lag === 0) availability.back();
    metrics.lag(lag);
    const positions = Object.fromEntries(
      [...taken.states].map(([partition, { position }]) => [partition, position]),
    );
    const owned = `${this.#partitions.length} partitions of ${log.topic}`;
    logger.info({ topicId: taken.topicId, positions }, `took over ${owned}`);
    for (const [partition, state] of taken.states) this.#seek(partition, state);
  }

  #seek(partition: number, state: PartitionState): void {
    state.sought = state.position;
    this.#parts.log.seek(partition, state.position);
  }

  /** Takes a fetched batch; false when it was not taken and a seek follows. */
  async batch(fetched: RecordBatch, membership: Membership): Promise<boolean> {
    const state = await this.#stateOf(fetched.partition, membership);
    if (state === undefined || !membership.isCurrent()) return false;
    // Between being told and going on a takeover may have begun, which reads the position anew.
    if (state !== this.#taken?.states.get(fetched.partition)) return false;
    const generation = this.#generation;
    state.end = fetched.endOffset;
    const { firstOffset, partition } = fetched;
    const fit = continuity(state, fetched);
    if (fit === 'seek') {
      // Where the log ends before our position the takeover finds out what that means.
      if (fetched.endOffset < state.position) this.#startOver(Promise.resolve());
      else this.#seek(partition, state);
      return false;
    }
    const gap =
      fit === 'hole' && (await isGap(this.#parts, partition, state.position, firstOffset));
    if (!this.#isCurrent(generation)) return false;
    if (gap) {
      // The takeover records what retention took before anything else is written.
      this.#startOver(Promise.resolve());
      return false;
    }
    for (let isTaken = false; !isTaken && this.#isCurrent(generation);) {
      isTaken = this.#accept(fetched, state);
      await this.#room(membership, generation);
    }
    return this.#isCurrent(generation);
  }

  /** True when all of it was taken; false when the open batch is full before. */
  #accept(fetched: RecordBatch, state: PartitionState): boolean {
    const { partition } = fetched;
    const open = this.#open;
    if (open.openedAtMs === 0) open.openedAtMs = this.#parts.runtime.nowMs();
    const isTaken = open.add(partition, fetched, state.position, state, this.#doubt.limits);
    const { next } = open.spans.get(partition)!;
    this.#parts.metrics.consumed(next - state.position);
    state.position = next;
    state.sought = undefined;
    this.#pump();
    return isTaken;
  }

  /** Waits until the partition is ours, keeping the membership alive. */
  async #stateOf(partition: number, membership: Membership): Promise<PartitionState | undefined> {
    const { runtime } = this.#parts;
    while (membership.isCurrent() && !this.#stopping) {
      if (this.#taken !== undefined) return this.#taken.states.get(partition);
      await Promise.race([this.#takingOver, runtime.sleep(HEARTBEAT_EVERY_MS)]);
      await membership.heartbeat();
    }
    return undefined;
  }

  /** Holds the fetch back while the open batch is full. */
  async #room(membership: Membership, generation: number): Promise<void> {
    const { runtime } = this.#parts;
    const startedAt = performance.now();
    while (isFull(this.#open, this.#doubt.limits) && this.#isCurrent(generation)) {
      await Promise.race([this.#flushing ?? runtime.sleep(1), runtime.sleep(HEARTBEAT_EVERY_MS)]);
      await membership.heartbeat();
    }
    this.#parts.metrics.waited(performance.now() - startedAt);
  }

  /** Starts a flush if one is due and none is under way; else sees to it that it will be. */
  #pump(): void {
    this.#cancelTimer();
    if (this.#flushing !== undefined || this.#taken === undefined) return;
    const { runtime } = this.#parts;
    const nowMs = runtime.nowMs();
    const { bytes, openedAtMs, records, spans } = this.#open;
    const behind = isBehind(this.#taken.states.values());
    const open = { bytes, openedAtMs, records, lastFlushAtMs: this.#lastFlushAtMs, behind };
    // A batch of nothing but records that were dead already still moves the position.
    const waitMs = dueInMs({ ...open, records: records || spans.size }, this.#doubt.limits, nowMs);
    if (waitMs === undefined) return;
    if (waitMs > 0 && !this.#stopping) {
      this.#cancelTimer = runtime.after(waitMs, () => this.#pump());
      return;
    }
    this.#lastFlushAtMs = nowMs;
    const batch = this.#open;
    this.#open = this.#spare;
    this.#spare = batch;
    this.#flushing = this.#flush(batch, this.#taken, this.#generation)
      .catch((error: unknown) => this.#parts.failed(asError(error)))
      .finally(() => {
        batch.clear();
        this.#flushing = undefined;
        this.#pump();
      });
  }

  async #flush(batch: Batch, taken: Taken, generation: number): Promise<void> {
    const startedAt = performance.now();
    try {
      await deliver(batch, taken, this.#parts, this.#availability, () => this.#stopping);
    } catch (error) {
      this.#recover(error, generation);
      return;
    }
    this.#doubt.settled();
    noteLanded(batch, taken, performance.now() - startedAt, this.#parts);
    await this.#parts.log.commit(
      new Map([...batch.spans].map(([partition, { next }]) => [partition, next])),
    );
  }

  #recover(thrown: unknown, generation: number): void {
    const error = asError(thrown);
    const { failed, logger, runtime } = this.#parts;
    if (this.#stopping) {
      logger.warn({ err: error }, `gave up a batch, it will be read again: ${error.message}`);
      // What lies behind it must not land: the next owner goes on after the greatest offset.
      reportLag(this.#taken?.states, this.#parts.metrics);
      this.#taken = undefined;
      this.#open.clear();
      return;
    }
    if (error instanceof FencedError) {
      logger.warn(`fenced: another consumer took over partitions of this one; nothing was written`);
      // Claiming again just to go on would fight the new owner: first the group has to confirm us.
      if (generation === this.#generation) this.#startOver(this.#confirmed.promise);
    } else if (error instanceof UnclearOutcomeError || error instanceof UnavailableError) {
      this.#availability.lost(error);
      if (generation === this.#generation) this.#startOver(pause(this.#doubt.count, runtime));
      this.#doubt.raised();
    } else {
      failed(error);
    }
  }

  /** Called every few seconds: how far goes Kafka's log, is it still the same; records positions. */
  async refresh(): Promise<void> {
    const taken = this.#taken;
    if (taken === undefined) return;
    await this.#checkpoint.ifDue(taken);
    const replaced = await lookAtLog(taken, this.#parts, this.#progress);
    if (replaced && taken === this.#taken) this.#startOver(Promise.resolve());
  }

  /** Lands what was read, if that works within `withinMs`, and stops. */
  async stop(withinMs: number): Promise<void> {
    const deadline = Promise.withResolvers<undefined>();
    const cancel = this.#parts.runtime.after(withinMs, () => deadline.resolve(undefined));
    this.#stopping = true;
    this.#cancelTimer();
    const taken = this.#taken;
    const drained = (async () => {
      await this.#flushing;
      this.#pump();
      await this.#flushing;
      if (taken !== undefined && this.#taken === taken) await this.#checkpoint.record(taken);
    })();
    await Promise.race([drained, deadline.promise]);
    cancel();
    reportLag(this.#taken?.states, this.#parts.metrics);
    this.#generation += 1;
  }
}
