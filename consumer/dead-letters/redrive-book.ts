// ClickHouse's record of dead letters that were published again: reads the open letters and the interrupted
// re-drives, writes intents and outcomes. One process at a time may write, by the same claim and guard that
// protect the consumer's tables.
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { deadLetterRedrives, deadLetters } from '../../streams/table.ts';
import { guard, type Ownership } from '../fence.ts';
import { Ledger } from '../ledger.ts';
import { topicOf, type LetterContent, type OpenLetter, type Redrive } from './redrive.ts';
import { quoted } from '../../platform/clickhouse/quoted.ts';

/** Which dead letters are meant. */
export interface LetterFilter {
  /** Empty: any. */
  readonly reasons: readonly string[];
  /** Rejected at or after it, epoch milliseconds. */
  readonly sinceMs: number;
}

/** Open dead letters of one partition that are published again to one place. */
export interface OpenPartition {
  readonly source: string;
  readonly partition: number;
  /** Where they go: where they came from, or the record that they were made from. */
  readonly home: { readonly source: string; readonly partition: number };
  readonly letters: number;
}

/** Letters of one partition, by their offsets. */
export interface LettersOfPartition {
  readonly source: string;
  readonly partition: number;
  readonly letters: readonly { readonly offset: number }[];
}

/**
 * The outcome of a re-drive. `published`: Kafka has it, and its letters are resolved. `void`: Kafka does not have it,
 * and its letters are open again. `doubt`: whether Kafka has it can no longer be found out.
 */
export type Outcome = 'published' | 'void' | 'doubt';

const TABLE = deadLetterRedrives.name;

/** Of a letter that a processor made: of what. Of any other: where it was itself. */
const HOME_SOURCE = `if(origin_source = '', toString(kafka_source), toString(origin_source))`;
const HOME_PARTITION = `if(origin_source = '', kafka_partition, origin_partition)`;

/** A stream's writers exclude each other as if it were one partition. */
const SOLE_PARTITION = 0;

export class RedriveBook {
  readonly #clickhouse: ClickHouse;
  readonly #ledger: Ledger;
  readonly #stream: string;
  readonly #claimed: string;

  /** `owner` must be unique to this process; `database` is where the tables are. */
  constructor(clickhouse: ClickHouse, database: string, stream: string, owner: string) {
    this.#clickhouse = clickhouse;
    this.#ledger = new Ledger(clickhouse, database, TABLE, owner);
    this.#stream = stream;
    // Ids of queries are the server's: a claim must not end the inserts of another installation on it.
    this.#claimed = `${database}.${stream}`;
  }

  /**
   * Makes this process the only one that writes down re-drives of the stream; when it returns, what
   * others wrote no longer changes.
   * @throws {FencedError} when another one claimed at the same time and won.
   */
  claim(): Promise<Ownership> {
    return this.#ledger.claim(this.#claimed, [SOLE_PARTITION]);
  }

