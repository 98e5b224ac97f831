// How far tables have come, and whether one has come as far as another. Reads only, claims nothing.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { consumerPositions } from '../streams/table.ts';
import { positionsSql } from './replay-plan.ts';
import { quoted } from './source.ts';

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

/** How many offsets are left until `reached` is as far as `target`. */
export function distance(target: Positions, reached: Positions): number {
  let left = 0;
  for (const [source, partitions] of target) {
    for (const [partition, offset] of partitions) {
      left += Math.max(0, offset - (reached.get(source)?.get(partition) ?? 0));
    }
  }
  return left;
}

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
