// The positions of tables, and whether one table has reached another. It only reads and claims no partition.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { consumerPositions } from '../../streams/table.ts';
import { positionsSql } from './plan.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

/** The next offset to ingest, by source and partition. */
export type Positions = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Positions of `sources` in the table behind `table`, whose facts are filed under `keySql`. */
export async function positionsIn(
  clickhouse: ClickHouse,
  table: string,
  keySql: string,
  sources: readonly string[],
): Promise<Positions> {
  const rows = await clickhouse.rows<Record<'source' | 'p' | 'o', string>>(
    `SELECT toString(kafka_source) AS source, toString(kafka_partition) AS p,
       toString(position) AS o FROM (${positionsSql(table, keySql)})
     WHERE kafka_source IN (${sources.map(quoted).join(', ')})`,
  );
  const positions = new Map(sources.map((source) => [source, new Map<number, number>()]));
  for (const { o, p, source } of rows) positions.get(source)!.set(Number(p), Number(o));
  return positions;
}

/** Offsets of one partition, from `first` to below `next`. */
export interface Stretch {
  readonly source: string;
  readonly partition: number;
  readonly first: number;
  readonly next: number;
}

/** What is missing until `reached` is as far as `target`. */
export function stretches(target: Positions, reached: Positions): Stretch[] {
  return [...target].flatMap(([source, partitions]) => {
    return [...partitions].flatMap(([partition, next]) => {
      const first = reached.get(source)?.get(partition) ?? 0;
      return first < next ? [{ source, partition, first, next }] : [];
    });
  });
}

/** A longer stretch is not worth being looked at closely. */
const SHORT = 1_000;

/**
 * How many offsets are left until `table` is as far as `target`. Dead letters at the end of a partition
 * move no position before the next row or checkpoint, so where only they are left, nothing is.
 */
export async function offsetsLeft(
  clickhouse: ClickHouse,
  target: Positions,
  { keySql, letters, table }: { readonly table: string; readonly keySql: string; readonly letters: readonly string[] },
): Promise<number> {
  const reached = await positionsIn(clickhouse, table, keySql, [...target.keys()]);
  const missing = stretches(target, reached);
  const short = missing.filter(({ first, next }) => next - first <= SHORT);
  let left = missing.reduce((sum, { first, next }) => sum + next - first, 0);
  if (short.length === 0) return left;
  const within = short.map(({ first, next, partition, source }) => {
    return `(kafka_source = ${quoted(source)} AND kafka_partition = ${partition}
      AND kafka_offset >= ${first} AND kafka_offset < ${next})`;
  });
  const place = 'kafka_source, kafka_partition, kafka_offset';
  const dead = letters.map((name) => `SELECT ${place} FROM ${name} WHERE ${within.join(' OR ')}`);
  const rows = await clickhouse.rows<Record<'source' | 'p' | 'n', string>>(
    `SELECT toString(kafka_source) AS source, toString(kafka_partition) AS p,
       toString(uniqExact(kafka_offset)) AS n
     FROM (${dead.join(' UNION ALL ')}) GROUP BY kafka_source, kafka_partition`,
  );
  for (const { first, next, partition, source } of short) {
    const found = rows.find((row) => row.source === source && Number(row.p) === partition);
    if (Number(found?.n ?? 0) === next - first) left -= next - first;
  }
  return left;
} // prettier-ignore

/** What an older installation took, by source and partition: floors of the reason `upgrade`. */
export async function seedsOf(clickhouse: ClickHouse, keySql: string): Promise<Positions> {
  const rows = await clickhouse.rows<Record<'source' | 'p' | 'o', string>>(
    `SELECT toString(kafka_source) AS source, toString(kafka_partition) AS p,
       toString(max(kafka_offset)) AS o FROM ${consumerPositions.name}
     WHERE stream_table = ${keySql} AND reason = 'upgrade' GROUP BY kafka_source, kafka_partition`,
  );
  const seeds = new Map<string, Map<number, number>>();
  for (const { o, p, source } of rows) {
    const partitions = seeds.get(source) ?? new Map<number, number>();
    seeds.set(source, partitions.set(Number(p), Number(o)));
  }
  return seeds;
}
