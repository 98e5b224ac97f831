// Reads the two sides of an audit: the broker's offsets and the contents of the tables. It asks in an order
// that keeps the answer true while a consumer writes; any failure to ask is an error, never a pass.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { UnavailableError } from '../../platform/errors.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import { rowChecksumSql } from '../../streams/checksum.ts';
import type { Stream } from '../../streams/stream.ts';
import { consumerPositions, deadLetters } from '../../streams/table.ts';
import { expiryOf } from './expiry.ts';
import { CLAIM } from '../fence.ts';
import { DUPLICATE, NOT_IN_LOG, UNREADABLE } from '../gap.ts';
import { rangesOf, seedOf, type RecordedFact as Floor } from './recorded-facts.ts';
import { auditRedrives, type RedriveAudit } from '../dead-letters/redrive-audit.ts';
import { reckon, type Counted, type PartitionAudit } from './reckoning.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { sourceOf } from '../../streams/origin.ts';
import { factsKeySql } from '../table-identity.ts';
import { unreadableRanges } from '../unreadable.ts';

/** What an audit asks of Kafka. */
export interface AuditedLog {
  readonly topic: string;
  /** The topic's id, asked freshly. */
  topicId(): Promise<string>;
  logRanges(): Promise<ReadonlyMap<number, LogRange>>;
}

export interface TopicAudit {
  readonly topic: string;
  readonly table: string;
  /** `topic@id` of the topic as it is now. */
  readonly source: string;
  readonly partitions: readonly PartitionAudit[];
  /** Rows of earlier topics of this name: they stay, each offset once. */
  readonly earlier: { readonly rows: number; readonly surplus: number };
  /** Rows of an older installation, which kept no coordinates and cannot be checked. */
  readonly withoutCoordinates: number;
  /** Dead letters that were published again to this topic. */
  readonly redrives: RedriveAudit;
  /** How long rows are kept; undefined: for ever. What may have expired is not checked. */
  readonly retentionDays: number | undefined;
  /** Every offset that should have landed did, once. */
  readonly exact: boolean;
  /** Records that are still to be ingested. */
  readonly behind: number;
}

/**
 * Audits one topic against its stream's table and the dead letters. A consumer may be running.
 * @throws {UnavailableError | ConfigError} when Kafka or ClickHouse could not be asked, or the topic
 * was replaced meanwhile.
 */
export async function auditTopic(
  clickhouse: ClickHouse,
  log: AuditedLog,
  stream: Stream,
): Promise<TopicAudit> {
  const topicId = await log.topicId();
  const source = sourceOf(log.topic, topicId);
  const reader = new Reader(clickhouse, stream, source);
  // Positions first: what lies below one never changes again, so later answers cannot contradict it. Rows
  // before facts: what a batch's rows passed over is recorded before they are. The log after both.
  const lastRows = await reader.lastRows();
  const floors = await reader.floors();
  const positions = positionsOf(lastRows, floors);
  const ranges = await log.logRanges();
  const expiry = await expiryOf(clickhouse, stream, source);
  const partitions = [...new Set([...ranges.keys(), ...positions.keys()])].toSorted(ascending);
  const bounds = partitions.map((partition) => {
    const range = ranges.get(partition) ?? { begin: 0, end: 0 };
    const position = positions.get(partition);
    const expired = Math.min(expiry?.below.get(partition) ?? 0, position ?? 0);
    return { partition, log: range, position, expired };
  });
  const good = await reader.counted('good', bounds);
  const dead = await reader.counted('dead', bounds);
  const both = dead.size === 0 ? new Map<number, number>() : await reader.both(bounds);
  const recorded = new Map(partitions.map((each) => [each, rangesOf(UNREADABLE, floors, each)]));
  const unreadable = await unreadableRanges(clickhouse, stream, source, recorded);
  const audits = bounds.map((bound) => {
    const { partition } = bound;
    const rows = good.get(partition) ?? NOTHING;
    const letters = dead.get(partition) ?? NOTHING;
    return reckon({
      ...bound,
      good: rows.below,
      dead: letters.below,
      deadAhead: letters.ahead,
      both: both.get(partition) ?? 0,
      lowest: least(rows.lowest, letters.lowest),
      gaps: rangesOf('gap', floors, partition),
      absent: rangesOf(NOT_IN_LOG, floors, partition),
      duplicates: rangesOf(DUPLICATE, floors, partition),
      unreadable: unreadable.get(partition) ?? [],
      seed: seedOf(floors.filter((floor) => floor.partition === partition)),
      checksum: rows.checksum,
    });
  });
  const { earlier, withoutCoordinates } = await reader.others(log.topic);
  const redrives = await auditRedrives(clickhouse, stream, source);
  if ((await log.topicId()) !== topicId) {
    throw new UnavailableError(`topic ${log.topic} was replaced during the audit; run it again`);
  }
  return {
    topic: log.topic,
    table: stream.table.name,
    source,
    partitions: audits,
    earlier,
    withoutCoordinates,
    redrives,
    retentionDays: expiry?.days,
    exact: earlier.surplus === 0 && redrives.twice === 0 && audits.every(({ exact }) => exact),
    behind: audits.reduce((sum, { behind }) => sum + behind, 0),
  };
}

