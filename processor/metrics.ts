// The processor's Prometheus metrics, and the running totals that its last line reports. It counts a record
// when its output is acknowledged.
import { Counter, Gauge, Histogram, type Registry } from '../platform/metrics.ts';
import type { Parcel } from './parcel.ts';

export interface Totals {
  /** Records dealt with: each is sent or filtered. */
  read: number;
  sent: number;
  /** Of those sent: unchanged, because they are no events. */
  rejected: number;
  /** Of those sent: replaced by a stub, because the broker refused them. */
  refused: number;
  filtered: number;
  /** Offsets that cannot be read; one stub was sent for each range of them. */
  unreadable: number;
  lag: number;
}

export interface RelayMetrics {
  readonly totals: Readonly<Totals>;
  /** Everything of the parcel is acknowledged. `durationMs` is what that took. */
  landed(parcel: Parcel, durationMs: number): void;
  refused(): void;
  lag(records: number): void;
  /** Partitions that stand still although Kafka answers. */
  stalled(partitions: number): void;
}

/** Registers the metrics of the processor that runs `transform`. */
export function processorMetrics(registry: Registry, transform: string): RelayMetrics {
  const registers = [registry];
  const labelNames = ['transform'] as const;
  const counted = (name: string, help: string): Counter<'transform'> => {
    return new Counter({ name: `sensorhouse_processor_${name}`, help, labelNames, registers });
  };
  const read = counted('records_in_total', 'Records processed.');
  const sent = counted('records_out_total', 'Records acknowledged by the output.');
  const filtered = counted('records_filtered_total', 'Records that a filter left out.');
  const refused = counted(
    'records_refused_total',
    'Records that the output refused; a stub stands for each.',
  );
  const unreadable = counted(
    'unreadable_offsets_total',
    'Offsets passed over because their records are damaged or past MAX_BATCH_INFLATED_BYTES.',
  );
  const rejected = new Counter({
    name: 'sensorhouse_processor_records_rejected_total',
    help: 'Records passed on unchanged because they are not events, by reason.',
    labelNames: ['transform', 'reason'] as const,
    registers,
  });
  const lag = new Gauge({
    name: 'sensorhouse_processor_lag_records',
    help: 'Input records that are not processed yet.',
    labelNames,
    registers,
  });
  const stalled = new Gauge({
    name: 'sensorhouse_processor_stalled_partitions',
    help: 'Partitions that stand still although records wait and Kafka answers.',
    labelNames,
    registers,
  });
  const seconds = new Histogram({
    name: 'sensorhouse_processor_send_seconds',
    help: 'From the first request with the output of a run to the last acknowledgement.',
    labelNames,
    registers,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  });
  const labels = { transform };
  // From 0, so that the first records are an increase that Prometheus sees.
  for (const counter of [read, sent, filtered, refused, unreadable]) counter.inc(labels, 0);
  const totals: Totals = {
    read: 0,
    sent: 0,
    rejected: 0,
    refused: 0,
    filtered: 0,
    unreadable: 0,
    lag: 0,
  };
  return {
    totals,
    landed: (parcel, durationMs) => {
      const out = parcel.read - parcel.filtered;
      totals.read += parcel.read;
      totals.sent += out;
      totals.filtered += parcel.filtered;
      totals.refused += parcel.tooLarge;
      refused.inc(labels, parcel.tooLarge);
      for (const { first, last } of parcel.unreadable) {
        totals.unreadable += last - first + 1;
        unreadable.inc(labels, last - first + 1);
      }
      read.inc(labels, parcel.read);
      sent.inc(labels, out);
      filtered.inc(labels, parcel.filtered);
      for (const [reason, records] of parcel.rejected) {
        totals.rejected += records;
        rejected.inc({ transform, reason }, records);
      }
      seconds.observe(labels, durationMs / 1_000);
    },
    stalled: (partitions) => stalled.set(labels, partitions),
    refused: () => {
      totals.refused += 1;
      refused.inc(labels);
    },
    lag: (records) => {
      totals.lag = records;
      lag.set(labels, records);
    },
  };
}
