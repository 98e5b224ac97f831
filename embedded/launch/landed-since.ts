// Asks ClickHouse what landed of one source since a run began: rows, dead letters, and offsets that the
// consumer recorded as neither.
import { covered, readGap, type OffsetRange } from '../../consumer/gap.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { factsKeySql } from '../../consumer/table-identity.ts';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import type { Stream } from '../../streams/stream.ts';
import { consumerPositions, deadLetters } from '../../streams/table.ts';
import type { PartitionStanding } from './account.ts';

/** By partition: the first offset that belongs to the run. */
export type Begins = ReadonlyMap<number, number>;

/** Reasons of `consumer_positions` that name offsets, in the order in which they count. */
const ORDER = ['gap', 'duplicate'];

type Counts = ReadonlyMap<number, Readonly<Record<string, number>>>;

export class LandedSince {
  readonly #clickhouse: ClickHouse;
  readonly #stream: Stream;
  readonly #source: string;

  /** `source` is `topic@id`. */
  constructor(clickhouse: ClickHouse, stream: Stream, source: string) {
    this.#clickhouse = clickhouse;
    this.#stream = stream;
    this.#source = source;
  }

  /** Below which offset everything has landed, by partition; absent where nothing has. */
  async positions(): Promise<Map<number, number>> {
    const { name } = this.#stream.table;
    const rows = await this.#clickhouse.rows<Record<'p' | 'position', string>>(
      `SELECT toString(kafka_partition) AS p, toString(max(position)) AS position
       FROM (SELECT kafka_partition, max(kafka_offset) + 1 AS position FROM ${name}
             WHERE ${this.#ofSource} GROUP BY kafka_source, kafka_partition
             UNION ALL
             SELECT kafka_partition, max(kafka_offset) FROM ${consumerPositions.name}
             WHERE stream_table = ${factsKeySql(name)} AND ${this.#ofSource} AND reason != 'claim'
             GROUP BY kafka_partition)
       GROUP BY kafka_partition`,
    );
    return new Map(rows.map(({ p, position }) => [Number(p), Number(position)]));
  }

  /** The sources of `topic` that any consumer claimed for the table: the topic may have been created again. */
  async sourcesOf(topic: string): Promise<string[]> {
    const rows = await this.#clickhouse.rows<{ source: string }>(
      `SELECT DISTINCT kafka_source AS source FROM ${consumerPositions.name}
       WHERE stream_table = ${factsKeySql(this.#stream.table.name)}
         AND startsWith(kafka_source, ${quoted(`${topic}@`)})`,
    );
    return rows.map(({ source }) => source);
  }

  /**
   * How the partitions of `ranges` stand; only their ends matter. What landed behind an end came after the log
   * was asked, unless `positions`, which were asked before it, lie there already.
   */
  async standings(
    begins: Begins,
    ranges: ReadonlyMap<number, Pick<LogRange, 'end'>>,
    positions: ReadonlyMap<number, number>,
  ): Promise<PartitionStanding[]> {
    const ends = new Map([...ranges].map(([partition, { end }]) => [partition, end]));
    const since = `kafka_offset >= ${transform('kafka_partition', begins)}
      AND kafka_offset < ${transform('kafka_partition', ends)}`;
    const good = `SELECT kafka_partition, kafka_offset FROM ${this.#stream.table.name}
      WHERE ${this.#ofSource} AND ${since}`;
    const dead = `SELECT kafka_partition, kafka_offset FROM ${deadLetters.name}
      WHERE stream = ${quoted(this.#stream.name)} AND ${this.#ofSource} AND ${since}`;
    const among = `(kafka_partition, kafka_offset) IN (${dead})`;
    const [rows, letters, recorded] = await Promise.all([
      this.#counts(
        `SELECT kafka_partition, count() AS rows, groupBitmap(kafka_offset) AS offsets,
           groupBitmapIf(kafka_offset, ${among}) AS both
         FROM (${good}) GROUP BY kafka_partition`,
      ),
      this.#counts(
        `SELECT kafka_partition, groupBitmap(kafka_offset) AS dead FROM (${dead}) GROUP BY kafka_partition`,
      ),
      this.#recorded(),
    ]);
    return [...ranges].map(([partition, { end }]) => {
      const begin = Math.min(begins.get(partition) ?? 0, end);
      const { both = 0, offsets = 0, rows: all = 0 } = rows.get(partition) ?? {};
      return {
        ...{ partition, begin, end, both, offsets, rows: all },
        dead: letters.get(partition)?.['dead'] ?? 0,
        beyond: Math.max(0, (positions.get(partition) ?? 0) - end),
        recorded: countedOnce(recorded.get(partition) ?? [], { first: begin, last: end - 1 }),
      };
    });
  }

  /** Whether any row of this run can be queried. */
  async hasRows(begins: Begins): Promise<boolean> {
    const found = await this.#clickhouse.rows(
      `SELECT 1 FROM ${this.#stream.table.name} WHERE ${this.#ofSource}
         AND kafka_offset >= ${transform('kafka_partition', begins)} LIMIT 1`,
    );
    return found.length > 0;
  }

  /** Dead letters that no processor made: somebody sent them to the table's topic. */
  async direct(begins: Begins): Promise<number> {
    const [found] = await this.#clickhouse.rows<{ n: string }>(
      `SELECT toString(uniqExact(kafka_partition, kafka_offset)) AS n FROM ${deadLetters.name}
       WHERE stream = ${quoted(this.#stream.name)} AND ${this.#ofSource} AND origin_source = ''
         AND kafka_offset >= ${transform('kafka_partition', begins)}`,
    );
    return Number(found?.n ?? 0);
  }

  /**
   * Of how many offsets of the topic that this one is made from, from `begins` to below `ends`, there is a
   * row or a dead letter.
   */
  async made(origin: string, begins: Begins, ends?: Begins): Promise<number> {
    const below =
      ends === undefined ? '1' : `origin_offset < ${transform('origin_partition', ends)}`;
    const of = (table: string): string => `SELECT origin_partition, origin_offset FROM ${table}
      WHERE origin_source = ${quoted(origin)} AND ${below}
        AND origin_offset >= ${transform('origin_partition', begins)}`;
    const [found] = await this.#clickhouse.rows<{ n: string }>(
      `SELECT toString(uniqExact(origin_partition, origin_offset)) AS n
       FROM (${of(this.#stream.table.name)}
             UNION ALL ${of(deadLetters.name)} AND stream = ${quoted(this.#stream.name)})`,
    );
    return Number(found?.n ?? 0);
  }

  async #counts(sql: string): Promise<Counts> {
    const rows = await this.#clickhouse.rows<Record<string, string | number>>(sql);
    return new Map(
      rows.map(({ kafka_partition: partition, ...counts }) => {
        const numbers = Object.entries(counts).map(([name, n]) => [name, Number(n)] as const);
        return [Number(partition), Object.fromEntries(numbers)];
      }),
    );
  }

  async #recorded(): Promise<Map<number, Recorded[]>> {
    const rows = await this.#clickhouse.rows<Record<'p' | 'reason' | 'detail', string>>(
      `SELECT DISTINCT toString(kafka_partition) AS p, reason, detail FROM ${consumerPositions.name}
       WHERE stream_table = ${factsKeySql(this.#stream.table.name)} AND ${this.#ofSource}
         AND startsWith(detail, 'offsets ')`,
    );
    const found = rows.map(({ detail, p, reason }) => {
      return { partition: Number(p), reason, ranges: readGap(detail) };
    });
    return Map.groupBy(found, ({ partition }) => partition);
  }

  get #ofSource(): string {
    return `kafka_source = ${quoted(this.#source)}`;
  }
}

