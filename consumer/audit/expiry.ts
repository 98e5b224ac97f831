// The offset up to which the rows of a partition may have expired by the table's retention (RETENTION_DAYS).
// ClickHouse removes rows part by part, in no order, so below that offset a missing row proves nothing.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { retentionDays } from '../../platform/clickhouse/retention.ts';
import type { Stream } from '../../streams/stream.ts';
import { consumerPositions, deadLetters } from '../../streams/table.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { factsKeySql } from '../table-identity.ts';

/** What expires while the tables are being asked must not look like a loss either. */
const MARGIN_HOURS = 1;

export interface Expiry {
  /** The table's retention. */
  readonly days: number;
  /** By partition: everything below may be gone. Infinity: all of it may. */
  readonly below: ReadonlyMap<number, number>;
}

/**
 * Asks how far each partition of `source` may have expired; undefined when nothing ever does. A
 * partition that was first read within the retention is absent from the answer: nothing expired yet.
 */
export async function expiryOf(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
): Promise<Expiry | undefined> {
  const table = stream.table.name;
  const [found] = await clickhouse.rows<{ engineFull: string }>(
    `SELECT engine_full AS engineFull FROM system.tables
     WHERE database = currentDatabase() AND name = ${quoted(table)}`,
  );
  const days = retentionDays(found?.engineFull ?? '');
  if (days === undefined) return undefined;
  const horizon = `now64(3) - toIntervalDay(${days}) + toIntervalHour(${MARGIN_HOURS})`;
  const ofSource = `kafka_source = ${quoted(source)}`;
  const known = await clickhouse.rows<{ p: string }>(
    `SELECT toString(kafka_partition) AS p FROM ${consumerPositions.name}
     WHERE stream_table = ${factsKeySql(table)} AND ${ofSource}
     GROUP BY kafka_partition HAVING min(written_at) < ${horizon}`,
  );
  // After the last row that is due the others follow in order, whatever the clocks of two owners say.
  const rows = await clickhouse.rows<Record<'p' | 'aged' | 'least' | 'lowest', string>>(
    `SELECT toString(kafka_partition) AS p, toString(countIf(due)) AS aged,
       toString(maxIf(kafka_offset, due) + 1) AS least, toString(min(kafka_offset)) AS lowest
     FROM (SELECT kafka_partition, kafka_offset, ingest_time < ${horizon} AS due
           FROM ${table} WHERE ${ofSource}
           UNION ALL
           SELECT kafka_partition, kafka_offset, ingest_time < ${horizon} AS due
           FROM ${deadLetters.name} WHERE stream = ${quoted(stream.name)} AND ${ofSource})
     GROUP BY kafka_partition`,
  );
  const below = new Map(known.map(({ p }) => [Number(p), Infinity]));
  for (const { aged, least, lowest, p } of rows) {
    const due = Number(aged) > 0;
    if (due || below.has(Number(p))) below.set(Number(p), Number(due ? least : lowest));
  }
  return { days, below };
}
