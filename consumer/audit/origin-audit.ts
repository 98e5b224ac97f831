// Audits the step before the topic: does every record of the topic that a stream is made from have one row or
// one dead letter? A second product must have been left out; a record without a product is missing.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { UnavailableError } from '../../platform/errors.ts';
import type { Stream } from '../../streams/stream.ts';
import { UNREADABLE_HEADER } from '../../streams/origin.ts';
import { deadLetters } from '../../streams/table.ts';
import type { AuditedLog } from './audit.ts';
import { lateness } from './report.ts';
import { expiryOf } from './expiry.ts';
import { covered, type OffsetRange } from '../gap.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { sourceOf } from '../../streams/origin.ts';

export interface OriginPartition {
  readonly partition: number;
  /** First and one-past-last offset of the origin's log. */
  readonly begin: number;
  readonly end: number;
  /** Records in the log that are a row or a dead letter. */
  readonly made: number;
  /** Records that the processor could not read and passed over, one dead letter for each range of them. */
  readonly unreadable: number;
  /** Offsets before the last one that was made without a record that may be read: aborted, markers, compacted. */
  readonly absent: number;
  /** Records before the last one that was made which are none of these. */
  readonly missing: number;
  /** Rows and dead letters too many. */
  readonly surplus: number;
  /** Records that are still to be made or to be ingested. */
  readonly behind: number;
}

export interface OriginAudit {
  readonly source: string;
  readonly partitions: readonly OriginPartition[];
  readonly exact: boolean;
  readonly behind: number;
}

/** What the audit of an origin asks of Kafka beyond that: nothing in the tables says which offsets have no record. */
export interface OriginLog extends AuditedLog {
  /** How many of these offsets, which are in order, have a record that may be read. */
  present(partition: number, ranges: readonly OffsetRange[]): Promise<number>;
}

/** Whoever is further behind than that is, however many of the offsets have a record. */
const BEHIND_LOOKED_AT_MAX = 100_000;

/**
 * @throws {UnavailableError | ConfigError} when Kafka or ClickHouse could not be asked, or the topic was replaced
 * meanwhile.
 */
export async function auditOrigin(
  clickhouse: ClickHouse,
  log: OriginLog,
  stream: Stream,
): Promise<OriginAudit> {
  const topicId = await log.topicId();
  const source = sourceOf(log.topic, topicId);
  // The tables first: what the log holds by then can only be more.
  const found = await reached(clickhouse, stream, source);
  const ranges = await log.logRanges();
  const expires = (await expiryOf(clickhouse, stream, source)) !== undefined;
  const partitions: OriginPartition[] = [];
  for (const [partition, { begin, end }] of [...ranges].toSorted(([one], [other]) => one - other)) {
    const { lowest = begin, position = begin } = found.get(partition) ?? {};
    // Retention removes the oldest rows; what may be gone is not asked for.
    const from = Math.min(Math.max(begin, expires ? lowest : begin), position);
    const { ahead, made, surplus } = await counted(clickhouse, stream, source, partition, {
      from,
      position,
      end,
    });
    const passed = await passedOver(clickhouse, stream, source, partition);
    const next = Math.max(begin, position);
    const below = covered(passed, { first: from, last: next - 1 });
    const beyond = covered(passed, { first: next, last: end - 1 });
    const unmade = next - from - made - below;
    const late = Math.max(0, end - next - ahead - beyond);
    const within = { first: from, last: late > BEHIND_LOOKED_AT_MAX ? next - 1 : end - 1 };
    const ranges =
      unmade === 0 && late === 0
        ? []
        : await unmadeRanges(clickhouse, stream, source, partition, within, passed);
    const [before, after] = [within.last < next ? ranges : upTo(ranges, next - 1), since(ranges, next)]; // prettier-ignore
    const missing = unmade === 0 ? 0 : await log.present(partition, before);
    const behind = after.length === 0 ? late : await log.present(partition, after);
    partitions.push({
      ...{ partition, begin, end, surplus, missing, behind },
      made: made + ahead,
      unreadable: below + beyond,
      absent: unmade - missing,
    });
  }
  if ((await log.topicId()) !== topicId) {
    throw new UnavailableError(`topic ${log.topic} was replaced during the audit; run it again`);
  }
  return {
    source,
    partitions,
    exact: partitions.every(({ missing, surplus }) => missing === 0 && surplus === 0),
    behind: partitions.reduce((sum, { behind }) => sum + behind, 0),
  };
}

/** By origin partition: the lowest offset that is a row, and one past the greatest. */
async function reached(clickhouse: ClickHouse, stream: Stream, source: string) {
  const rows = await clickhouse.rows<Record<'p' | 'lowest' | 'greatest', string>>(
    `SELECT toString(origin_partition) AS p, toString(min(origin_offset)) AS lowest,
       toString(max(origin_offset)) AS greatest
     FROM ${stream.table.name} WHERE origin_source = ${quoted(source)} GROUP BY origin_partition`,
  );
  return new Map(
    rows.map(({ greatest, lowest, p }) => {
      return [Number(p), { lowest: Number(lowest), position: Number(greatest) + 1 }];
    }),
  );
}

