// The way of one topic into its table: fills an open batch while the last one is being inserted, flushes when
// due, and starts over from the tables after any doubt. A full open batch pauses the fetch.
import { FencedError, UnavailableError, UnclearOutcomeError, asError } from '../platform/errors.ts';
import type { Membership, RecordBatch } from '../platform/kafka/group-receiver.ts';
import { lagOf, PartitionOwner } from '../platform/kafka/partition-owner.ts';
import { pause } from '../platform/retry.ts';
import { Batch } from './batch.ts';
import { Checkpoint } from './checkpoint.ts';
import { deliver } from './delivery.ts';
import { Doubt } from './doubt.ts';
import { dueInMs, isFull } from './flush-rule.ts';
import { noteLanded } from './landed.ts';
import type { LaneParts } from './lane-parts.ts';
import { isBehind, reportLag, type PartitionState } from './partition.ts';
import { takeOver, type Taken } from './table-takeover.ts';

export class Lane {
  readonly #parts: LaneParts;
  readonly #owner: PartitionOwner<PartitionState, Taken>;
  #open: Batch;
  #spare: Batch;
  #flushing: Promise<void> | undefined;
  #lastFlushAtMs = 0;
  readonly #doubt: Doubt;
  #cancelTimer: () => void = () => undefined;
  readonly #checkpoint: Checkpoint;

