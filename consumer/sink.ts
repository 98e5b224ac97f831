// The port to the place where records land: claim partitions, read what has landed, insert a batch, record
// facts. The protocol (lane, takeover, writing order) knows only this port; ClickHouse is one implementation
// and the simulator's sink another.
import type { Batch } from './batch.ts';
import type { Ownership } from './fence.ts';
import type { OffsetRange } from './gap.ts';
import type { Origins } from './origins.ts';

/** What the tables say about one partition. */
export interface Landed {
  readonly floor: number | undefined;
  readonly rows: { readonly max: number; readonly min: number; readonly count: number } | undefined;
}

/** A fact about a partition that no row shows: everything below `offset` has landed. */
export interface FloorRow {
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  readonly detail: string;
}

/** Claims partitions, reads what has landed and records facts about them. */
export interface Facts {
  /**
   * Makes this process the owner of the partitions and ends every insert into them that is still
   * under way, from any sender. When it returns, what has landed no longer changes.
   * @throws {FencedError} when another process claimed at the same time and won.
   * @throws {UnavailableError | ConfigError}
   */
  claim(source: string, partitions: readonly number[]): Promise<Ownership>;
  /** What has landed, by partition; partitions without a trace are absent. @throws {FencedError} */
  landed(source: string, partitions: readonly number[]): Promise<Map<number, Landed>>;
  /** Offsets at or above `from` that are already recorded as dead. */
  deadFrom(source: string, partition: number, from: number): Promise<Set<number>>;
  /** How many offsets from `first` to `last` are recorded as dead. */
  deadBetween(source: string, partition: number, first: number, last: number): Promise<number>;
  /** What was met of the stream's origin below `positions`, by partition. */
  origins(
    source: string,
    positions: ReadonlyMap<number, number>,
  ): Promise<ReadonlyMap<number, Origins>>;
  /** Offsets that are recorded as having no record (any more). */
  gone(source: string, partition: number): Promise<OffsetRange[]>;
  /** For how many days the table keeps its rows; undefined: for ever. */
  retentionDays(): Promise<number | undefined>;
  /** True when the table was filled before rows had coordinates and no log was read since. */
  isUpgraded(topic: string): Promise<boolean>;
  /**
   * Records floors. What they cover must have landed before.
   * @throws {FencedError | UnavailableError | ConfigError} never an unclear outcome: a fact may be written twice.
   */
  recordFloors(ownership: Ownership, floors: readonly FloorRow[]): Promise<void>;
}

/**
 * The two inserts of a batch. Each is fenced by `ownership` and lands whole or not at all.
 * @throws {FencedError | UnavailableError | UnclearOutcomeError | ConfigError}
 */
export interface Inserts {
  deadLetters(batch: Batch, ownership: Ownership, ingestTimeMs: number): Promise<void>;
  rows(batch: Batch, ownership: Ownership, ingestTimeMs: number): Promise<void>;
}

export interface Sink {
  readonly facts: Facts;
  readonly inserts: Inserts;
}
