// A topic in memory, as Kafka keeps it: batches at offsets, holes that compaction and transactions leave,
// retention, and incarnations: a topic that was deleted and created again is another log.
import { Records, type RawRecordBatch } from '../../platform/kafka/record-batch.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import type { RecordRun } from '../../platform/kafka/record-run.ts';

export interface LogRecord {
  readonly offset: number;
  /** Unique in the history; the event's value. */
  readonly id: number;
  /** False for a message that is no event. */
  readonly good: boolean;
}

interface LogBatch {
  readonly first: number;
  readonly last: number;
  /** Compaction takes records away; the batch keeps its range. */
  records: readonly LogRecord[];
  /** The records in Kafka's format, once somebody fetched them. */
  body: Buffer | undefined;
}

export interface Partition {
  begin: number;
  end: number;
  batches: LogBatch[];
  /** Every record there ever was, by offset. */
  readonly all: Map<number, LogRecord>;
}

export interface Incarnation {
  readonly id: string;
  readonly partitions: readonly Partition[];
}

const RECORD_TIME_MS = Date.UTC(2026, 0, 1);

export class Topic {
  readonly name = 'simulated';
  readonly incarnations: Incarnation[] = [];
  readonly #width: number;
  #records = 0;

  constructor(width: number) {
    this.#width = width;
    this.recreate();
  }

  get current(): Incarnation {
    return this.incarnations.at(-1)!;
  }

  /** Deletes the topic and creates it again. */
  recreate(): void {
    const partitions = Array.from({ length: this.#width }, (): Partition => {
      return { begin: 0, end: 0, batches: [], all: new Map() };
    });
    this.incarnations.push({ id: `id-${this.incarnations.length}`, partitions });
  }

  /** Appends a batch; `goods` says of each record whether it is an event, undefined for a marker's offset. */
  append(partition: number, goods: readonly (boolean | undefined)[]): void {
    const log = this.current.partitions[partition]!;
    const records = goods.flatMap((good, index): LogRecord[] => {
      if (good === undefined) return [];
      this.#records += 1;
      return [{ offset: log.end + index, id: this.#records, good }];
    });
    for (const record of records) log.all.set(record.offset, record);
    log.batches.push({
      first: log.end,
      last: log.end + goods.length - 1,
      records,
      body: undefined,
    });
    log.end += goods.length;
  }

  /** Retention removes the oldest batches; `keep` of the newest stay. */
  retain(partition: number, keep: number): void {
    const log = this.current.partitions[partition]!;
    log.batches = keep === 0 ? [] : log.batches.slice(-keep);
    log.begin = log.batches[0]?.first ?? log.end;
  }

  /** Compaction removes every second record. */
  compact(partition: number): void {
    for (const batch of this.current.partitions[partition]!.batches) {
      batch.records = batch.records.filter((_, index) => index % 2 === 1);
      batch.body = undefined;
    }
  }

  ranges(): Map<number, LogRange> {
    const { partitions } = this.current;
    return new Map(partitions.map(({ begin, end }, index) => [index, { begin, end }]));
  }

  /** Whole batches from the one that holds `offset` on, at most `limit`; undefined when there is none. */
  fetch(partition: number, offset: number, limit: number): RecordRun | undefined {
    const { batches } = this.current.partitions[partition]!;
    const from = batches.findIndex(({ last }) => last >= offset);
    const found = from < 0 ? [] : batches.slice(from, from + limit);
    if (found.length === 0) return undefined;
    return {
      fetchedOffset: offset,
      firstOffset: Math.max(offset, found[0]!.first),
      lastOffset: found.at(-1)!.last,
      records: found.filter(({ records }) => records.length > 0).map(readable),
    };
  }
}

function readable(batch: LogBatch): Records {
  const { first, last, records } = batch;
  const body = (batch.body ??= Buffer.concat(records.map((record) => encoded(record, first))));
  const raw: RawRecordBatch = {
    baseOffset: first,
    lastOffset: last,
    count: records.length,
    codec: 0,
    control: false,
    transactional: false,
    producerId: -1n,
    timestampMs: RECORD_TIME_MS,
    timestampIsFixed: false,
    body,
    damage: undefined,
  };
  return new Records(raw, body);
}

/** One record of a batch in Kafka's format: no key, no headers. */
function encoded({ good, id, offset }: LogRecord, base: number): Buffer {
  const value = Buffer.from(good ? `{"id":${id}}` : `{"id":"${id}"}`);
  const fields = [
    Buffer.from([0]), // attributes
    zigzag(0), // timestamp delta
    zigzag(offset - base),
    zigzag(-1), // no key
    zigzag(value.length),
    value,
    zigzag(0), // headers
  ];
  const whole = Buffer.concat(fields);
  return Buffer.concat([zigzag(whole.length), whole]);
}

function zigzag(value: number): Buffer {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  const bytes: number[] = [];
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
