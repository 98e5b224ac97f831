// Writes a batch: what had no record, dead letters, then the rows as one part, then floors no row shows.
// Every statement carries the fence, so a batch of a process that lost its partitions adds nothing.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import type { Stream } from '../streams/stream.ts';
import { deadLetters as deadLetterTable } from '../streams/table.ts';
import { absentFacts } from './absent.ts';
import type { Batch, DeadLetter, Span } from './batch.ts';
import { guard, type Ownership } from './fence.ts';
import type { Ledger } from './ledger.ts';
import { quoted } from './source.ts';

export class Writer {
  readonly #clickhouse: ClickHouse;
  readonly #ledger: Ledger;
  readonly #stream: Stream;
  readonly #table: string;
  readonly #letters: string;

  /** `letters`: the table of the dead letters, where it is not the one of all. */
  constructor(
    clickhouse: ClickHouse,
    ledger: Ledger,
    stream: Stream,
    table: string,
    letters = deadLetterTable.name,
  ) {
    this.#clickhouse = clickhouse;
    this.#ledger = ledger;
    this.#stream = stream;
    this.#table = table;
    this.#letters = letters;
  }

  /**
   * Lands a batch under `ownership`, which must be of exactly the batch's partitions. After an
   * UnavailableError it may be called again: what landed is not sent twice.
   * @throws what ClickHouse.insert throws; after anything but UnavailableError the state of the
   * batch has to be read back from the tables.
   */
  async write(batch: Batch, ownership: Ownership, ingestTimeMs: number): Promise<void> {
    const ingestTime = `fromUnixTimestamp64Milli(${ingestTimeMs}, 'UTC')`;
    if (batch.landed === 'nothing') {
      await this.#ledger.recordFloors(ownership, absentFacts(batch.spans));
      if (batch.deadLetters.length > 0) await this.#writeDead(batch, ownership, ingestTime);
      batch.landed = 'dead-letters';
    }
    if (batch.landed === 'dead-letters') {
      if (batch.block.rows > 0) await this.#writeRows(batch, ownership, ingestTime);
      batch.landed = 'rows';
    }
    const floors = [...batch.spans].filter(([, span]) => needsFloor(span));
    await this.#ledger.recordFloors(
      ownership,
      floors.map(([partition, { next }]) => {
        return { partition, offset: next, reason: 'dead-letters', detail: '' };
      }),
    );
  }

  async #writeRows({ block }: Batch, ownership: Ownership, ingestTime: string): Promise<void> {
    const own = this.#stream.columns.map(({ name }) => name);
    const carried = [...own, ...block.lineage].join(', ');
    await this.#clickhouse.insert({
      statement: `INSERT INTO ${this.#table} (${carried}, ingest_time, kafka_source)
        SELECT ${carried}, ${ingestTime}, ${quoted(ownership.source)}
        FROM input(${quoted(block.structure())}) WHERE ${guard(ownership)} FORMAT Native`,
      body: block.encoded(),
      rows: block.rows,
      queryId: this.#ledger.nextInsertId(ownership),
    });
  }

  async #writeDead(batch: Batch, ownership: Ownership, ingestTime: string): Promise<void> {
    const fixed = `${quoted(this.#stream.name)}, ${quoted(ownership.source)}, ${ingestTime}`;
    await this.#clickhouse.insert({
      statement: `INSERT INTO ${this.#letters}
        (stream, kafka_source, ingest_time, kafka_partition, kafka_offset, kafka_timestamp,
         key, value, headers, reason, field, detail, origin_source, origin_partition, origin_offset)
        SELECT ${fixed}, p, o, fromUnixTimestamp64Milli(t, 'UTC'),
          base64Decode(k), base64Decode(v), h, r, f, d, s, sp, so
        FROM input('p UInt16, o UInt64, t Int64, k String, v String, h String, r String, f String, d String,
          s String, sp UInt16, so UInt64')
        WHERE ${guard(ownership)} FORMAT JSONEachRow`,
      body: batch.deadLetters.map((letter) => Buffer.from(`${JSON.stringify(line(letter))}\n`)),
      rows: batch.deadLetters.length,
      queryId: this.#ledger.nextInsertId(ownership),
    });
  }
}

/** Nothing else would show that a span without rows, or that ends in duplicates, has landed. */
function needsFloor({ duplicates, first, next, rows }: Span): boolean {
  return next > first && (rows === 0 || duplicates.at(-1)?.last === next - 1);
}

function line(letter: DeadLetter) {
  const { headers, key, offset, origin, partition, rejection, timestampMs, value } = letter;
  return {
    p: partition,
    o: offset,
    t: timestampMs,
    k: key?.toString('base64') ?? '',
    v: value?.toString('base64') ?? '',
    h: headers.length === 0 ? '' : JSON.stringify(byName(headers)),
    r: rejection.reason,
    f: rejection.field,
    d: rejection.detail,
    s: origin?.source ?? '',
    sp: origin?.partition ?? 0,
    so: origin?.offset ?? 0,
  };
}

/** Names in order of their first use, each with its values in base64. */
function byName(headers: DeadLetter['headers']): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const values = found.get(name) ?? [];
    if (value !== null) values.push(value.toString('base64'));
    found.set(name, values);
  }
  return [...found];
}
