// The way from one topic to others: takes runs of records, makes of them what the transform says and sends
// it in order, one request in flight a partition. An offset is committed when all that was made of what lies
// before it is acknowledged. What is not yet sent is bounded: then the fetch is held back.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError, asError } from '../platform/errors.ts';
import { continuity } from '../platform/kafka/continuity.ts';
import type { NotedOffset } from '../platform/kafka/group-consumer.ts';
import type { Membership, RecordBatch } from '../platform/kafka/group-receiver.ts';
import type { PlacedRecord, Sent } from '../platform/kafka/record-sender.ts';
import { ProgressWatch } from '../platform/kafka/progress.ts';
import { Availability, backoffMs, withPatience } from '../platform/retry.ts';
import { sourceOf } from '../streams/origin.ts';
import { Committer } from './committer.ts';
import { deliver } from './delivery.ts';
import { makingOf, OPEN_BYTES_MAX, Parcel, sayUnreadable } from './parcel.ts';
import type { Owned, RelayParts } from './relay-parts.ts';
import { isIdle, isLost, lagOf, takeOver, type PartitionState, type Taken } from './takeover.ts';

/** Heartbeats go out at least this often while a run waits for room. */
const HEARTBEAT_EVERY_MS = 1_000;
/** What all partitions may hold that is not sent yet. */
const ALL_BYTES_MAX = 16 * 1_048_576;

export class Relay {
  readonly #parts: RelayParts;
  readonly #availability: Availability;
  readonly #progress: ProgressWatch;
  #generation = 0;
  #partitions: readonly number[] = [];
  #joined = false;
  #taken: Owned | undefined;
  #taking: Promise<void> = Promise.resolve();
  readonly #landed = new Map<number, NotedOffset>();
  #committed: ReadonlyMap<number, NotedOffset> = new Map();
  #read = 0;
  #bytes = 0;
  #stopping = false;

  constructor(parts: RelayParts) {
    this.#parts = parts;
    this.#availability = new Availability(parts.input.topic, parts.logger);
    this.#progress = new ProgressWatch(0, parts.clock);
  }

  /** True while it owns its partitions, goes on with them, and nothing keeps it from sending. */
  get ready(): boolean {
    const away = this.#availability.away || this.#parts.sender.away;
    if (away || this.standstills().length > 0) return false;
    return this.#taken !== undefined || (this.#joined && this.#partitions.length === 0);
  }

  /** Which partitions stand still although Kafka answers. */
  standstills(): string[] {
    return this.#progress.described(this.#parts.input.topic, this.#taken?.states);
  }

  /** The group is about to be joined; a broker that is new to it takes a moment to load it. */
  async joining(): Promise<void> {
    this.#committed = await withPatience(() => this.#parts.input.committed());
  }

  /** A new assignment. What was read but is not on its way is dropped: it will be read again. */
  assigned(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.#joined = true;
    this.#startOver();
  }

  #startOver(): void {
    const before = this.#taken;
    const generation = (this.#generation += 1);
    this.#taken = undefined;
    const settled = before === undefined ? undefined : this.#settled(before);
    this.#taking = Promise.all([this.#taking, settled])
      .then(() => this.#take(generation))
      .catch((error: unknown) => this.#parts.failed(asError(error)));
  }

  /** What is on its way lands first, so that as little as possible is made twice. */
  async #settled({ committer, states }: Owned): Promise<void> {
    for (const { open } of states.values()) {
      this.#bytes -= open.bytes;
      this.#read -= open.read;
    }
    for (const { sending } of states.values()) await sending;
    committer.giveUp();
    await committer.flushed();
  }

  #isCurrent(generation: number): boolean {
    return generation === this.#generation && !this.#stopping;
  }

