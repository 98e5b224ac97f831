// The plan of a replay: its start in each partition, the rows to carry over, and the gaps of the live table.
// It is written once, so a later run starts where the first one did although Kafka's log has moved on.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { consumerPositions } from '../../streams/table.ts';
import { CLAIM } from '../fence.ts';
import { DUPLICATE, NOT_IN_LOG, readGap, UNREADABLE, type OffsetRange } from '../gap.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import type { ReplayTables } from './tables.ts';

/** The reason of a floor that says where a replay starts; its `detail` is the time it was asked for. */
export const REPLAY = 'replay';
/** The reason of a floor over offsets that left the log before they were read again. */
export const CARRY = 'carry';

export interface Start {
  readonly source: string;
  readonly partition: number;
  /** The first offset that is read again. */
  readonly offset: number;
}

/** What is known of a partition when a replay is planned. */
export interface Planned {
  /** The first record of the time asked for, by the broker. */
  readonly byTime: number;
  /** Where the live table stands. */
  readonly landed: number;
  readonly begin: number;
  /** An older installation took everything below, without coordinates. */
  readonly seed: number | undefined;
}

/**
 * The first offset to be read again. Never beyond what has landed: rows are carried over only once, and
 * what lands later must be read. Never below the seed: those rows would be there twice.
 */
export function startOffset({ begin, byTime, landed, seed }: Planned): number {
  return Math.max(Math.min(byTime, landed), begin, seed ?? 0);
}

/** What the facts of a replay's table say. */
export interface ReplayFacts {
  /** Epoch milliseconds; undefined when it was not planned yet. */
  readonly fromMs: number | undefined;
  readonly starts: readonly Start[];
  readonly carried: readonly (OffsetRange & { readonly source: string; readonly partition: number })[];
} // prettier-ignore

export async function readFacts(clickhouse: ClickHouse, key: string): Promise<ReplayFacts> {
  const rows = await clickhouse.rows<Record<'source' | 'p' | 'o' | 'reason' | 'detail', string>>(
    `SELECT toString(kafka_source) AS source, toString(kafka_partition) AS p,
       toString(min(kafka_offset)) AS o, reason, detail FROM ${consumerPositions.name}
     WHERE stream_table = ${quoted(key)} AND reason IN ('start', ${quoted(REPLAY)}, ${quoted(CARRY)})
     GROUP BY kafka_source, kafka_partition, reason, detail
     ORDER BY source, kafka_partition, reason = 'start', o`,
  );
  const starts = new Map<string, Start>();
  const carried: ReplayFacts['carried'][number][] = [];
  for (const { detail, o, p, reason, source } of rows) {
    const ranges = reason === CARRY ? readGap(detail) : [];
    const at = { source, partition: Number(p) };
    if (ranges.length > 0) carried.push(...ranges.map((range) => ({ ...at, ...range })));
    else if (!starts.has(`${source} ${p}`)) starts.set(`${source} ${p}`, { ...at, offset: Number(o) });
  } // prettier-ignore
  const plan = rows.find(({ reason }) => reason === REPLAY);
  const fromMs = plan === undefined ? undefined : Date.parse(plan.detail);
  return { fromMs, starts: [...starts.values()], carried };
}

/** Files the plan, all of it or nothing. Nobody else knows the table yet. */
export async function writePlan(
  clickhouse: ClickHouse,
  { id, key }: ReplayTables,
  fromMs: number,
  starts: readonly Start[],
): Promise<void> {
  const from = new Date(fromMs).toISOString();
  const lines = starts.map(({ offset, partition, source }) => {
    return JSON.stringify({ kafka_source: source, kafka_partition: partition, kafka_offset: offset });
  }); // prettier-ignore
  const columns = 'kafka_source, kafka_partition, kafka_offset';
  await clickhouse.insert({
    statement: `INSERT INTO ${consumerPositions.name}
      (stream_table, reason, detail, epoch, owner, ${columns})
      SELECT ${quoted(key)}, ${quoted(REPLAY)}, ${quoted(from)}, 0, '', ${columns}
      FROM input('kafka_source String, kafka_partition UInt16, kafka_offset UInt64')
      FORMAT JSONEachRow`,
    body: [Buffer.from(`${lines.join('\n')}\n`)],
    rows: lines.length,
    queryId: `replay:${id}:plan`,
  });
}

/**
 * Takes over what the live table knows of offsets that have no row, as far as the filled table has come:
 * gaps, what an older installation took, and the oldest fact, which tells since when rows may have
 * expired. Doing it twice changes nothing.
 */
export async function copyGaps(
  clickhouse: ClickHouse,
  { beside, key }: ReplayTables,
  liveKey: string,
  guarded: { readonly guard: string; readonly queryId: string },
): Promise<void> {
  const place = 'kafka_source, kafka_partition';
  const facts = `${place}, kafka_offset, reason, detail, epoch, owner, written_at`;
  await clickhouse.insert({
    statement: `INSERT INTO ${consumerPositions.name} (stream_table, ${facts})
      SELECT ${quoted(key)}, ${facts}
      FROM (SELECT * FROM ${consumerPositions.name}
            WHERE stream_table = ${quoted(liveKey)}
              AND reason NOT IN (${[CLAIM, REPLAY, CARRY].map(quoted).join(', ')})
            ORDER BY written_at
            LIMIT 1 BY ${place}, if(reason IN ('gap', '${NOT_IN_LOG}', '${DUPLICATE}', '${UNREADABLE}', 'upgrade'), concat(toString(kafka_offset), detail), '')) AS fact
      INNER JOIN (${positionsSql(beside, quoted(key))}) AS reached USING (${place})
      WHERE fact.kafka_offset <= reached.position AND ${guarded.guard}`,
    body: [],
    rows: 0,
    queryId: guarded.queryId,
  });
}

/** `kafka_source, kafka_partition, position` of everything in a table, as a SELECT. */
export function positionsSql(table: string, keySql: string): string {
  const place = 'kafka_source, kafka_partition';
  return `SELECT ${place}, max(reached) AS position FROM (
      SELECT ${place}, max(kafka_offset) + 1 AS reached FROM ${table}
      WHERE kafka_source != '' GROUP BY ${place}
      UNION ALL
      SELECT ${place}, max(kafka_offset) AS reached FROM ${consumerPositions.name}
      WHERE stream_table = ${keySql} AND reason != ${quoted(CLAIM)} GROUP BY ${place}
    ) GROUP BY ${place}`;
}