  /** Re-drives that have an intent and no outcome. */
  async interrupted(): Promise<Redrive[]> {
    type Row = Record<
      'id' | 'source' | 'p' | 'o' | 'attempt' | 'target' | 'tp' | 'from' | 'pid' | 'epoch',
      string
    >;
    const rows = await this.#clickhouse.rows<Row>(
      `SELECT redrive_id AS id, toString(kafka_source) AS source, toString(kafka_partition) AS p,
         toString(kafka_offset) AS o, toString(attempt) AS attempt,
         toString(target_source) AS target, toString(target_partition) AS tp,
         toString(target_offset) AS from, toString(producer_id) AS pid,
         toString(producer_epoch) AS epoch
       FROM ${TABLE} WHERE ${this.#ofStream} AND redrive_id IN
         (SELECT redrive_id FROM ${TABLE} WHERE ${this.#ofStream}
          GROUP BY redrive_id HAVING countIf(state != 'intent') = 0)
       ORDER BY redrive_id, place`,
    );
    return [...Map.groupBy(rows, ({ id }) => id)].map(([id, own]) => {
      const { epoch, from, p, pid, source, target, tp } = own[0]!;
      const topic = topicOf(target);
      return {
        id,
        source,
        partition: Number(p),
        letters: own.map(({ attempt, o }) => ({ offset: Number(o), attempt: Number(attempt) })),
        target: { topic, topicId: target.slice(topic.length + 1), partition: Number(tp) },
        from: Number(from),
        identity: { producerId: Number(pid), epoch: Number(epoch) },
      };
    });
  }

  async openPartitions(filter: LetterFilter): Promise<OpenPartition[]> {
    const rows = await this.#clickhouse.rows<Record<'source' | 'p' | 'n' | 'hs' | 'hp', string>>(
      `SELECT toString(kafka_source) AS source, toString(kafka_partition) AS p,
         toString(${HOME_SOURCE}) AS hs, toString(${HOME_PARTITION}) AS hp,
         toString(uniqExact(kafka_offset)) AS n
       FROM ${deadLetters.name}
       WHERE ${this.#matching(filter)} AND kafka_source != ''
         AND (toString(kafka_source), kafka_partition, kafka_offset) NOT IN
           (SELECT toString(kafka_source), kafka_partition, kafka_offset FROM ${TABLE}
            WHERE ${this.#standing})
       GROUP BY kafka_source, kafka_partition, hs, hp ORDER BY source, kafka_partition, hs, hp`,
    );
    return rows.map(({ hp, hs, n, p, source }) => {
      const home = { source: hs, partition: Number(hp) };
      return { source, partition: Number(p), home, letters: Number(n) };
    });
  }

  /** Up to `limit` open letters of a partition with offsets from `from` to below `to`, in order. */
  async open(
    { home, partition, source }: Omit<OpenPartition, 'letters'>,
    filter: LetterFilter,
    { from, limit, to }: { readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<OpenLetter[]> {
    const here = `kafka_source = ${quoted(source)} AND kafka_partition = ${partition}`;
    const rows = await this.#clickhouse.rows<Record<'o' | 't' | 'bytes' | 'attempts', string>>(
      `SELECT toString(kafka_offset) AS o,
         toString(toUnixTimestamp64Milli(kafka_timestamp)) AS t,
         toString(length(key) + length(value) + length(headers)) AS bytes,
         toString(attempts) AS attempts
       FROM (SELECT * FROM ${deadLetters.name}
             WHERE ${this.#matching(filter)} AND ${here}
               AND ${HOME_SOURCE} = ${quoted(home.source)} AND ${HOME_PARTITION} = ${home.partition}
               AND kafka_offset >= ${from} AND kafka_offset < ${to}
               AND kafka_offset NOT IN
                 (SELECT kafka_offset FROM ${TABLE} WHERE ${here} AND ${this.#standing})
             ORDER BY kafka_offset LIMIT 1 BY kafka_offset LIMIT ${limit}) AS letter
       LEFT JOIN (SELECT target_offset, max(attempt) AS attempts FROM ${TABLE}
                  WHERE ${this.#ofStream} AND state = 'published'
                    AND target_source = ${quoted(home.source)} AND target_partition = ${home.partition}
                  GROUP BY target_offset) AS earlier
         ON if(letter.origin_source = '', letter.kafka_offset, letter.origin_offset) = earlier.target_offset
       ORDER BY letter.kafka_offset`,
    );
    return rows.map(({ attempts, bytes, o, t }) => {
      const numbers = { offset: Number(o), timestampMs: Number(t), bytes: Number(bytes) };
      return { ...numbers, attempts: Number(attempts) };
    });
  }

  /** What the letters of a re-drive hold, in its order; fewer when some were deleted. */
  async contents({ letters, partition, source }: LettersOfPartition): Promise<LetterContent[]> {
    const offsets = letters.map(({ offset }) => offset).join(', ');
    const rows = await this.#clickhouse.rows<
      Record<'o' | 't' | 'reason' | 'k' | 'v' | 'headers', string>
    >(
      `SELECT toString(kafka_offset) AS o,
         toString(toUnixTimestamp64Milli(kafka_timestamp)) AS t, reason,
         base64Encode(key) AS k, base64Encode(value) AS v, headers
       FROM ${deadLetters.name}
       WHERE ${this.#ofStream} AND kafka_source = ${quoted(source)}
         AND kafka_partition = ${partition} AND kafka_offset IN (${offsets})
       ORDER BY kafka_offset LIMIT 1 BY kafka_offset`,
    );
    return rows.map(({ headers, k, o, reason, t, v }) => {
      const [key, value] = [Buffer.from(k, 'base64'), Buffer.from(v, 'base64')];
      return { offset: Number(o), timestampMs: Number(t), reason, key, value, headers };
    });
  }

  /** Writes down that the letters are about to be published, before they are. */
  intend(redrive: Redrive, ownership: Ownership): Promise<void> {
    return this.#write(redrive, ownership, 'intent', '', () => redrive.from);
  }

  /** Writes down how a re-drive ended; `base` is the offset of its first message. */
  conclude(
    redrive: Redrive,
    ownership: Ownership,
    outcome: Outcome,
    { base = 0, detail = '' }: { readonly base?: number; readonly detail?: string },
  ): Promise<void> {
    const published = outcome === 'published';
    const offsetOf = (place: number): number => (published ? base + place : 0);
    return this.#write(redrive, ownership, outcome, detail, offsetOf);
  }

  async #write(
    { id, identity, letters, partition, source, target }: Redrive,
    ownership: Ownership,
    state: 'intent' | Outcome,
    detail: string,
    targetOffset: (place: number) => number,
  ): Promise<void> {
    const texts = [this.#stream, source, id, state, detail, `${target.topic}@${target.topicId}`];
    const numbers = [partition, target.partition, identity.producerId, identity.epoch];
    const lines = letters.map(({ attempt, offset }, place) => {
      return JSON.stringify({ o: offset, n: place, a: attempt, t: targetOffset(place) });
    });
    await this.#clickhouse.insert({
      statement: `INSERT INTO ${TABLE}
        (stream, kafka_source, redrive_id, state, detail, target_source,
         kafka_partition, target_partition, producer_id, producer_epoch,
         kafka_offset, place, attempt, target_offset)
        SELECT ${texts.map(quoted).join(', ')}, ${numbers.join(', ')}, o, n, a, t
        FROM input('o UInt64, n UInt32, a UInt16, t UInt64')
        WHERE ${guard(ownership)} FORMAT JSONEachRow`,
      body: [Buffer.from(`${lines.join('\n')}\n`)],
      rows: lines.length,
      queryId: this.#ledger.nextInsertId(ownership),
    });
  }

  /** Opens the letters of doubtful re-drives again. Repeating it changes nothing. */
  async giveUpDoubts(ownership: Ownership): Promise<void> {
    const kept = deadLetterRedrives.columns
      .map(({ name }) => name)
      .filter((name) => !['state', 'detail', 'written_at'].includes(name))
      .join(', ');
    await this.#clickhouse.command(
      `INSERT INTO ${TABLE} (${kept}, state, detail)
       SELECT ${kept}, 'void', 'in doubt, and published again on request' FROM ${TABLE}
       WHERE state = 'doubt' AND ${this.#standing} AND ${guard(ownership)}`,
    );
  }

  get #ofStream(): string {
    return `stream = ${quoted(this.#stream)}`;
  }

  /** Rows of re-drives that keep their letters from being published again. */
  get #standing(): string {
    return `${this.#ofStream} AND redrive_id NOT IN
      (SELECT redrive_id FROM ${TABLE} WHERE ${this.#ofStream} AND state = 'void')`;
  }

  #matching({ reasons, sinceMs }: LetterFilter): string {
    // A letter whose value was cut is no message any more: its detail is the size of the whole value.
    const whole = `NOT (reason = 'too_large' AND toUInt64OrZero(detail) > length(value))`;
    const conditions = [this.#ofStream, whole];
    if (reasons.length > 0) conditions.push(`reason IN (${reasons.map(quoted).join(', ')})`);
    if (sinceMs > 0) conditions.push(`ingest_time >= fromUnixTimestamp64Milli(${sinceMs}, 'UTC')`);
    return conditions.join(' AND ');
  }
}
