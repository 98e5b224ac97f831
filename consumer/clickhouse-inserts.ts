// Inserts a batch into ClickHouse: its rows as one part, its dead letters as another. Each statement
// carries the fence, so a batch of a process that lost its partitions adds nothing.
import type { ClickHouse } from '../platform/clickhouse/client.ts';
import { readHeaders, type Headers } from '../platform/kafka/record-batch.ts';
import type { Stream } from '../streams/stream.ts';
import { deadLetters as deadLetterTable } from '../streams/table.ts';
import type { Batch, DeadLetter } from './batch.ts';
import { guard, type Ownership } from './fence.ts';
import type { Ledger } from './ledger.ts';
import type { Inserts } from './sink.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';

export class ClickHouseInserts implements Inserts {
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

  async rows({ block }: Batch, ownership: Ownership, ingestTimeMs: number): Promise<void> {
    const own = this.#stream.columns.map(({ name }) => name);
    const carried = [...own, ...block.lineage].join(', ');
    await this.#clickhouse.insert({
      statement: `INSERT INTO ${this.#table} (${carried}, ingest_time, kafka_source)
        SELECT ${carried}, ${instant(ingestTimeMs)}, ${quoted(ownership.source)}
        FROM input(${quoted(block.structure())}) WHERE ${guard(ownership)} FORMAT Native`,
      body: block.encoded(),
      rows: block.rows,
      queryId: this.#ledger.nextInsertId(ownership),
    });
  }

  async deadLetters(batch: Batch, ownership: Ownership, ingestTimeMs: number): Promise<void> {
    const fixed = [quoted(this.#stream.name), quoted(ownership.source), instant(ingestTimeMs)];
    await this.#clickhouse.insert({
      statement: `INSERT INTO ${this.#letters}
        (stream, kafka_source, ingest_time, kafka_partition, kafka_offset, kafka_timestamp,
         key, value, headers, reason, field, detail, origin_source, origin_partition, origin_offset)
        SELECT ${fixed.join(', ')}, p, o, fromUnixTimestamp64Milli(t, 'UTC'),
          base64Decode(k), base64Decode(v), h, r, f, d, s, sp, so
        FROM input('p UInt16, o UInt64, t Int64, k String, v String, h String, r String, f String, d String,
          s String, sp UInt16, so UInt64')
        WHERE ${guard(ownership)} FORMAT JSONEachRow`,
      body: lines(batch.deadLetters),
      rows: batch.deadLetters.length,
      queryId: this.#ledger.nextInsertId(ownership),
    });
  }
}

/** An instant as SQL; `ms` is epoch milliseconds. */
function instant(ms: number): string {
  return `fromUnixTimestamp64Milli(${ms}, 'UTC')`;
}

const CHUNK_CHARS = 65_536;

/** As lines of JSON, made while they are sent: all of them at once would take twice their memory again. */
function* lines(letters: readonly DeadLetter[]): Generator<Buffer> {
  let chunk = '';
  for (const letter of letters) {
    chunk += `${JSON.stringify(line(letter))}\n`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk);
}

function line(letter: DeadLetter) {
  const { key, offset, origin, partition, rejection, timestampMs, value } = letter;
  const headers = readHeaders(letter.headerBytes);
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
function byName(headers: Headers): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const values = found.get(name) ?? [];
    if (value !== null) values.push(value.toString('base64'));
    found.set(name, values);
  }
  return [...found];
}
