// The sink's server in memory: rows, dead letters, facts and claims, with inserts that take their time, are
// fenced when they start, commit whole, and can be killed. It knows every invariant and notes each breach.
import type { Claim, Ownership } from '../../consumer/fence.ts';
import { readGap, NOT_IN_LOG, type OffsetRange } from '../../consumer/gap.ts';
import type { FloorRow, Landed } from '../../consumer/sink.ts';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A row or a dead letter on its way; `id` is the event's value. */
export interface Placed {
  readonly partition: number;
  readonly offset: number;
  readonly id: number;
}

/** What one partition of one source holds. */
export interface Held {
  readonly rows: Map<number, number>;
  readonly dead: Set<number>;
  readonly facts: FloorRow[];
  epoch: number;
  owner: string;
}

export type InsertKind = 'rows' | 'dead';
export type InsertEnd = 'committed' | 'fenced' | 'killed';

interface Running {
  readonly source: string;
  readonly partitions: readonly number[];
  killed: boolean;
  readonly over: PromiseWithResolvers<undefined>;
}

export class TableServer {
  readonly breaches: string[] = [];
  readonly #held = new Map<string, Held>();
  readonly #running = new Set<Running>();
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  /** Milliseconds that an insert takes at most; a fault raises it. */
  slowestInsertMs = 50;

  constructor(time: VirtualTime, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  held(source: string, partition: number): Held {
    const key = `${source}/${partition}`;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { rows: new Map(), dead: new Set(), facts: [], epoch: 0, owner: '' };
      this.#held.set(key, held);
    }
    return held;
  }

  epochs(source: string, partitions: readonly number[]): Claim[] {
    return partitions.map((partition) => ({
      partition,
      epoch: this.held(source, partition).epoch,
    }));
  }

  /** The greatest (epoch, owner) ever written owns a partition. */
  writeClaims({ claims, owner, source }: Ownership): void {
    for (const { epoch, partition } of claims) {
      const held = this.held(source, partition);
      if (epoch < held.epoch || (epoch === held.epoch && owner <= held.owner)) continue;
      held.epoch = epoch;
      held.owner = owner;
    }
  }

  owns({ claims, owner, source }: Ownership): boolean {
    return claims.every(({ epoch, partition }) => {
      const held = this.held(source, partition);
      return held.epoch === epoch && held.owner === owner;
    });
  }

  /** Ends running inserts; one that is about to commit is waited for. */
  async endInserts(source: string, partitions: readonly number[]): Promise<void> {
    const meant = [...this.#running].filter((running) => {
      return running.source === source && running.partitions.some((at) => partitions.includes(at));
    });
    for (const running of meant) {
      running.killed ||= this.#chance.happens(0.5);
      await running.over.promise;
    }
  }

  /** Runs an insert as the server does: the guard first, the commit later. */
  async insert(
    kind: InsertKind,
    placed: readonly Placed[],
    ownership: Ownership,
  ): Promise<InsertEnd> {
    if (!this.owns(ownership)) return 'fenced';
    const partitions = ownership.claims.map(({ partition }) => partition);
    const over = Promise.withResolvers<undefined>();
    const running: Running = { source: ownership.source, partitions, killed: false, over };
    this.#running.add(running);
    await new Promise<void>((resolve) => {
      this.#time.after(this.#chance.between(1, this.slowestInsertMs), resolve);
    });
    this.#running.delete(running);
    if (!running.killed) this.#commit(kind, placed, ownership.source);
    over.resolve(undefined);
    return running.killed ? 'killed' : 'committed';
  }

  #commit(kind: InsertKind, placed: readonly Placed[], source: string): void {
    for (const { id, offset, partition } of placed) {
      const { dead, rows } = this.held(source, partition);
      const at = `offset ${offset} of ${source}/${partition}`;
      if (kind === 'dead') {
        if (rows.has(offset)) this.#breach(`${at} became a dead letter and is a row`);
        if (dead.has(offset)) this.#breach(`${at} became a dead letter twice`);
        dead.add(offset);
        continue;
      }
      if (rows.has(offset)) this.#breach(`${at} landed twice`);
      if (dead.has(offset)) this.#breach(`${at} landed and is a dead letter`);
      rows.set(offset, id);
    }
  }

  /** Records facts; false when fenced. */
  record(ownership: Ownership, facts: readonly FloorRow[]): boolean {
    if (!this.owns(ownership)) return false;
    for (const fact of facts) {
      const held = this.held(ownership.source, fact.partition);
      held.facts.push(fact);
      this.#checkFloor(held, fact, ownership.source);
    }
    return true;
  }

  /** Everything below a floor must be a row, a dead letter or gone. */
  #checkFloor(held: Held, { offset, partition }: FloorRow, source: string): void {
    const gone = goneOf(held);
    for (let at = startOf(held); at < offset; at += 1) {
      if (held.rows.has(at) || held.dead.has(at) || isIn(gone, at)) continue;
      this.#breach(
        `a floor at ${offset} of ${source}/${partition} covers ${at}, which never landed`,
      );
      return;
    }
  }

  landed(source: string, partitions: readonly number[]): Map<number, Landed> {
    const found = new Map<number, Landed>();
    for (const partition of partitions) {
      const { facts, rows } = this.held(source, partition);
      if (facts.length === 0 && rows.size === 0) continue;
      const offsets = [...rows.keys()];
      found.set(partition, {
        floor: facts.length === 0 ? undefined : Math.max(...facts.map(({ offset }) => offset)),
        rows:
          offsets.length === 0
            ? undefined
            : { max: Math.max(...offsets), min: Math.min(...offsets), count: offsets.length },
      });
    }
    return found;
  }

  #breach(what: string): void {
    this.breaches.push(`after ${Math.round(this.#time.elapsedMs)} ms: ${what}`);
  }
}

/** Ranges that are recorded as having no record. */
export function goneOf({ facts }: Held): OffsetRange[] {
  return facts
    .filter(({ reason }) => reason === 'gap' || reason === NOT_IN_LOG)
    .flatMap(({ detail }) => readGap(detail));
}

/** Where the first reading of the log began. */
export function startOf({ facts }: Held): number {
  const starts = facts.filter(({ reason }) => reason === 'start').map(({ offset }) => offset);
  return starts.length === 0 ? 0 : Math.min(...starts);
}

export function isIn(ranges: readonly OffsetRange[], offset: number): boolean {
  return ranges.some(({ first, last }) => first <= offset && offset <= last);
}
