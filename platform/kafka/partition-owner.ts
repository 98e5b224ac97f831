// Owns partitions of one topic for a member of a group: takes each assignment over, decides for every fetched
// batch whether it continues the partition, pauses the fetch while there is no room, starts over after any
// doubt, and drains at a stop. Its work handles the records and knows where positions are kept.
import { FencedError, InvariantError, UnavailableError, asError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, pause, within } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { continuity } from './continuity.ts';
import type { Membership, RecordBatch } from './group-receiver.ts';
import type { LogRange } from './log-ranges.ts';
import { ProgressWatch } from './progress.ts';

/** The topic whose partitions are owned, as a member of the group sees it. */
export interface OwnedLog {
  readonly topic: string;
  /** The topic's id, asked freshly. */
  topicId(): Promise<string>;
  logRanges(): Promise<ReadonlyMap<number, LogRange>>;
  /** Continue reading `partition` at `offset`. */
  seek(partition: number, offset: number): void;
}

/** One partition, from a takeover to the next. */
export interface OwnedPartition {
  /** The next offset to take: everything below has landed or is on its way. */
  position: number;
  /** Everything below it has landed. */
  landed: number;
  /** One past the last record of the log, as last seen. */
  end: number;
  /** Where the last seek went; once something is taken the position lies beyond it. */
  sought: number | undefined;
}

/** What a takeover found. The object itself is the right to go on: the next takeover makes another. */
export interface Owned<P extends OwnedPartition> {
  readonly topicId: string;
  readonly states: ReadonlyMap<number, P>;
}

/** What is done with the records of owned partitions. */
export interface Work<P extends OwnedPartition, O extends Owned<P>> {
  /**
   * One attempt to become the owner and to learn where each partition goes on.
   * @throws {UnavailableError | FencedError} another attempt may do; anything else ends the process.
   */
  takeOver(partitions: readonly number[]): Promise<O>;
  /** The takeover went well; seeks follow. */
  began(owned: O): void;
  /**
   * The ownership is over. Drop what was taken and is not on its way; the promise settles when nothing is on
   * its way any more, and the next takeover waits for it.
   */
  ended(owned: O | undefined): Promise<unknown>;
  /** The assignment is empty, and what was under way has ended: whoever reports figures of it says zero. */
  ownsNone(): void;
  /** Takes records from `state.position` on and moves it; false when there was no room for all of them. */
  take(fetched: RecordBatch, state: P, owned: O): boolean;
  /** True while nothing more may be taken of this partition. */
  isFull(state: P): boolean;
  /** What may make room, if it is under way. */
  room(state: P): Promise<unknown> | undefined;
  /** The fetch was held for want of room. */
  held(durationMs: number): void;
}

export interface OwnerParts<P extends OwnedPartition, O extends Owned<P>> {
  /** What log lines call it. */
  readonly name: string;
  readonly log: OwnedLog;
  readonly work: Work<P, O>;
  readonly runtime: Runtime;
  readonly logger: Logger;
  /** How long what was taken may rest before it has to land. */
  readonly restMs: number;
  /** Called once with what no waiting can mend. */
  readonly failed: (error: Error) => void;
}

/** Heartbeats go out at least this often while a batch waits for room or for a takeover. */
const HEARTBEAT_EVERY_MS = 1_000;
/** Between two looks where nothing says when to look again. */
const LOOK_AGAIN_MS = 20;

/** What a takeover says of a partition that it left out: no comparison holds. */
const NOWHERE = { end: NaN, landed: NaN, position: NaN };

export class PartitionOwner<P extends OwnedPartition, O extends Owned<P>> {
  /** Says what keeps the owner from going on; the work says when a landed write shows that all is back. */
  readonly availability: Availability;
  readonly #parts: OwnerParts<P, O>;
  readonly #progress: ProgressWatch;
  /** Counts assignments and starts over: a takeover of an older one is void. */
  #generation = 0;
  /** Counts assignments, and which one each ownership was for. */
  #assignment = 0;
  readonly #assignments = new WeakMap<O, number>();
  #partitions: readonly number[] = [];
  #joined = false;
  #owned: O | undefined;
  #takingOver: Promise<void> = Promise.resolve();
  #confirmed = Promise.withResolvers<undefined>();
  #stopping = false;

  constructor(parts: OwnerParts<P, O>) {
    this.#parts = parts;
    this.availability = new Availability(parts.name, parts.logger);
    this.#progress = new ProgressWatch(parts.restMs, () => parts.runtime.nowMs());
  }

