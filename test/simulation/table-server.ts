// The sink's server in memory: rows, dead letters, facts and claims, with inserts that take their time, are
// fenced when they start, commit whole, and can be killed. It knows every invariant and notes each breach.
import type { Ownership } from '../../consumer/fence.ts';
import { DUPLICATE, NOT_IN_LOG, readGap, type OffsetRange } from '../../consumer/gap.ts';
import { originKey, type Origins } from '../../consumer/origins.ts';
import type { FloorRow, Landed } from '../../consumer/sink.ts';
import { writeOrigin, type Origin } from '../../streams/origin.ts';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A row or a dead letter on its way; `id` is the event's value. */
export interface Placed {
  readonly partition: number;
  readonly offset: number;
  readonly id: number;
  /** Of what it was made, where it was made from another record. */
  readonly origin?: Origin;
}

/** What one partition of one source holds. */
export interface Held {
  readonly rows: Map<number, Placed>;
  readonly dead: Map<number, Placed>;
  readonly facts: FloorRow[];
  epoch: number;
  owner: string;
  /** Who landed rows last. */
  rowsBy: string;
}

export type InsertKind = 'rows' | 'dead';
/** How many rows it acknowledges, or why it landed nothing. */
export type InsertEnd = number | 'fenced' | 'killed' | 'refused';

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
  /** Of what landed things were made, by source: rows and dead letters. */
  readonly #made = new Map<string, InsertKind>();
  /** Milliseconds that an insert takes at most; a fault raises it. */
  slowestInsertMs = 50;
  /** Probability that an insert is received in part, and acknowledged so. */
  cuts = 0;
  /** Dead letters are refused for a right that is missing. */
  refuses = false;

  constructor(time: VirtualTime, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  held(source: string, partition: number): Held {
    const key = `${source}/${partition}`;
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { rows: new Map(), dead: new Map(), facts: [], epoch: 0, owner: '', rowsBy: '' };
      this.#held.set(key, held);
    }
    return held;
  }

  epochs(source: string, partitions: readonly number[]): Map<number, number> {
    return new Map(partitions.map((partition) => [partition, this.held(source, partition).epoch]));
  }

  owners(source: string, partitions: readonly number[]): Map<number, Held> {
    return new Map(partitions.map((partition) => [partition, this.held(source, partition)]));
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

  runningInserts(source: string, partitions: readonly number[]): Running[] {
    return [...this.#running].filter((running) => {
      return running.source === source && running.partitions.some((at) => partitions.includes(at));
    });
  }

  /** Kills running inserts: one that is about to commit is waited for, or not even that. */
  async endInserts(source: string, partitions: readonly number[]): Promise<void> {
    const isPatient = this.#chance.happens(0.7);
    for (const running of this.runningInserts(source, partitions)) {
      running.killed ||= this.#chance.happens(0.5);
      if (isPatient) await running.over.promise;
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
    over.resolve(undefined);
    if (running.killed) return 'killed';
    if (kind === 'dead' && this.refuses) return 'refused';
    const isCut = placed.length > 1 && this.#chance.happens(this.cuts);
    const written = isCut ? 1 + this.#chance.int(placed.length - 1) : placed.length;
    this.#commit(kind, placed.slice(0, written), ownership.source);
    if (kind === 'rows') {
      for (const partition of partitions)
        this.held(ownership.source, partition).rowsBy = ownership.owner;
    }
    return written;
  }

  #commit(kind: InsertKind, placed: readonly Placed[], source: string): void {
    for (const row of placed) {
      const { offset, partition } = row;
      const { dead, rows } = this.held(source, partition);
      const at = `offset ${offset} of ${source}/${partition}`;
      if (rows.has(offset)) this.breach(`${at} landed and is a row already`);
      if (dead.has(offset)) this.breach(`${at} landed and is a dead letter already`);
      (kind === 'dead' ? dead : rows).set(offset, row);
      if (row.origin === undefined) continue;
      const origin = `${source} ${writeOrigin(row.origin)}`;
      if (this.#made.has(origin)) this.breach(`${at} is the second that was made from ${origin}`);
      this.#made.set(origin, kind);
    }
  }

  /** What was made from a record landed as. */
  madeFrom(source: string, origin: Origin): InsertKind | undefined {
    return this.#made.get(`${source} ${writeOrigin(origin)}`);
  }

  /** The greatest origin that was met below each position. */
  origins(source: string, positions: ReadonlyMap<number, number>): Map<number, Origins> {
    const met = new Map<number, Origins>();
    for (const [partition, position] of positions) {
      const origins: Origins = new Map();
      const { dead, rows } = this.held(source, partition);
      for (const { offset, origin } of [...rows.values(), ...dead.values()]) {
        if (origin === undefined || offset >= position) continue;
        const key = originKey(origin);
        origins.set(key, Math.max(origin.offset, origins.get(key) ?? -1));
      }
      met.set(partition, origins);
    }
    return met;
  }

  /** An owner that stopped undisturbed has recorded how far it came. */
  assertRecorded(source: string, owner: string): void {
    for (const [key, { facts, owner: current, rows, rowsBy }] of this.#held) {
      if (!key.startsWith(`${source}/`) || current !== owner || rowsBy !== owner) continue;
      const last = Math.max(...rows.keys());
      if (facts.some(({ offset }) => offset > last)) continue;
      this.breach(`${owner} stopped and did not record that ${key} has landed up to ${last}`);
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
      this.breach(
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

  breach(what: string): void {
    this.breaches.push(`after ${Math.round(this.#time.elapsedMs)} ms: ${what}`);
  }
}

/** Ranges that are recorded as having no record, or one that was made twice. */
export function goneOf(held: Held): OffsetRange[] {
  return rangesFor(held, ['gap', NOT_IN_LOG, DUPLICATE]);
}

export function rangesFor({ facts }: Held, reasons: readonly string[]): OffsetRange[] {
  return facts
    .filter(({ reason }) => reasons.includes(reason))
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