interface Recorded {
  readonly reason: string;
  readonly ranges: readonly OffsetRange[];
}

/** How many offsets of `within` each reason covers; one that several cover counts for the first of them. */
export function countedOnce(
  recorded: readonly Recorded[],
  within: OffsetRange,
): Record<string, number> {
  const rank = (reason: string): number => ORDER.indexOf(reason) + 1 || ORDER.length + 1;
  const byReason = [...Map.groupBy(recorded, ({ reason }) => reason)];
  const counts: Record<string, number> = {};
  const before: OffsetRange[] = [];
  for (const [reason, all] of byReason.toSorted(([a], [b]) => rank(a) - rank(b))) {
    const known = covered(before, within);
    before.push(...all.flatMap(({ ranges }) => ranges));
    const count = covered(before, within) - known;
    if (count > 0) counts[reason] = count;
  }
  return counts;
}

/** The number of a row's partition, as an expression; 0 for one that is not listed. */
function transform(column: string, numbers: Begins): string {
  if (numbers.size === 0) return 'toUInt64(0)';
  const partitions = [...numbers.keys()].map((partition) => `toUInt16(${partition})`);
  const values = [...numbers.values()].map((value) => `toUInt64(${value})`);
  return `transform(${column}, [${partitions.join(', ')}], [${values.join(', ')}], toUInt64(0))`;
}