  constructor(parts: LaneParts) {
    const { limits, log, logger, metrics, runtime, sink, stream } = parts;
    this.#parts = parts;
    this.#checkpoint = new Checkpoint(sink.facts, logger, runtime);
    this.#doubt = new Doubt(limits);
    this.#open = new Batch(stream, limits.maxMessageBytes);
    this.#spare = new Batch(stream, limits.maxMessageBytes);
    this.#owner = new PartitionOwner({
      ...{ name: stream.name, log, logger, runtime, restMs: limits.flushIntervalMs },
      failed: parts.failed,
      work: {
        takeOver: (partitions) => takeOver(partitions, { log, facts: sink.facts, logger }),
        began: (taken) => this.#began(taken),
        ended: (taken) => this.#ended(taken),
        ownsNone: () => this.#ownsNone(),
        take: (fetched, state) => this.#take(fetched, state),
        isFull: () => isFull(this.#open, this.#doubt.limits),
        room: () => this.#flushing,
        held: (durationMs) => metrics.waited(durationMs),
      },
    });
  }

  /** True while the lane owns its partitions, goes on with them, and nothing keeps it from writing. */
  get ready(): boolean {
    return this.#owner.ready;
  }

  /** Which partitions stand still although Kafka and ClickHouse answer. */
  standstills(): string[] {
    return this.#owner.standstills();
  }

  assigned(partitions: readonly number[]): void {
    this.#owner.assigned(partitions);
  }

  /** The group confirmed our membership: a fenced lane may claim its partitions again. */
  confirmed(): void {
    this.#owner.confirmed();
  }

  /** Takes a fetched batch; false when it was not taken and a seek follows. */
  batch(fetched: RecordBatch, membership: Membership): Promise<boolean> {
    return this.#owner.batch(fetched, membership);
  }

  #began({ states }: Taken): void {
    const lag = lagOf(states.values());
    // A server that answers queries may still refuse the next insert: only a landed one tells.
    if (this.#doubt.count <= 1 || lag === 0) this.#owner.availability.back();
    this.#parts.metrics.lag(lag);
  }

  /** Settles when the insert under way has ended. */
  #ended(taken: Taken | undefined): Promise<unknown> {
    reportLag(taken?.states, this.#parts.metrics);
    this.#open.clear();
    this.#cancelTimer();
    return this.#flushing ?? Promise.resolve();
  }

  /** The next owners report what this lane did: their figures and its would be added up. */
  #ownsNone(): void {
    const { metrics } = this.#parts;
    metrics.lag(0);
    metrics.stalled(0);
    metrics.hidden(0);
  }

  /** True when all of it was taken; false when the open batch is full before. */
  #take(fetched: RecordBatch, state: PartitionState): boolean {
    const { partition } = fetched;
    const open = this.#open;
    if (open.openedAtMs === 0) open.openedAtMs = this.#parts.runtime.nowMs();
    const isTaken = open.add(partition, fetched, state.position, state, this.#doubt.limits);
    const { next } = open.spans.get(partition)!;
    this.#parts.metrics.consumed(next - state.position);
    state.position = next;
    this.#pump();
    return isTaken;
  }

  /** Starts a flush if one is due and none is under way; else sets the timer that will. */
  #pump(): void {
    this.#cancelTimer();
    const taken = this.#owner.owned;
    if (this.#flushing !== undefined || taken === undefined) return;
    const { runtime } = this.#parts;
    const nowMs = runtime.nowMs();
    const { bytes, openedAtMs, records, spans } = this.#open;
    const behind = isBehind(taken.states.values());
    const open = { bytes, openedAtMs, records, lastFlushAtMs: this.#lastFlushAtMs, behind };
    // A batch of nothing but records that were dead already still moves the position.
    const waitMs = dueInMs({ ...open, records: records || spans.size }, this.#doubt.limits, nowMs);
    if (waitMs === undefined) return;
    if (waitMs > 0 && !this.#owner.stopping) {
      this.#cancelTimer = runtime.after(waitMs, () => this.#pump());
      return;
    }
    this.#lastFlushAtMs = nowMs;
    const batch = this.#open;
    this.#open = this.#spare;
    this.#spare = batch;
    this.#flushing = this.#flush(batch, taken)
      .catch((error: unknown) => this.#owner.fail(asError(error)))
      .finally(() => {
        batch.clear();
        this.#flushing = undefined;
        this.#pump();
      });
  }

  async #flush(batch: Batch, taken: Taken): Promise<void> {
    const startedAt = performance.now();
    const { availability } = this.#owner;
    try {
      await deliver(batch, taken, this.#parts, availability, () => this.#owner.stopping);
    } catch (error) {
      this.#recover(error, taken);
      return;
    }
    this.#doubt.settled();
    noteLanded(batch, taken, performance.now() - startedAt, this.#parts);
    await this.#parts.log.commit(
      new Map([...batch.spans].map(([partition, { next }]) => [partition, next])),
    );
  }

  #recover(thrown: unknown, taken: Taken): void {
    const error = asError(thrown);
    const { logger, runtime } = this.#parts;
    const isDoubt = error instanceof UnclearOutcomeError || error instanceof UnavailableError;
    if (this.#owner.stopping) {
      logger.warn({ err: error }, `gave up a batch and will read it again: ${error.message}`);
    }
    if (!isDoubt && !(error instanceof FencedError)) {
      this.#owner.fail(error);
    } else if (this.#owner.stopping) {
      // What lies behind it must not land: the next owner goes on after the greatest offset.
      this.#owner.giveUp();
    } else if (isDoubt) {
      this.#owner.availability.lost(error);
      if (taken === this.#owner.owned) this.#owner.startOver(pause(this.#doubt.count, runtime));
      this.#doubt.raised();
    } else {
      logger.warn(`fenced: another consumer took over partitions of this one; nothing was written`);
      this.#owner.fenced(taken);
    }
  }

  /** Called every few seconds: how far goes Kafka's log, is it still the same; records positions. */
  async refresh(): Promise<void> {
    const taken = this.#owner.owned;
    if (taken === undefined) return;
    const { log, metrics } = this.#parts;
    await this.#checkpoint.ifDue(taken);
    await this.#owner.look((standing) => {
      metrics.stalled(standing);
      reportLag(this.#owner.owned?.states, metrics);
    });
    metrics.hidden(await log.hidden());
  }

  /** Lands what was read, if that works within `withinMs`, and stops. */
  async stop(withinMs: number): Promise<void> {
    this.#cancelTimer();
    await this.#owner.stop(withinMs, async (taken) => {
      await this.#flushing;
      this.#pump();
      await this.#flushing;
      if (taken !== undefined && this.#owner.owned === taken) await this.#checkpoint.record(taken);
    });
  }
}