  async #take(generation: number): Promise<void> {
    for (let attempt = 0; this.#isCurrent(generation); attempt += 1) {
      try {
        const remembered = { committed: this.#committed, landed: this.#landed };
        const taken = await takeOver(this.#partitions, remembered, this.#parts);
        if (this.#isCurrent(generation)) this.#own(taken);
        return;
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        this.#availability.lost(error);
      }
      await sleep(backoffMs(attempt));
    }
  }

  #own(taken: Taken): void {
    const { failed, input, logger } = this.#parts;
    const { states, topicId, uncommitted } = taken;
    const waiting = new Availability('Kafka (committing)', logger);
    const committer = new Committer((at) => input.commit(at, topicId), waiting, failed);
    this.#taken = { ...taken, committer };
    this.#availability.back();
    for (const [partition, { position }] of states) {
      this.#landed.set(partition, { offset: position, note: topicId });
    }
    for (const [partition, offset] of uncommitted) committer.landed(partition, offset);
    const positions = Object.fromEntries([...states].map(([at, { position }]) => [at, position]));
    logger.info({ topicId, positions }, `took over ${states.size} partitions of ${input.topic}`);
    for (const state of states.values()) this.#seek(state);
    this.#tellProgress();
  }

  #seek(state: PartitionState): void {
    state.sought = state.position;
    this.#parts.input.seek(state.partition, state.position);
  }

