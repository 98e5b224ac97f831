// Dead letters of a replay. Dead letters stay dead, as everywhere. A row of the live table that this version
// rejects becomes a letter that is kept apart and joins `dead_letters` only when the replay's table goes
// live, so that the live table and its audit stay true until then.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import type { Stream } from '../../streams/stream.ts';
import { deadLetters, ingestTime } from '../../streams/table.ts';
import { Ledger } from '../ledger.ts';
import { guard, type Ownership } from '../fence.ts';
import { NOT_IN_LOG, UNREADABLE } from '../gap.ts';
import { CARRY } from './plan.ts';
import type { ReplayTables } from './tables.ts';
import type { FloorRow } from '../sink.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

/**
 * A ledger that has offsets carried over which left the log before they were read again, by retention or compaction, or cannot be read any more: the live table
 * has their rows.
 */
export class ReplayLedger extends Ledger {
  override recordFloors(ownership: Ownership, floors: readonly FloorRow[]): Promise<void> {
    const gone = ['gap', NOT_IN_LOG, UNREADABLE];
    const own = floors.map((floor) =>
      gone.includes(floor.reason) ? { ...floor, reason: CARRY } : floor,
    );
    return super.recordFloors(ownership, own);
  }
}

/**
 * Files the letters of one source that are only in the replay. The live table must be claimed: its
 * consumer finds them at its next takeover, and none of its own inserts is under way.
 * @throws {FencedError} a consumer claimed its partitions back.
 */
export async function fileLetters(
  clickhouse: ClickHouse,
  { letters }: ReplayTables,
  stream: Stream,
  ownership: Ownership,
  queryId: string,
): Promise<void> {
  const place = 'kafka_partition, kafka_offset';
  const copied = deadLetters.columns
    .map(({ name }) => name)
    .filter((name) => name !== ingestTime.name);
  const ofSource = `stream = ${quoted(stream.name)} AND kafka_source = ${quoted(ownership.source)}`;
  // One ingest_time, so that all of them are one part.
  const now = `toDateTime64(${(Date.now() / 1_000).toFixed(3)}, 3, 'UTC')`;
  await clickhouse.insert({
    statement: `INSERT INTO ${deadLetters.name} (${copied.join(', ')}, ${ingestTime.name})
      SELECT ${copied.join(', ')}, ${now} FROM ${letters}
      WHERE ${ofSource} AND ${guard(ownership)} AND (${place}) NOT IN
        (SELECT ${place} FROM ${deadLetters.name} WHERE ${ofSource})
      LIMIT 1 BY ${place}`,
    body: [],
    rows: 0,
    queryId,
  });
}

/** Removes again what an abandoned replay had filed: letters whose offsets are rows of the live table. */
export async function withdrawLetters(
  clickhouse: ClickHouse,
  { letters, live }: ReplayTables,
): Promise<void> {
  const [found] = await clickhouse.rows<{ n: string }>(
    `SELECT toString(count()) AS n FROM system.tables
     WHERE database = currentDatabase() AND name = ${quoted(letters)}`,
  );
  if (found?.n !== '1') return;
  const place = 'kafka_source, kafka_partition, kafka_offset';
  const [filed] = await clickhouse.rows<{ n: string }>(
    `SELECT toString(count()) AS n FROM ${letters} WHERE (${place}) IN (SELECT ${place} FROM ${live})`,
  );
  if (filed?.n === '0') return;
  await clickhouse.command(
    `DELETE FROM ${deadLetters.name}
     WHERE (${place}) IN (SELECT ${place} FROM ${letters}) AND (${place}) IN (SELECT ${place} FROM ${live})`,
  );
}