interface Bound {
  readonly partition: number;
  readonly log: LogRange;
  readonly position: number | undefined;
  /** Rows of lower offsets may have expired: they are left out. */
  readonly expired: number;
}

interface Found {
  readonly below: Counted;
  readonly ahead: number;
  readonly lowest: number | undefined;
  readonly checksum: bigint;
}

const NOTHING: Found = {
  below: { rows: 0, offsets: 0, inLog: 0 },
  ahead: 0,
  lowest: undefined,
  checksum: 0n,
};

/** Every number comes as text: sums pass 2^53, and servers differ in how JSON shows 64 bits. */
class Reader {
  readonly #clickhouse: ClickHouse;
  readonly #stream: Stream;
  readonly #source: string;

  constructor(clickhouse: ClickHouse, stream: Stream, source: string) {
    this.#clickhouse = clickhouse;
    this.#stream = stream;
    this.#source = source;
  }

  async floors(): Promise<Floor[]> {
    const rows = await this.#clickhouse.rows<Record<'p' | 'o' | 'reason' | 'detail', string>>(
      `SELECT DISTINCT toString(kafka_partition) AS p, toString(kafka_offset) AS o, reason, detail
       FROM ${consumerPositions.name}
       WHERE stream_table = ${factsKeySql(this.#stream.table.name)} AND ${this.#ofSource}
         AND reason != ${quoted(CLAIM)}`,
    );
    return rows.map(({ detail, o, p, reason }) => {
      return { partition: Number(p), offset: Number(o), reason, detail };
    });
  }

  /** The greatest offset of a row, by partition. */
  async lastRows(): Promise<Map<number, number>> {
    const rows = await this.#clickhouse.rows<Record<'p' | 'last', string>>(
      `SELECT toString(kafka_partition) AS p, toString(max(kafka_offset)) AS last
       FROM ${this.#stream.table.name} WHERE ${this.#ofSource}
       GROUP BY kafka_source, kafka_partition`,
    );
    return new Map(rows.map(({ last, p }) => [Number(p), Number(last)]));
  }

  async counted(kind: 'good' | 'dead', bounds: readonly Bound[]): Promise<Map<number, Found>> {
    if (bounds.length === 0) return new Map();
    const good = kind === 'good';
    const begins = perPartition(bounds, ({ expired, log }) => Math.max(expired, log.begin));
    const positions = perPartition(bounds, ({ log, position }) => position ?? log.begin);
    // What was sent and rejected since the log was asked is not of this account.
    const logEnds = perPartition(bounds, ({ log }) => log.end);
    const rows = await this.#clickhouse.rows<
      Record<'p' | 'n' | 'offsets' | 'inLog' | 'ahead' | 'lowest' | 'checksum', string>
    >(
      `SELECT toString(kafka_partition) AS p,
         toString(countIf(kafka_offset < position)) AS n,
         toString(groupBitmapIf(kafka_offset, kafka_offset < position)) AS offsets,
         toString(groupBitmapIf(kafka_offset, kafka_offset < position AND kafka_offset >= begin))
           AS inLog,
         toString(groupBitmapIf(kafka_offset, kafka_offset >= position AND kafka_offset < logEnd))
           AS ahead,
         toString(min(kafka_offset)) AS lowest,
         toString(${good ? `sumIf(${rowChecksumSql(this.#stream)}, kafka_offset < position)` : '0'})
           AS checksum
       FROM (SELECT *, ${begins} AS begin, ${positions} AS position, ${logEnds} AS logEnd
             FROM ${good ? this.#stream.table.name : deadLetters.name}
             WHERE ${good ? this.#ofSource : this.#dead} AND ${kept(bounds)})
       GROUP BY kafka_partition`,
    );
    return new Map(
      rows.map((row) => {
        const below = { rows: Number(row.n), offsets: Number(row.offsets), inLog: Number(row.inLog) };
        const found = { below, ahead: Number(row.ahead), lowest: Number(row.lowest) };
        return [Number(row.p), { ...found, checksum: BigInt(row.checksum) }];
      }),
    ); // prettier-ignore
  }

  /** Offsets that are both a row and a dead letter, by partition. */
  async both(bounds: readonly Bound[]): Promise<Map<number, number>> {
    if (bounds.length === 0) return new Map();
    const rows = await this.#clickhouse.rows<Record<'p' | 'n', string>>(
      `SELECT toString(kafka_partition) AS p, toString(groupBitmap(kafka_offset)) AS n
       FROM ${this.#stream.table.name}
       WHERE ${this.#ofSource} AND ${kept(bounds)} AND (kafka_partition, kafka_offset) IN
         (SELECT kafka_partition, kafka_offset FROM ${deadLetters.name} WHERE ${this.#dead})
       GROUP BY kafka_partition`,
    );
    return new Map(rows.map(({ n, p }) => [Number(p), Number(n)]));
  }

  async others(topic: string): Promise<Pick<TopicAudit, 'earlier' | 'withoutCoordinates'>> {
    const rows = await this.#clickhouse.rows<Record<'source' | 'n' | 'surplus', string>>(
      `SELECT kafka_source AS source, toString(sum(held)) AS n,
         toString(sum(held - offsets)) AS surplus
       FROM (SELECT kafka_source, count() AS held,
               if(kafka_source = '', held, groupBitmap(kafka_offset)) AS offsets
             FROM ${this.#stream.table.name}
             WHERE kafka_source = '' OR startsWith(kafka_source, ${quoted(`${topic}@`)})
             GROUP BY kafka_source, kafka_partition)
       WHERE kafka_source != ${quoted(this.#source)} GROUP BY kafka_source`,
    );
    const earlier = rows.filter(({ source }) => source !== '');
    const sum = (key: 'n' | 'surplus') => earlier.reduce((all, row) => all + Number(row[key]), 0);
    return {
      earlier: { rows: sum('n'), surplus: sum('surplus') },
      withoutCoordinates: Number(rows.find(({ source }) => source === '')?.n ?? 0),
    };
  }

  get #ofSource(): string {
    return `kafka_source = ${quoted(this.#source)}`;
  }

  get #dead(): string {
    return `stream = ${quoted(this.#stream.name)} AND ${this.#ofSource}`;
  }
}

/** Where the consumer would go on, by partition: the greatest floor or one past the last row. */
function positionsOf(
  lastRows: ReadonlyMap<number, number>,
  floors: readonly Floor[],
): Map<number, number> {
  const positions = new Map([...lastRows].map(([partition, last]) => [partition, last + 1]));
  for (const { offset, partition } of floors) {
    positions.set(partition, Math.max(offset, positions.get(partition) ?? 0));
  }
  return positions;
}

/** Rows that retention cannot have touched; nothing to ask when none can expire. */
function kept(bounds: readonly Bound[]): string {
  if (bounds.every(({ expired }) => expired === 0)) return '1';
  return `kafka_offset >= ${perPartition(bounds, ({ expired }) => expired)}`;
}

/** A number that depends on the row's partition, as an expression. */
function perPartition(bounds: readonly Bound[], of: (bound: Bound) => number): string {
  const partitions = bounds.map(({ partition }) => `toUInt16(${partition})`).join(', ');
  const values = bounds.map((bound) => `toUInt64(${of(bound)})`).join(', ');
  return `transform(kafka_partition, [${partitions}], [${values}], toUInt64(0))`;
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

function ascending(one: number, other: number): number {
  return one - other;
}