async function counted(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
  partition: number,
  { end, from, position }: Readonly<Record<'end' | 'from' | 'position', number>>,
) {
  const here = `origin_source = ${quoted(source)} AND origin_partition = ${partition}`;
  const place = `toString(kafka_source) AS s, kafka_partition AS p, kafka_offset AS o, origin_offset AS made_of`;
  const below = `made_of >= ${from} AND made_of < ${position}`;
  // Dead letters are recorded ahead of the rows around them, hence those at or above the position.
  const [row] = await clickhouse.rows<Record<'made' | 'ahead' | 'surplus', string>>(
    `SELECT toString(uniqExactIf(made_of, ${below})) AS made,
       toString(uniqExactIf(made_of, made_of >= ${position} AND made_of < ${end})) AS ahead,
       toString(uniqExact(s, p, o) - uniqExact(made_of)) AS surplus
     FROM (SELECT ${place} FROM ${stream.table.name} WHERE ${here}
           UNION ALL
           SELECT ${place} FROM ${deadLetters.name} WHERE stream = ${quoted(stream.name)} AND ${here})`,
  );
  const { ahead, made, surplus } = row!;
  return { ahead: Number(ahead), made: Number(made), surplus: Number(surplus) };
}

/** The offsets of `within` of which nothing was made and that no stub stands for, as ranges in order. */
async function unmadeRanges(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
  partition: number,
  { first, last }: OffsetRange,
  passed: readonly OffsetRange[],
): Promise<OffsetRange[]> {
  const here = `origin_source = ${quoted(source)} AND origin_partition = ${partition}
    AND origin_offset >= ${first} AND origin_offset <= ${last}`;
  const rows = await clickhouse.rows<Record<'first' | 'last', string>>(
    `SELECT toString(before + 1) AS first, toString(at - 1) AS last
     FROM (SELECT at, lagInFrame(at, 1, toInt64(${first - 1})) OVER (ORDER BY at) AS before
           FROM (SELECT DISTINCT toInt64(origin_offset) AS at FROM ${stream.table.name} WHERE ${here}
                 UNION DISTINCT
                 SELECT toInt64(origin_offset) FROM ${deadLetters.name}
                 WHERE stream = ${quoted(stream.name)} AND ${here}
                 UNION DISTINCT SELECT toInt64(${last + 1})))
     WHERE at > before + 1 ORDER BY at`,
  );
  const stubs = passed.toSorted((one, other) => one.first - other.first);
  return rows.flatMap((row) => apart({ first: Number(row.first), last: Number(row.last) }, stubs));
}

/** What is left of a range without others, which are in order. */
function apart({ first, last }: OffsetRange, others: readonly OffsetRange[]): OffsetRange[] {
  const left: OffsetRange[] = [];
  let next = first;
  for (const other of others) {
    if (other.last < next || other.first > last) continue;
    if (other.first > next) left.push({ first: next, last: other.first - 1 });
    next = other.last + 1;
  }
  return next <= last ? [...left, { first: next, last }] : left;
}

function upTo(ranges: readonly OffsetRange[], max: number): OffsetRange[] {
  return ranges.flatMap(({ first, last }) => (first > max ? [] : [{ first, last: Math.min(last, max) }]));
} // prettier-ignore

function since(ranges: readonly OffsetRange[], min: number): OffsetRange[] {
  return ranges.flatMap(({ first, last }) => (last < min ? [] : [{ first: Math.max(first, min), last }]));
} // prettier-ignore

/**
 * The ranges that stubs stand for, without the last offset of each: that is the stub's own and counts as made.
 */
async function passedOver(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
  partition: number,
): Promise<OffsetRange[]> {
  const rows = await clickhouse.rows<{ o: string; headers: string }>(
    `SELECT DISTINCT toString(origin_offset) AS o, headers FROM ${deadLetters.name}
     WHERE stream = ${quoted(stream.name)} AND origin_source = ${quoted(source)}
       AND origin_partition = ${partition} AND position(headers, ${quoted(UNREADABLE_HEADER)}) > 0`,
  );
  return rows.flatMap(({ headers, o }) => {
    const named = new Map(JSON.parse(headers) as [string, string[]][]).get(UNREADABLE_HEADER)?.[0];
    const range = /^(\d{1,16})-(\d{1,16})$/.exec(Buffer.from(named ?? '', 'base64').toString());
    const [first, last] = [Number(range?.[1]), Number(range?.[2])];
    // Whoever writes to the topic can write such a header: it covers nothing but what ends at its own record.
    return last === Number(o) && first < last ? [{ first, last: last - 1 }] : [];
  });
}

/** Lines for a person, with a verdict. */
export function originReport(audit: OriginAudit, stream: Stream, hidden = ''): string {
  const sum = (key: 'absent' | 'made' | 'missing' | 'surplus' | 'unreadable'): number =>
    audit.partitions.reduce((all, each) => all + each[key], 0);
  const logged = audit.partitions.reduce((all, { begin, end }) => all + end - begin, 0);
  const late = lateness(audit.behind, hidden);
  const lines = audit.partitions.map(
    ({ absent, begin, behind, end, made, missing, partition, surplus, unreadable }) => {
      const unread = unreadable === 0 ? '' : ` ${unreadable} unreadable,`;
      const passed = absent === 0 ? unread : `${unread} ${absent} absent,`;
      return `partition ${partition}: ${begin} to ${end}, ${made} made,${passed} ${missing} missing, ${surplus} too many, ${behind} behind`;
    },
  );
  const named = (key: 'absent' | 'unreadable'): string =>
    sum(key) === 0 ? '' : `, ${sum(key)} ${key}`;
  const account = `${sum('made')} of ${logged} records are rows or dead letters${named('unreadable')}${named('absent')}`;
  const verdict = audit.exact
    ? `EXACT: ${account}${late}`
    : `DOES NOT ADD UP: ${account}, ${sum('missing')} missing, ${sum('surplus')} too many${late}`;
  const head = `${stream.table.name} as made from ${audit.source}`;
  return [head, ...lines, verdict, ''].join('\n');
}