  /** Takes a fetched batch; false when it was not taken and a seek follows, or the end. */
  async batch(fetched: RecordBatch, membership: Membership): Promise<boolean> {
    const taken = await this.#whenTaken(membership);
    const state = taken?.states.get(fetched.partition);
    if (taken === undefined || state === undefined || !membership.isCurrent()) return false;
    state.end = fetched.endOffset;
    const fit = continuity(state, fetched);
    if (fit === 'seek') {
      if (fetched.endOffset < state.position) this.#startOver();
      else this.#seek(state);
      return false;
    }
    if (fit === 'hole' && (await isLost(this.#parts.input, state))) {
      if (taken === this.#taken) this.#startOver();
      return false;
    }
    const generation = this.#generation;
    if (taken !== this.#taken) return false;
    let isTaken = false;
    while (!isTaken && this.#isCurrent(generation)) {
      isTaken = this.#accept(fetched, state, taken.topicId);
      await this.#room(state, membership, taken);
    }
    return isTaken && taken === this.#taken;
  }

  async #whenTaken(membership: Membership): Promise<Owned | undefined> {
    while (membership.isCurrent() && !this.#stopping) {
      // Once all that was asked for is read, the membership is kept until the end.
      if (this.#taken !== undefined && this.#read < this.#parts.max) return this.#taken;
      await Promise.race([this.#taking.then(() => sleep(20)), sleep(HEARTBEAT_EVERY_MS)]);
      await membership.heartbeat();
    }
    return undefined;
  }

  /** True when all of it was taken; false when the open parcel is full before. */
  #accept(fetched: RecordBatch, state: PartitionState, topicId: string): boolean {
    const { input, max } = this.#parts;
    const place = { source: sourceOf(input.topic, topicId), partition: state.partition };
    const making = makingOf(this.#parts, place);
    const { open } = state;
    const { bytes, read } = open;
    const isTaken = open.addRun(fetched, state.position, making, max - this.#read);
    this.#read += open.read - read;
    this.#bytes += open.bytes - bytes;
    state.position = open.next;
    state.sought = undefined;
    this.#pump(state);
    this.#tellProgress();
    return isTaken;
  }

  /** Holds the fetch back while there is too much on its way. */
  async #room(state: PartitionState, membership: Membership, taken: Owned): Promise<void> {
    const isFull = (): boolean =>
      state.open.bytes >= OPEN_BYTES_MAX || this.#bytes >= ALL_BYTES_MAX;
    while (isFull() && taken === this.#taken && !this.#stopping) {
      await Promise.race([state.sending ?? sleep(10), sleep(HEARTBEAT_EVERY_MS)]);
      await membership.heartbeat();
    }
  }

  /** Sends what is open, if nothing of the partition is on its way. */
  #pump(state: PartitionState): void {
    const taken = this.#taken;
    if (taken?.states.get(state.partition) !== state || state.sending !== undefined) return;
    if (state.open.next === state.landed || state.broken) return;
    const parcel = state.open;
    state.open = new Parcel(parcel.next);
    state.sending = this.#send(parcel, state, taken)
      .catch((error: unknown) => {
        state.broken = true;
        if (!this.#stopping) this.#parts.failed(asError(error));
      })
      .finally(() => {
        this.#bytes -= parcel.bytes;
        state.sending = undefined;
        this.#pump(state);
      });
  }

  async #send(parcel: Parcel, state: PartitionState, taken: Owned): Promise<void> {
    const { logger, metrics, sender, topics } = this.#parts;
    const { committer, topicId, widths } = taken;
    const startedAt = performance.now();
    if (!(await this.#isSameTopic(taken))) {
      if (taken === this.#taken) this.#startOver();
      return;
    }
    for (const [stream, records] of parcel.outputs) {
      const topic = topics.get(stream)!;
      const partition = state.partition % widths.get(stream)!;
      const send = (some: readonly PlacedRecord[]): Promise<Sent> =>
        sender.send(topic, partition, some);
      await deliver(records, send, ({ headers }, reason) => {
        metrics.refused();
        const origin = headers.at(-1)![1]!.toString();
        logger.warn({ origin, reason }, `${topic} refuses what was made of ${origin}: ${reason}`);
      });
    }
    state.landed = parcel.next;
    this.#landed.set(state.partition, { offset: parcel.next, note: topicId });
    if (taken === this.#taken || this.#stopping) committer.landed(state.partition, parcel.next);
    sayUnreadable(parcel, logger, `${this.#parts.input.topic}, partition ${state.partition}`);
    metrics.landed(parcel, performance.now() - startedAt);
    this.#tellProgress();
  }

  /**
   * Ids never come back, so the same id before a fetch and after it proves that what was fetched is of that
   * topic and not of one created in its place.
   */
  async #isSameTopic(taken: Owned): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const now = await this.#parts.input.topicId();
        this.#availability.back();
        return now === taken.topicId;
      } catch (error) {
        if (!(error instanceof UnavailableError) || taken !== this.#taken) throw error;
        this.#availability.lost(error);
        await sleep(backoffMs(attempt));
      }
    }
  }

  #tellProgress(): void {
    const { done, max, metrics } = this.#parts;
    if (this.#taken === undefined) return;
    metrics.lag(lagOf(this.#taken));
    if (this.#read >= max && isIdle(this.#taken)) done();
  }

  /** Called every few seconds: how far goes the log, and is it still the same. */
  async refresh(): Promise<void> {
    const taken = this.#taken;
    if (taken === undefined) return;
    const { input, metrics } = this.#parts;
    await this.#progress.look(taken.states, () => input.logRanges());
    metrics.stalled(this.standstills().length);
    this.#tellProgress();
    // One that grew again to exactly where we stand shows no other sign until the next record comes.
    const replaced = (await input.topicId()) !== taken.topicId && taken === this.#taken;
    if (replaced) this.#startOver();
  }

  /** Sends and commits what was read, if that works within `withinMs`, and stops. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true;
    const taken = this.#taken;
    if (taken === undefined) return;
    const drained = (async () => {
      for (const state of taken.states.values()) {
        while (taken === this.#taken && state.landed !== state.position && !state.broken) {
          this.#pump(state);
          await (state.sending ?? sleep(1));
        }
      }
      await taken.committer.flushed();
      return true;
    })();
    const inTime = await Promise.race([drained, sleep(withinMs, false, { ref: false })]);
    this.#taken = undefined;
    this.#parts.sender.giveUp();
    taken.committer.giveUp();
    if (!inTime || !isIdle(taken))
      this.#parts.logger.warn('gave up what was on its way; it will be read again');
  }
}
