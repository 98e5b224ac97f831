// The consumer's Prometheus metrics, and the running totals that its last line reports.
import { Counter, Gauge, Histogram, type Registry } from '../platform/metrics.ts';
import type { Batch } from './batch.ts';

/** The figures of a batch. */
type Flushed = Pick<
  Batch,
  'deadLetters' | 'decodeMs' | 'duplicates' | 'skipped' | 'spans' | 'unreadable' | 'valueBytes'
> & {
  readonly block: Pick<Batch['block'], 'rows'>;
};

export interface Totals {
  /** Offsets that were read; those that were read again after a failure count again. */
  consumed: number;
  /** Offsets that are settled: the sum of the next six. */
  settled: number;
  inserted: number;
  deadLetters: number;
  /** Dead letters that an earlier try had recorded already. */
  deadBefore: number;
  /** Records that were made twice from the same and left out. */
  duplicates: number;
  /** Offsets of records that cannot be read and were passed over. */
  unreadable: number;
  /** Offsets that no record has: compaction, aborted transactions, the markers of all transactions. */
  absent: number;
  lag: number;
}

/** Before anything was read. */
export const NO_TOTALS: Readonly<Totals> = {
  ...{ consumed: 0, settled: 0, inserted: 0, deadLetters: 0 },
  ...{ deadBefore: 0, duplicates: 0, unreadable: 0, absent: 0, lag: 0 },
};

export interface LaneMetrics {
  /** `database.table`, for log lines. */
  readonly table: string;
  readonly totals: Readonly<Totals>;
  consumed(records: number): void;
  /** A batch has landed; inserting it took `durationMs`. */
  flushed(batch: Flushed, durationMs: number): void;
  lag(records: number): void;
  /** Records that an open transaction hides: no lag. */
  hidden(records: number): void;
  /** Partitions that stand still although the servers answer. */
  stalled(partitions: number): void;
  /** Fetching was held back for want of room. */
  waited(durationMs: number): void;
}

/**
 * What a lane spends its time on. `wait`: records were there but both batches were full, so inserting is
 * too slow. Inserting goes on beside the others; time in neither decode nor wait is the fetch's.
 */
type BusyStage = 'decode' | 'insert' | 'wait';

/** Registers the consumer's metrics; call the result once per lane. */
export function consumerMetrics(
  registry: Registry,
): (stream: string, table: string) => LaneMetrics {
  const registers = [registry];
  const labelNames = ['stream'] as const;
  const counted = (name: string, help: string): Counter<'stream'> => {
    return new Counter({ name: `sensorhouse_consumer_${name}`, help, labelNames, registers });
  };
  const consumed = counted('records_consumed_total', 'Kafka records consumed.');
  const inserted = counted('rows_inserted_total', 'Rows landed in ClickHouse.');
  const bytes = counted('record_bytes_total', 'Bytes of the record values that were flushed.');
  const twice = counted(
    'duplicates_total',
    'Duplicates left out: records made from a record that was ingested before.',
  );
  const unreadable = counted(
    'unreadable_offsets_total',
    'Offsets passed over because their records are damaged or past MAX_BATCH_INFLATED_BYTES.',
  );
  const gone = counted('absent_offsets_total', 'Offsets read that hold no record.');
  const dead = new Counter({
    name: 'sensorhouse_consumer_dead_letters_total',
    help: 'Records rejected, by reason.',
    labelNames: ['stream', 'reason'] as const,
    registers,
  });
  const lag = new Gauge({
    name: 'sensorhouse_consumer_lag_records',
    help: 'Records in Kafka that are not in ClickHouse yet.',
    labelNames,
    registers,
  });
  const hidden = new Gauge({
    name: 'sensorhouse_consumer_open_transaction_records',
    help: 'Records behind an open transaction, which no consumer may read yet; they do not count as lag.',
    labelNames,
    registers,
  });
  const stalled = new Gauge({
    name: 'sensorhouse_consumer_stalled_partitions',
    help: 'Partitions that stand still although records wait and the servers answer.',
    labelNames,
    registers,
  });
  const seconds = new Histogram({
    name: 'sensorhouse_consumer_flush_seconds',
    help: 'Duration of a flush.',
    labelNames,
    registers,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const rowsPerFlush = new Histogram({
    name: 'sensorhouse_consumer_flush_rows',
    help: 'Rows of a flush.',
    labelNames,
    registers,
    buckets: [1, 10, 100, 1_000, 10_000, 50_000, 100_000, 250_000, 500_000],
  });
  const busySeconds = new Counter({
    name: 'sensorhouse_consumer_busy_seconds_total',
    help: 'Seconds spent decoding, inserting, and waiting for room; npm run doctor reads them.',
    labelNames: ['stream', 'stage'] as const,
    registers,
  });
  return (stream, table) => {
    const busy = (stage: BusyStage, durationMs: number): void => {
      busySeconds.inc({ stream, stage }, durationMs / 1_000);
    };
    // From 0, so that the first rows are an increase that Prometheus sees.
    for (const stage of ['decode', 'insert', 'wait'] as const) busy(stage, 0);
    for (const counter of [consumed, inserted, bytes, twice, gone, unreadable])
      counter.inc({ stream }, 0);
    const totals: Totals = { ...NO_TOTALS };
    return {
      table,
      totals,
      consumed: (records) => {
        totals.consumed += records;
        consumed.inc({ stream }, records);
      },
      flushed: (batch, durationMs) => {
        const { deadLetters, decodeMs, duplicates, valueBytes } = batch;
        const { rows } = batch.block;
        const { absent, offsets } = offsetsOf(batch);
        totals.settled += offsets;
        totals.absent += absent;
        gone.inc({ stream }, absent);
        totals.deadBefore += batch.skipped;
        totals.inserted += rows;
        totals.duplicates += duplicates;
        twice.inc({ stream }, duplicates);
        totals.unreadable += batch.unreadable;
        unreadable.inc({ stream }, batch.unreadable);
        totals.deadLetters += deadLetters.length;
        inserted.inc({ stream }, rows);
        bytes.inc({ stream }, valueBytes);
        for (const { rejection } of deadLetters) dead.inc({ stream, reason: rejection.reason });
        seconds.observe({ stream }, durationMs / 1_000);
        busy('decode', decodeMs);
        busy('insert', durationMs);
        rowsPerFlush.observe({ stream }, rows);
      },
      lag: (records) => {
        totals.lag = records;
        lag.set({ stream }, records);
      },
      hidden: (records) => hidden.set({ stream }, records),
      stalled: (partitions) => stalled.set({ stream }, partitions),
      waited: (durationMs) => busy('wait', durationMs),
    };
  };
}

/** How many offsets a batch covers, and how many of them no record has. */
function offsetsOf({ spans }: Pick<Flushed, 'spans'>): { offsets: number; absent: number } {
  const sums = { offsets: 0, absent: 0 };
  for (const { absent, first, next } of spans.values()) {
    sums.offsets += next - first;
    for (const range of absent) sums.absent += range.last - range.first + 1;
  }
  return sums;
}
