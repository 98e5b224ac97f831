// Gives tables the TTL that RETENTION_DAYS sets. It records positions before any row may expire, so that no
// consumer reads a partition from its start again when its newest rows are gone.
import { quoted } from '../platform/clickhouse/quoted.ts';
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { retentionTtl, ttlOf } from '../platform/clickhouse/retention.ts';
import { conflictError, readTables } from '../platform/clickhouse/schema.ts';
import type { Logger } from '../platform/log.ts';
import {
  consumerPositions,
  deadLetters,
  ingestTime,
  madeByReplay,
  type Table,
} from '../streams/table.ts';

/** The tables that retention applies to: those with an ingest_time. Positions are kept for ever. */
export function expiring(tables: readonly Table[]): Table[] {
  return tables.filter(({ columns }) => columns.includes(ingestTime));
}

/** What to do about a table's TTL, given RETENTION_DAYS (undefined: leave it; 0: keep for ever). */
export type TtlStep = 'nothing' | 'set' | 'remove' | 'conflict';

/** Decides on the TTL of one table. A TTL that is not ours is nobody's but the one's who wrote it. */
export function ttlStep(found: string, days: number | undefined): TtlStep {
  const ours = /^toDateTime\(ingest_time\) \+ toIntervalDay\(\d+\)$/.test(found);
  if (days === undefined || (days === 0 && found === '')) return 'nothing';
  if (found !== '' && !ours) return 'conflict';
  if (days === 0) return 'remove';
  return found === retentionTtl(days) ? 'nothing' : 'set';
}

/**
 * Writes the position of every partition that has rows as a floor: one past the last row and the dead
 * letters that follow it without a hole. That is true whenever it is written, by whomever.
 */
export function positionsOf({ name }: Table, owner: string): string {
  const after = `SELECT kafka_source, kafka_partition, last + number AS next
    FROM (
      SELECT kafka_source, kafka_partition, last, kafka_offset,
        row_number() OVER (PARTITION BY kafka_source, kafka_partition ORDER BY kafka_offset) AS number
      FROM (SELECT DISTINCT kafka_source, kafka_partition, kafka_offset FROM ${deadLetters.name}) AS dead
      INNER JOIN (
        SELECT kafka_source, kafka_partition, max(kafka_offset) AS last FROM ${name}
        GROUP BY kafka_source, kafka_partition
      ) AS rows USING (kafka_source, kafka_partition)
      WHERE kafka_offset > last
    )
    WHERE kafka_offset = last + number`;
  return `INSERT INTO ${consumerPositions.name}
      (stream_table, kafka_source, kafka_partition, kafka_offset, reason, detail, epoch, owner)
    SELECT ${factsKey(name)}, kafka_source, kafka_partition, max(next) + 1, 'checkpoint',
      'recorded before retention', 0, '${owner}'
    FROM (
      SELECT kafka_source, kafka_partition, kafka_offset AS next FROM ${name}
      UNION ALL ${after}
    )
    WHERE kafka_source != '' GROUP BY kafka_source, kafka_partition`;
}

/** Under what the consumer files the facts of a table: its name, or the replay that made it. */
function factsKey(name: string): string {
  const replay = `extract(comment, ${quoted(madeByReplay.pattern)})`;
  return `(SELECT if(${replay} = '', name, concat('replay_', ${replay})) FROM system.tables
    WHERE database = currentDatabase() AND name = ${quoted(name)})`;
}

/**
 * Applies RETENTION_DAYS to `tables`, which exist and are as declared. `streamTables` are those whose
 * rows are positions.
 * @throws {ConfigError} when a table has a TTL of somebody else's making.
 */
export async function applyRetention(
  clickhouse: ClickHouse,
  database: string,
  { tables, streamTables }: { tables: readonly Table[]; streamTables: readonly Table[] },
  days: number | undefined,
  log: Logger,
): Promise<void> {
  if (days === undefined) return;
  const names = expiring(tables).map(({ name }) => name);
  const found = await readTables(clickhouse, database, names);
  const steps = names.map((name) => {
    const ttl = ttlOf(found.get(name)?.engineFull ?? '');
    return { name, ttl, step: ttlStep(ttl, days) };
  });
  const foreign = steps.filter(({ step }) => step === 'conflict');
  if (foreign.length > 0) {
    throw conflictError(
      foreign.map(({ name, ttl }) => `${database}.${name}: RETENTION_DAYS and its TTL ${ttl}`),
      'unset RETENTION_DAYS, or ALTER TABLE … REMOVE TTL',
    );
  }
  if (days > 0) {
    for (const table of streamTables) await clickhouse.command(positionsOf(table, 'setup'));
  }
  for (const { name, step } of steps) {
    if (step === 'nothing') continue;
    const what = step === 'remove' ? 'REMOVE TTL' : `MODIFY TTL ${retentionTtl(days)}`;
    await clickhouse.command(`ALTER TABLE ${name} ${what}`);
    const kept = step === 'remove' ? 'for ever' : `for ${days} days after they were ingested`;
    log.info({ table: name, days }, `Rows of ${database}.${name} are kept ${kept}`);
  }
}
