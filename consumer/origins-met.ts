// Reads from the tables the records of its origin that a stream has ingested, up to the position of each
// partition.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { originKey, type Origins } from './origins.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';

/**
 * What was met below `positions`, by partition; all rows of `own` are below. Dead letters at or above are of
 * a batch whose rows may not have landed: what they were made from will be met again.
 */
export async function metOrigins(
  clickhouse: ClickHouse,
  tables: readonly string[],
  own: string,
  source: string,
  positions: ReadonlyMap<number, number>,
): Promise<Map<number, Origins>> {
  const origins = new Map<number, Origins>([...positions.keys()].map((each) => [each, new Map()]));
  const below = [...positions].map(([partition, position]) => {
    return `(kafka_partition = ${partition} AND kafka_offset < ${position})`;
  });
  const partitions = [...positions.keys()].join(', ');
  for (const table of tables) {
    // Exactly the projection's aggregates and keys, so that the table itself is not scanned.
    const where = table === own ? '' : `AND (${below.join(' OR ')}) AND origin_source != ''`;
    const rows = await clickhouse.rows<Record<'p' | 's' | 'sp' | 'so', string>>(
      `SELECT toString(kafka_partition) AS p, toString(origin_source) AS s,
         toString(origin_partition) AS sp, toString(max(origin_offset)) AS so
       FROM ${table} WHERE kafka_source = ${quoted(source)} AND kafka_partition IN (${partitions}) ${where}
       GROUP BY kafka_source, kafka_partition, origin_source, origin_partition`,
    );
    for (const { p, s, so, sp } of rows) {
      const key = originKey({ source: s, partition: Number(sp) });
      const met = origins.get(Number(p));
      met?.set(key, Math.max(Number(so), met.get(key) ?? -1));
    }
  }
  return origins;
}
