// Reads and writes what ClickHouse knows about partitions: claims (who may write), floors and rows
// (what has landed), dead offsets. Every write carries the fence; every read is repeatable.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { retentionDays } from '../platform/clickhouse/retention.ts';
import {
  FencedError,
  InvariantError,
  UnclearOutcomeError,
  UnavailableError,
} from '../platform/errors.ts';
import { consumerPositions, deadLetters } from '../streams/table.ts';
import { claim, type ClaimSteps } from './claim.ts';
import { CLAIM, guard, insertId, insertsInto, type Claim, type Ownership } from './fence.ts';
import { DUPLICATE, NOT_IN_LOG, readGap, UNREADABLE, type OffsetRange } from './gap.ts';
import { metOrigins } from './origins-met.ts';
import type { Origins } from './origins.ts';
import type { Facts, FloorRow, Landed } from './sink.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';
import { factsKey, readIdentity, type TableIdentity } from './table-identity.ts';

export class Ledger implements Facts {
  readonly #clickhouse: ClickHouse;
  readonly #database: string;
  readonly #table: string;
  readonly #owner: string;
  readonly #originTables: readonly string[];
  /** What stood behind the table's name when it was last asked. */
  #identity: TableIdentity | undefined;
  #sequence = 0;

  /**
   * `owner` must be unique to this process; `originTables` are those in which records of a stream that
   * has an origin were met, none for others.
   */
  constructor(
    clickhouse: ClickHouse,
    database: string,
    table: string,
    owner: string,
    originTables: readonly string[] = [],
  ) {
    this.#clickhouse = clickhouse;
    this.#database = database;
    this.#table = table;
    this.#owner = owner;
    this.#originTables = originTables;
  }

  get owner(): string {
    return this.#owner;
  }

  /** A fresh id for an insert under `ownership`. */
  nextInsertId(ownership: Ownership): string {
    this.#sequence += 1;
    return insertId(ownership, this.#sequence);
  }

  /**
   * Makes this process the owner of the partitions and ends every insert into them that is still
   * under way, from any sender. When it returns, what has landed no longer changes. The claim is of the
   * table that stands behind the name now; when a replay puts another in its place, it is void.
   * @throws {FencedError} when another process claimed at the same time and won.
   * @throws {UnavailableError | ConfigError}
   */
  async claim(source: string, partitions: readonly number[]): Promise<Ownership> {
    const table = await readIdentity(this.#clickhouse, this.#table);
    this.#identity = table;
    const claimant = { database: this.#database, table, source, owner: this.#owner };
    return claim(this.#steps(claimant), claimant, partitions);
  }

  #steps(claimant: Omit<Ownership, 'claims'>): ClaimSteps {
    return {
      epochs: (source, partitions) => this.#epochs(source, partitions),
      writeClaims: (ownership) => this.#write(ownership, ownership.claims.map(claimRow), '1'),
      endInserts: (source, partitions) => {
        const condition = insertsInto(claimant, source, partitions);
        // SYNC waits for what it kills.
        return this.#clickhouse.command(`KILL QUERY WHERE ${condition} SYNC`);
      },
      runningInserts: async (source, partitions) => {
        const [left] = await this.#clickhouse.rows<{ running: string }>(
          `SELECT count() AS running FROM system.processes WHERE ${insertsInto(claimant, source, partitions)}`,
        );
        return Number(left?.running ?? 0);
      },
      owners: (source, partitions) => this.#owners(source, partitions),
    };
  }

  /**
   * Checks that the claims of `ownership` stand.
   * @throws {FencedError} when they do not, or another table stands behind the name.
   */
  async assertStanding(ownership: Ownership): Promise<void> {
    await this.#clickhouse.rows(`SELECT 1 WHERE ${guard(ownership)}`);
  }

  async #known(): Promise<TableIdentity> {
    return (this.#identity ??= await readIdentity(this.#clickhouse, this.#table));
  }

  async #epochs(source: string, partitions: readonly number[]): Promise<Map<number, number>> {
    const rows = await this.#clickhouse.rows<{ kafka_partition: number; epoch: string }>(
      `SELECT kafka_partition, max(epoch) AS epoch FROM ${consumerPositions.name}
       WHERE ${await this.#of(source, partitions)} AND reason = ${quoted(CLAIM)} GROUP BY kafka_partition`,
    );
    return new Map(rows.map((row) => [row.kafka_partition, Number(row.epoch)]));
  }