  /** What is owned now; undefined from the moment that it is in doubt. */
  get owned(): O | undefined {
    return this.#owned;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** True while the partitions are owned, get on, and nothing is waited for. */
  get ready(): boolean {
    if (this.availability.away || this.standstills().length > 0) return false;
    // A member without partitions stands by: more members than partitions is no fault.
    return this.#owned !== undefined || (this.#joined && this.#partitions.length === 0);
  }

  /** Which partitions stand still although the servers answer. */
  standstills(): string[] {
    return this.#progress.described(this.#parts.log.topic, this.#owned?.states);
  }

  /** A new assignment. Whatever was taken but is not on its way is dropped: it will be read again. */
  assigned(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.#assignment += 1;
    this.#joined = true;
    this.confirmed();
    this.startOver();
  }

  /** The group confirmed the membership: who was fenced may claim its partitions again. */
  confirmed(): void {
    this.#confirmed.resolve(undefined);
    this.#confirmed = Promise.withResolvers();
  }

  /** Takes the partitions over again, once `after` has settled; until then nothing is taken. */
  startOver(after: Promise<unknown> = Promise.resolve()): void {
    const generation = (this.#generation += 1);
    const settled = this.#parts.work.ended(this.#release());
    const previous = this.#takingOver;
    this.#takingOver = Promise.all([after, previous, settled])
      .then(() => this.#takeOver(generation))
      .catch((error: unknown) => this.fail(asError(error)));
  }

  /**
   * Another process took over what `owned` was the right to: claiming again just to go on would fight the new
   * owner, so first the group has to confirm the membership. An assignment that came since then does.
   */
  fenced(owned: O): void {
    if (this.#assignments.get(owned) !== this.#assignment) return;
    this.startOver(this.#confirmed.promise);
  }

  /** Gives the partitions up without taking them over again: whatever lies behind a doubt must not land. */
  giveUp(): void {
    void this.#parts.work.ended(this.#release());
  }

  /** Ends for good with what no waiting can mend: nothing is taken or started after it. */
  fail(error: Error): void {
    this.#stopping = true;
    this.giveUp();
    this.#parts.failed(error);
  }

  #release(): O | undefined {
    const owned = this.#owned;
    this.#owned = undefined;
    return owned;
  }

  async #takeOver(generation: number): Promise<void> {
    const { runtime, work } = this.#parts;
    const isCurrent = (): boolean => generation === this.#generation && !this.#stopping;
    if (this.#partitions.length === 0) {
      if (isCurrent()) work.ownsNone();
      return;
    }
    for (let attempt = 0; isCurrent(); attempt += 1) {
      try {
        const owned = await work.takeOver(this.#partitions);
        if (isCurrent()) this.#begin(owned);
        return;
      } catch (error) {
        if (error instanceof UnavailableError) this.availability.lost(error);
        else if (!(error instanceof FencedError)) throw error;
      }
      await pause(attempt, runtime);
    }
  }

  #begin(owned: O): void {
    const { log, logger, work } = this.#parts;
    for (const partition of this.#partitions) {
      const { end, landed, position } = owned.states.get(partition) ?? NOWHERE;
      if (landed === position && position <= end) continue;
      const found = `position ${position}, landed ${landed}, end ${end}`;
      throw new InvariantError(
        `the takeover of partition ${partition} of ${log.topic} found: ${found}`,
      );
    }
    this.#owned = owned;
    this.#assignments.set(owned, this.#assignment);
    work.began(owned);
    const positions = Object.fromEntries([...owned.states].map(([at, { position }]) => [at, position])); // prettier-ignore
    const text = `took over ${owned.states.size} partitions of ${log.topic}`;
    logger.info({ topicId: owned.topicId, positions }, text);
    for (const [partition, state] of owned.states) this.#seek(partition, state);
  }

  #seek(partition: number, state: P): void {
    state.sought = state.position;
    this.#parts.log.seek(partition, state.position);
  }

  /** Takes a fetched batch; false when it was not taken and a seek follows, or the end. */
  async batch(fetched: RecordBatch, membership: Membership): Promise<boolean> {
    const owned = await this.#whenOwned(membership);
    const { partition } = fetched;
    const state = owned?.states.get(partition);
    // Between waking up and going on another takeover may have begun, which learns the position again.
    if (owned === undefined || state === undefined || !this.#isCurrent(owned)) return false;
    if (!membership.isCurrent()) return false;
    state.end = fetched.endOffset;
    const fit = continuity(state, fetched);
    if (fit === 'seek') {
      // Where the log ends before our position the takeover finds out what that means.
      if (fetched.endOffset < state.position) this.startOver();
      else this.#seek(partition, state);
      return false;
    }
    if (fit === 'hole') {
      const isGap = await this.#isGap(partition, state, fetched.firstOffset);
      if (!this.#isCurrent(owned)) return false;
      if (isGap) {
        this.startOver();
        return false;
      }
    }
    for (let isTaken = false; !isTaken && this.#isCurrent(owned);) {
      isTaken = this.#take(fetched, state, owned);
      await this.#room(state, membership, owned);
    }
    return this.#isCurrent(owned);
  }

  #isCurrent(owned: O): boolean {
    return owned === this.#owned && !this.#stopping;
  }

  /** Waits until the partitions are owned, keeping the membership alive. */
  async #whenOwned(membership: Membership): Promise<O | undefined> {
    const { runtime } = this.#parts;
    while (membership.isCurrent() && !this.#stopping) {
      if (this.#owned !== undefined) return this.#owned;
      const takingOver = this.#takingOver;
      await within(HEARTBEAT_EVERY_MS, takingOver, runtime);
      // It may have come to nothing; the next one begins with an assignment, which comes by itself.
      const isOver = takingOver === this.#takingOver && this.owned === undefined;
      if (isOver) await runtime.sleep(LOOK_AGAIN_MS);
      await membership.heartbeat();
    }
    return undefined;
  }

  /**
   * Whether retention took what lies between the position and `first`, the next offset there is; else no
   * record was there: compaction or markers. Where nobody can say now, a takeover has to find out.
   */
  async #isGap(partition: number, { position }: P, first: number): Promise<boolean> {
    const { log, logger } = this.#parts;
    try {
      const begin = (await log.logRanges()).get(partition)?.begin ?? 0;
      if (begin > position) return true;
    } catch (error) {
      if (error instanceof UnavailableError) return true;
      throw error;
    }
    const text = `offsets ${position} to ${first - 1} are not in the log: passing over`;
    logger.warn({ partition, first: position, last: first - 1 }, text);
    return false;
  }

  #take(fetched: RecordBatch, state: P, owned: O): boolean {
    const { position } = state;
    const isTaken = this.#parts.work.take(fetched, state, owned);
    if (state.position < position || state.position < state.landed) {
      const to = `${position} to ${state.position} while all below ${state.landed} had landed`;
      throw new InvariantError(`partition ${fetched.partition} went from ${to}`);
    }
    return isTaken;
  }

  /** Holds the fetch while there is no room, keeping the membership alive. */
  async #room(state: P, membership: Membership, owned: O): Promise<void> {
    const { runtime, work } = this.#parts;
    if (!work.isFull(state)) return;
    const startedAt = performance.now();
    while (work.isFull(state) && this.#isCurrent(owned)) {
      const room = work.room(state) ?? runtime.sleep(LOOK_AGAIN_MS);
      await within(HEARTBEAT_EVERY_MS, room, runtime);
      await membership.heartbeat();
    }
    work.held(performance.now() - startedAt);
  }

