// A topic in memory, as Kafka keeps it: batches at offsets, holes that compaction and transactions leave,
// transactions that are open, committed or aborted, retention, and incarnations: a topic that was deleted and
// created again is another log.
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import { Records, type RawRecordBatch } from '../../platform/kafka/record-batch.ts';
import type { RecordRun } from '../../platform/kafka/record-run.ts';
import { encoded } from './record-bytes.ts';

/** What a record says. */
export interface Message {
  /** Unique among the records of its source; the event's value. */
  readonly id: number;
  /** False for a message that is no event. */
  readonly good: boolean;
  /** Of which record it was made, where it was made from one. */
  readonly origin?: string;
}

export interface LogRecord extends Message {
  readonly offset: number;
  readonly transaction: Transaction | undefined;
}

export interface Transaction {
  readonly incarnation: Incarnation;
  outcome: 'open' | 'committed' | 'aborted';
}

interface LogBatch {
  readonly first: number;
  readonly last: number;
  readonly transaction: Transaction | undefined;
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
  readonly name: string;
  readonly incarnations: Incarnation[] = [];
  readonly #width: number;

  constructor(name: string, width: number) {
    this.name = name;
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

  /** Appends a batch of messages; undefined stands for an offset without a record. */
  append(
    partition: number,
    messages: readonly (Message | undefined)[],
    transaction?: Transaction,
  ): void {
    const { partitions } = transaction?.incarnation ?? this.current;
    const log = partitions[partition]!;
    const records = messages.flatMap((message, index): LogRecord[] => {
      return message === undefined ? [] : [{ ...message, offset: log.end + index, transaction }];
    });
    for (const record of records) log.all.set(record.offset, record);
    const last = log.end + messages.length - 1;
    log.batches.push({ first: log.end, last, records, transaction, body: undefined });
    log.end = last + 1;
  }

  begin(): Transaction {
    return { incarnation: this.current, outcome: 'open' };
  }

  /** Ends a transaction with a marker in each partition that it wrote to. */
  end(transaction: Transaction, outcome: 'committed' | 'aborted'): void {
    transaction.outcome = outcome;
    for (const log of transaction.incarnation.partitions) {
      if (!log.batches.some((batch) => batch.transaction === transaction)) continue;
      const { end: at } = log;
      log.batches.push({ first: at, last: at, records: [], transaction: undefined, body: undefined }); // prettier-ignore
      log.end += 1;
    }
  }

  /** Retention removes the oldest batches; `keep` of the newest stay, and what is open. */
  retain(partition: number, keep: number): void {
    const log = this.current.partitions[partition]!;
    const open = log.batches.findIndex(isOpen);
    const from = Math.max(0, log.batches.length - keep);
    log.batches = log.batches.slice(open < 0 ? from : Math.min(from, open));
    log.begin = log.batches[0]?.first ?? log.end;
  }

  /** Compaction removes every second record of what is settled. */
  compact(partition: number): void {
    for (const batch of this.current.partitions[partition]!.batches) {
      if (isOpen(batch)) break;
      batch.records = batch.records.filter((_, index) => index % 2 === 1);
      batch.body = undefined;
    }
  }

  /** What readers of committed records may read. */
  ranges(): Map<number, LogRange> {
    const { partitions } = this.current;
    return new Map(
      partitions.map((log, index) => [index, { begin: log.begin, end: stableEnd(log) }]),
    );
  }

  /** Whole batches from the one that holds `offset` on, at most `limit`; undefined when there is none. */
  fetch(partition: number, offset: number, limit: number): RecordRun | undefined {
    const log = this.current.partitions[partition]!;
    const end = stableEnd(log);
    const from = log.batches.findIndex(({ last }) => last >= offset);
    const found: LogBatch[] = [];
    for (let at = from; at >= 0 && found.length < limit; at += 1) {
      const batch = log.batches[at];
      if (batch === undefined || batch.first >= end) break;
      found.push(batch);
    }
    if (found.length === 0) return undefined;
    return {
      fetchedOffset: offset,
      firstOffset: Math.max(offset, found[0]!.first),
      lastOffset: found.at(-1)!.last,
      records: found.filter(isReadable).map(readable),
    };
  }
}

/** True when readers of committed records get to see it. */
export function isCommitted({ transaction }: Pick<LogRecord, 'transaction'>): boolean {
  return transaction === undefined || transaction.outcome === 'committed';
}

function isOpen({ transaction }: LogBatch): boolean {
  return transaction?.outcome === 'open';
}

/** The last stable offset: nothing behind an open transaction may be read. */
function stableEnd({ batches, end }: Partition): number {
  return batches.find(isOpen)?.first ?? end;
}

function isReadable(batch: LogBatch): boolean {
  return batch.records.length > 0 && batch.transaction?.outcome !== 'aborted';
}

function readable(batch: LogBatch): Records {
  const { first, last, records } = batch;
  const body = (batch.body ??= encoded(records, first));
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