  async #owners(source: string, partitions: readonly number[]) {
    const rows = await this.#clickhouse.rows<{ kafka_partition: number; e: string; o: string }>(
      `SELECT kafka_partition, max((epoch, owner)) AS latest, latest.1 AS e, latest.2 AS o
       FROM ${consumerPositions.name}
       WHERE ${await this.#of(source, partitions)} AND reason = ${quoted(CLAIM)} GROUP BY kafka_partition`,
    );
    return new Map(
      rows.map(({ e, kafka_partition: at, o }) => [at, { epoch: Number(e), owner: o }]),
    );
  }

  /**
   * What has landed in the table that was claimed, by partition; partitions without a trace are absent.
   * @throws {FencedError} when another table stands behind the name by now.
   */
  async landed(source: string, partitions: readonly number[]): Promise<Map<number, Landed>> {
    const floors = await this.#clickhouse.rows<{ kafka_partition: number; floor: string }>(
      `SELECT kafka_partition, max(kafka_offset) AS floor FROM ${consumerPositions.name}
       WHERE ${await this.#of(source, partitions)} AND reason != ${quoted(CLAIM)} GROUP BY kafka_partition`,
    );
    // Exactly the projection's aggregates, so that the table itself is not scanned.
    const rows = await this.#clickhouse.rows<Record<'p' | 'max' | 'min' | 'count', string>>(
      `SELECT kafka_partition AS p, max(kafka_offset) AS max, min(kafka_offset) AS min, count() AS count
       FROM ${this.#table} WHERE kafka_source = ${quoted(source)}
         AND kafka_partition IN (${partitions.join(', ')})
       GROUP BY kafka_source, kafka_partition`,
    );
    await this.#assertSameTable();
    const landed = new Map<number, Landed>();
    for (const row of floors) {
      landed.set(row.kafka_partition, { floor: Number(row.floor), rows: undefined });
    }
    for (const { count, max, min, p } of rows) {
      const floor = landed.get(Number(p))?.floor;
      const found = { max: Number(max), min: Number(min), count: Number(count) };
      landed.set(Number(p), { floor, rows: found });
    }
    return landed;
  }

  /** Rows are found by name, floors by key: both must be of one table. */
  async #assertSameTable(): Promise<void> {
    const now = await readIdentity(this.#clickhouse, this.#table);
    if (now.replay === (await this.#known()).replay) return;
    throw new FencedError(`a replay put another table in the place of ${this.#table}`);
  }

  /** Offsets at or above `from` that are already recorded as dead. */
  async deadFrom(source: string, partition: number, from: number): Promise<Set<number>> {
    const rows = await this.#clickhouse.rows<{ kafka_offset: string }>(
      `SELECT DISTINCT kafka_offset FROM ${deadLetters.name}
       WHERE kafka_source = ${quoted(source)} AND kafka_partition = ${partition}
         AND kafka_offset >= ${from}`,
    );
    return new Set(rows.map((row) => Number(row.kafka_offset)));
  }

  /** What was met of the stream's origin below `positions`, by partition. */
  origins(
    source: string,
    positions: ReadonlyMap<number, number>,
  ): Promise<ReadonlyMap<number, Origins>> {
    return metOrigins(this.#clickhouse, this.#originTables, this.#table, source, positions);
  }

  /** How many offsets from `first` to `last` are recorded as dead. */
  async deadBetween(
    source: string,
    partition: number,
    first: number,
    last: number,
  ): Promise<number> {
    const [found] = await this.#clickhouse.rows<{ dead: string }>(
      `SELECT uniqExact(kafka_offset) AS dead FROM ${deadLetters.name}
       WHERE kafka_source = ${quoted(source)} AND kafka_partition = ${partition}
         AND kafka_offset BETWEEN ${first} AND ${last}`,
    );
    return Number(found?.dead ?? 0);
  }

  /** For how many days the table keeps its rows; undefined: for ever. */
  async retentionDays(): Promise<number | undefined> {
    const [found] = await this.#clickhouse.rows<{ engineFull: string }>(
      `SELECT engine_full AS engineFull FROM system.tables
       WHERE database = ${quoted(this.#database)} AND name = ${quoted(this.#table)}`,
    );
    return retentionDays(found?.engineFull ?? '');
  }

  /** Offsets that are recorded as having no record (any more), for one of these reasons. */
  async gone(
    source: string,
    partition: number,
    because: readonly string[] = ['gap', NOT_IN_LOG, DUPLICATE, UNREADABLE],
  ): Promise<OffsetRange[]> {
    const reasons = because.map(quoted).join(', ');
    const rows = await this.#clickhouse.rows<{ detail: string }>(
      `SELECT DISTINCT detail FROM ${consumerPositions.name}
       WHERE ${await this.#of(source, [partition])} AND reason IN (${reasons})`,
    );
    return rows.flatMap(({ detail }) => readGap(detail));
  }

  /**
   * True when the table was filled by an installation that kept no coordinates and this version has
   * not read any incarnation of the topic yet.
   */
  async isUpgraded(topic: string): Promise<boolean> {
    const [old] = await this.#clickhouse.rows<{ old: string }>(
      `SELECT count() AS old FROM (SELECT 1 FROM ${this.#table} WHERE kafka_source = '' LIMIT 1)`,
    );
    if (Number(old?.old ?? 0) === 0) return false;
    const start = quoted(`${topic}@`);
    const [seen] = await this.#clickhouse.rows<{ seen: string }>(
      `SELECT uniqExact(kafka_source) AS seen FROM ${consumerPositions.name}
       WHERE stream_table = ${quoted(factsKey(await this.#known()))} AND startsWith(kafka_source, ${start})`,
    );
    // The claim of this very takeover is one source; a second one is an earlier incarnation.
    return Number(seen?.seen ?? 0) <= 1;
  }

  /** Records floors. What they cover must have landed before. */
  async recordFloors(ownership: Ownership, floors: readonly FloorRow[]): Promise<void> {
    if (floors.length === 0) return;
    const epochs = new Map(ownership.claims.map(({ epoch, partition }) => [partition, epoch]));
    const rows = floors.map((floor) => {
      const epoch = epochs.get(floor.partition);
      if (epoch !== undefined) return { ...floor, epoch };
      throw new InvariantError(`a fact about partition ${floor.partition} of ${ownership.source}, which is not claimed`); // prettier-ignore
    });
    await this.#write(ownership, rows, guard(ownership));
  }

  /** Writing a fact twice changes nothing, so an unclear outcome is simply worth another try. */
  async #write(
    { source, table }: Ownership,
    rows: readonly PositionRow[],
    condition: string,
  ): Promise<void> {
    const columns = 'kafka_partition, kafka_offset, reason, detail, epoch';
    const types =
      'kafka_partition UInt16, kafka_offset UInt64, reason String, detail String, epoch UInt64';
    const fixed = [factsKey(table), source, this.#owner].map(quoted).join(', ');
    this.#sequence += 1;
    const lines = rows.map(({ detail, epoch, offset, partition, reason }) => {
      return JSON.stringify({ kafka_partition: partition, kafka_offset: offset, reason, detail, epoch });
    }); // prettier-ignore
    try {
      await this.#clickhouse.insert({
        statement: `INSERT INTO ${consumerPositions.name}
          (stream_table, kafka_source, owner, ${columns})
          SELECT ${fixed}, ${columns} FROM input(${quoted(types)})
          WHERE ${condition} FORMAT JSONEachRow`,
        body: [Buffer.from(`${lines.join('\n')}\n`)],
        rows: rows.length,
        queryId: `positions:${this.#owner}:${this.#sequence}`,
      });
    } catch (error) {
      if (!(error instanceof UnclearOutcomeError)) throw error;
      throw new UnavailableError(error.message, { cause: error });
    }
  }

  async #of(source: string, partitions: readonly number[]): Promise<string> {
    return `stream_table = ${quoted(factsKey(await this.#known()))} AND kafka_source = ${quoted(source)}
      AND kafka_partition IN (${partitions.join(', ')})`;
  }
}

interface PositionRow extends FloorRow {
  readonly epoch: number;
}

function claimRow({ epoch, partition }: Claim): PositionRow {
  return { partition, offset: 0, reason: CLAIM, detail: '', epoch };
}
