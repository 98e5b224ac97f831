// Asks ClickHouse for a summary of a stream's dead letters: for each reason the number of open, republished
// and doubtful letters, their times, the number of attempts, and one example.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { deadLetterRedrives, deadLetters } from '../../streams/table.ts';
import type { LetterFilter } from './redrive-book.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

export interface ReasonSummary {
  readonly stream: string;
  readonly reason: string;
  readonly letters: number;
  /** Not published again, or refused when it was tried. */
  readonly open: number;
  /** Published again: resolved. What was rejected again is a dead letter of its own. */
  readonly published: number;
  /** Nobody can tell whether they were published again. */
  readonly doubtful: number;
  /** Most times that what is in a letter was published again before it came here. */
  readonly attempts: number;
  /** When the first and the last one were rejected, ISO 8601. */
  readonly first: string;
  readonly last: string;
  /** The newest one, an open one if there is any. */
  readonly example: LetterExample;
}

/** Texts are cut, and as they are: escape them before they are shown. */
export interface LetterExample {
  readonly source: string;
  readonly partition: number;
  readonly offset: number;
  readonly field: string;
  readonly detail: string;
  readonly key: string;
  readonly value: string;
  /** Of the whole value. */
  readonly bytes: number;
}

const KEY_BYTES = 60;
const VALUE_BYTES = 200;

/** Ordered by reason. @throws {UnavailableError | ConfigError} */
export async function listReasons(
  clickhouse: ClickHouse,
  stream: string,
  { reasons, sinceMs }: LetterFilter,
): Promise<ReasonSummary[]> {
  const ofStream = `stream = ${quoted(stream)}`;
  const conditions = [ofStream, `ingest_time >= fromUnixTimestamp64Milli(${sinceMs}, 'UTC')`];
  if (reasons.length > 0) conditions.push(`reason IN (${reasons.map(quoted).join(', ')})`);
  const table = deadLetterRedrives.name;
  type Texts = 'reason' | 'n' | 'published' | 'doubtful' | 'attempts' | 'first' | 'last';
  type Example = 'source' | 'p' | 'o' | 'field' | 'detail' | 'k' | 'v' | 'bytes';
  const rows = await clickhouse.rows<Record<Texts | Example, string>>(
    `SELECT toString(why) AS reason, toString(n) AS n, toString(published) AS published,
       toString(doubtful) AS doubtful, toString(attempts) AS attempts,
       formatDateTime(since, '%Y-%m-%dT%H:%i:%SZ') AS first,
       formatDateTime(until, '%Y-%m-%dT%H:%i:%SZ') AS last,
       example.1 AS source, example.2 AS p, example.3 AS o, example.4 AS field,
       example.5 AS detail, example.6 AS k, example.7 AS v, example.8 AS bytes
     FROM (SELECT letter.reason AS why, count() AS n, countIf(was_published) AS published,
       countIf(in_doubt AND NOT was_published) AS doubtful, max(tries) AS attempts,
       min(ingest_time) AS since, max(ingest_time) AS until,
       argMax((toString(kafka_source), toString(kafka_partition), toString(kafka_offset),
         toString(field), detail, base64Encode(substring(key, 1, ${KEY_BYTES})),
         base64Encode(substring(value, 1, ${VALUE_BYTES})), toString(length(value))),
         (NOT was_published, ingest_time)) AS example
     FROM (SELECT * FROM ${deadLetters.name} WHERE ${conditions.join(' AND ')}
           LIMIT 1 BY kafka_source, kafka_partition, kafka_offset) AS letter
     LEFT JOIN (SELECT kafka_source, kafka_partition, kafka_offset,
                  max(state = 'published') AS was_published, max(state = 'doubt') AS in_doubt
                FROM ${table}
                WHERE ${ofStream} AND redrive_id NOT IN
                  (SELECT redrive_id FROM ${table} WHERE ${ofStream} AND state = 'void')
                GROUP BY kafka_source, kafka_partition, kafka_offset) AS redriven
       USING (kafka_source, kafka_partition, kafka_offset)
     LEFT JOIN (SELECT target_source AS kafka_source, target_partition AS kafka_partition,
                  target_offset AS kafka_offset, max(attempt) AS tries
                FROM ${table} WHERE ${ofStream} AND state = 'published'
                GROUP BY kafka_source, kafka_partition, kafka_offset) AS earlier
       USING (kafka_source, kafka_partition, kafka_offset)
     GROUP BY letter.reason) ORDER BY reason`,
  );
  return rows.map((row) => {
    const [letters, published, doubtful] = [row.n, row.published, row.doubtful].map(Number);
    const { detail, field, first, last, reason, source } = row;
    return {
      stream,
      reason,
      letters: letters!,
      open: letters! - published! - doubtful!,
      published: published!,
      doubtful: doubtful!,
      attempts: Number(row.attempts),
      first,
      last,
      example: {
        source,
        partition: Number(row.p),
        offset: Number(row.o),
        field,
        detail,
        key: textOf(row.k),
        value: textOf(row.v),
        bytes: Number(row.bytes),
      },
    };
  });
}

/** Bytes that are not UTF-8 become U+FFFD; a cut character at the end too. */
function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