  /**
   * Called every few seconds: how far goes the log, do we get on, and is it still the same log. `looked` is
   * told how many partitions stand still.
   */
  async look(looked: (standing: number) => void): Promise<void> {
    const owned = this.#owned;
    if (owned === undefined) return;
    const { log } = this.#parts;
    let ranges: ReadonlyMap<number, LogRange> = new Map();
    try {
      await this.#progress.look(owned.states, async () => (ranges = await log.logRanges()));
    } finally {
      looked(this.#progress.standing(owned.states).length);
    }
    if (!this.#isCurrent(owned)) return;
    // Where retention took all that was left no record comes that would show it.
    if ([...owned.states].some(([at, { position }]) => (ranges.get(at)?.begin ?? 0) > position)) {
      this.startOver();
      return;
    }
    // One that grew again to exactly where we stand shows no other sign until the next record comes.
    const isReplaced = (await log.topicId()) !== owned.topicId;
    if (isReplaced && this.#isCurrent(owned)) this.startOver();
  }

  /** Takes nothing more; lets `drain` land what was taken, up to `withinMs`; true when that was enough. */
  async stop(
    withinMs: number,
    drain: (owned: O | undefined) => Promise<unknown>,
  ): Promise<boolean> {
    this.#stopping = true;
    let isDrained = false;
    const draining = drain(this.#owned).then(() => (isDrained = true));
    try {
      await within(withinMs, draining, this.#parts.runtime);
    } finally {
      this.#generation += 1;
      this.giveUp();
    }
    return isDrained;
  }
}

/** Records of the log that have not landed, over all partitions. */
export function lagOf(states: Iterable<Pick<OwnedPartition, 'end' | 'landed'>>): number {
  let lag = 0;
  for (const { end, landed } of states) lag += Math.max(0, end - landed);
  return lag;
}
