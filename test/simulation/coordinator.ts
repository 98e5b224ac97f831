// A consumer group's coordinator in memory: members join, are given partitions by generation, and are
// declared dead when they are silent for a session. A member that is only paused learns of it later.
import type { NotedOffset } from '../../platform/kafka/group-consumer.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Member {
  readonly name: string;
  /** The group asks for a new generation: join it. */
  rejoin(): void;
  assigned(generation: number, partitions: readonly number[]): void;
}

export type Heartbeat = 'confirmed' | 'rejoin' | 'unknown';

const SESSION_MS = 3_000;
const REBALANCE_MS = 1_000;

export class Coordinator {
  readonly committed = new Map<number, NotedOffset>();
  #generation = 0;
  readonly #members = new Map<Member, { seenMs: number; joined: boolean }>();
  readonly #time: VirtualTime;
  readonly #partitions: number;
  readonly #onCommit: (partition: number, at: NotedOffset) => void;
  #rebalancing = false;

  constructor(
    time: VirtualTime,
    partitions: number,
    onCommit: (partition: number, at: NotedOffset) => void = () => undefined,
  ) {
    this.#time = time;
    this.#partitions = partitions;
    this.#onCommit = onCommit;
  }

  get generation(): number {
    return this.#generation;
  }

  /** True while this generation is the current one and nobody asks for another. */
  isStable(generation: number): boolean {
    return generation === this.#generation && !this.#rebalancing;
  }

  join(member: Member): void {
    const isKnown = this.#members.has(member);
    this.#members.set(member, { seenMs: this.#time.nowMs, joined: true });
    if (!isKnown) this.#watch(member);
    this.#rebalance();
  }

  leave(member: Member): void {
    if (this.#members.delete(member)) this.#rebalance();
  }

  heartbeat(member: Member, generation: number): Heartbeat {
    const known = this.#members.get(member);
    if (known === undefined) return 'unknown';
    known.seenMs = this.#time.nowMs;
    return this.#rebalancing || generation !== this.#generation ? 'rejoin' : 'confirmed';
  }

  /** False when the commit is refused: only members of the current generation may. */
  commit(
    member: Member,
    generation: number,
    positions: ReadonlyMap<number, number>,
    note: string,
  ): boolean {
    if (generation !== this.#generation || !this.#members.has(member)) return false;
    for (const [partition, offset] of positions) {
      this.committed.set(partition, { offset, note });
      this.#onCommit(partition, { offset, note });
    }
    return true;
  }

  /** Declares a member dead after a session of silence. */
  #watch(member: Member): void {
    this.#time.after(SESSION_MS, () => {
      const known = this.#members.get(member);
      if (known === undefined) return;
      if (this.#time.nowMs - known.seenMs >= SESSION_MS) this.leave(member);
      else this.#watch(member);
    });
  }

  #rebalance(): void {
    if (this.#rebalancing) return;
    this.#rebalancing = true;
    for (const [member, state] of this.#members) {
      if (!state.joined) member.rejoin();
    }
    this.#time.after(REBALANCE_MS, () => this.#complete());
  }

  #complete(): void {
    this.#rebalancing = false;
    this.#generation += 1;
    for (const [member, { joined }] of this.#members) if (!joined) this.#members.delete(member);
    const members = [...this.#members];
    for (const [index, [member, state]] of members.entries()) {
      state.joined = false;
      const own = Array.from({ length: this.#partitions }, (_, at) => at);
      member.assigned(
        this.#generation,
        own.filter((partition) => partition % members.length === index),
      );
    }
  }
}
