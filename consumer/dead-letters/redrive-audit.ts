// The part of an audit about dead letters that were published again to a topic: each went out once, and each
// is a row or a dead letter of its own by now.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { deadLetterRedrives, deadLetters } from '../../streams/table.ts';
import type { Stream } from '../../streams/stream.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

export interface RedriveAudit {
  /** Messages of the topic that were dead letters before. */
  readonly published: number;
  /** Those that are rows now, and those that were rejected again; the others are on their way. */
  readonly rows: number;
  readonly deadAgain: number;
  /** Dead letters that were published more than once. */
  readonly twice: number;
  /** Letters of re-drives that were interrupted: the next one finishes them. */
  readonly interrupted: number;
  /** Letters of which nobody can tell whether they were published. */
  readonly doubtful: number;
}

const NONE: RedriveAudit = {
  published: 0,
  rows: 0,
  deadAgain: 0,
  twice: 0,
  interrupted: 0,
  doubtful: 0,
};

/** @throws {UnavailableError | ConfigError} */
export async function auditRedrives(
  clickhouse: ClickHouse,
  stream: Stream,
  source: string,
): Promise<RedriveAudit> {
  const ofStream = `stream = ${quoted(stream.name)}`;
  const table = deadLetterRedrives.name;
  // What is made from another topic is published there again: its products carry where they are from.
  const made = stream.origin !== undefined;
  const at = made ? '1' : `target_source = ${quoted(source)}`;
  const place = 'toString(target_source), target_partition, target_offset';
  const here = `SELECT ${place} FROM ${table} WHERE ${ofStream} AND state = 'published' AND ${at}`;
  const of = made ? 'origin' : 'kafka';
  const found = `(toString(${of}_source), ${of}_partition, ${of}_offset) IN (${here})`;
  // Most installations never publish any again, and what follows asks the stream's table.
  const [any] = await clickhouse.rows<{ n: string }>(
    `SELECT toString(count()) AS n FROM ${table} WHERE ${ofStream}`,
  );
  if (any?.n === '0') return NONE;
  type Figure = 'published' | 'rows' | 'deadAgain' | 'twice' | 'interrupted' | 'doubtful';
  const [figures] = await clickhouse.rows<Record<Figure, string>>(
    `SELECT
       toString((SELECT uniqExact(*) FROM (${here}))) AS published,
       toString((SELECT count() FROM ${stream.table.name} WHERE ${found})) AS rows,
       toString((SELECT count() FROM ${deadLetters.name} WHERE ${ofStream} AND ${found}))
         AS deadAgain,
       toString((SELECT count() FROM
         (SELECT 1 FROM ${table} WHERE ${ofStream} AND state = 'published'
          GROUP BY kafka_source, kafka_partition, kafka_offset
          HAVING uniqExact(target_source, target_partition, target_offset) > 1))) AS twice,
       toString((SELECT sum(letters) FROM
         (SELECT count() AS letters FROM ${table} WHERE ${ofStream}
          GROUP BY redrive_id HAVING countIf(state != 'intent') = 0))) AS interrupted,
       toString((SELECT sum(letters) FROM
         (SELECT countIf(state = 'doubt') AS letters FROM ${table} WHERE ${ofStream}
          GROUP BY redrive_id HAVING countIf(state = 'void') = 0))) AS doubtful`,
  );
  const { deadAgain, doubtful, interrupted, published, rows, twice } = figures!;
  return {
    published: Number(published),
    rows: Number(rows),
    deadAgain: Number(deadAgain),
    twice: Number(twice),
    interrupted: Number(interrupted),
    doubtful: Number(doubtful),
  };
}

/** Lines for a person; none when nothing was ever published again. */
export function redriveNotes(audit: RedriveAudit): string[] {
  const { deadAgain, doubtful, interrupted, published, rows, twice } = audit;
  const notes: string[] = [];
  if (published > 0) {
    const now = `${rows} are rows now, ${deadAgain} dead letters again`;
    notes.push(`${published} dead letters were published again: ${now}`);
  }
  if (twice > 0) notes.push(`${twice} dead letters were published MORE THAN ONCE`);
  if (interrupted > 0) {
    notes.push(
      `${interrupted} are half published: npm run dead-letters -- --redrive finishes them`,
    );
  }
  if (doubtful > 0) notes.push(`${doubtful} may or may not have been published again`);
  return notes;
}
