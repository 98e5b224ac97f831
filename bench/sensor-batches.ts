// The full-size sensor data as the consumer would insert it: three producers side by side, two of
// them sharing a Kafka partition, cut into batches with one ingest_time each.
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { sensorEvents, type SensorEvent } from '../data/device-model.ts';
import { createRandom } from '../data/random.ts';
import type { ClickHouse } from '../platform/clickhouse/client.ts';

/** `replay`: as fast as Kafka takes it. `live`: every device every 200 ms, flushed every 2 s. */
export type Pace = 'replay' | 'live';

/** Where Kafka's default partitioner puts the three devices on three partitions. */
const PARTITION_OF: Readonly<Record<string, number>> = {
  'b8:27:eb:bf:9d:51': 0,
  '00:0f:00:70:91:0a': 1,
  '1c:bf:ce:15:ec:4d': 1,
};
const SOURCE = 'sensor_data@f81d4fae-7dec-11d0-a765-00a0c91e6bf6';
const START_MS = Date.UTC(2026, 10, 21, 10);
const FLUSH_MS = 2_000;
const FLUSH_JITTER_MS = 50;
/** A producer at full speed writes about this many events within one millisecond. */
const REPLAY_EVENTS_PER_MS = 20;
const LIVE_INTERVAL_MS = 200;
const LIVE_JITTER_MS = 20;

export interface Batch {
  readonly rows: number;
  /** JSONEachRow. */
  readonly body: Buffer;
}

/** Batches of `batchRows` rows, in the order in which Kafka would deliver them. */
export function* sensorBatches(pace: Pace, batchRows: number): Generator<Batch> {
  let lines: string[] = [];
  let ingestMs = START_MS;
  const random = createRandom(DEFAULT_SEED, 98);
  const offsets = new Map<number, number>();
  for (const { atMs, event } of arrivals(pace)) {
    if (lines.length === batchRows) {
      yield { rows: lines.length, body: Buffer.from(lines.join('')) };
      lines = [];
    }
    // Live batches are small; 20,000 rows of them hold what a merge of many would.
    const flushed = pace === 'live' ? atMs >= ingestMs : lines.length === 0;
    if (flushed) ingestMs = atMs + FLUSH_MS + Math.floor(random.next() * FLUSH_JITTER_MS);
    const partition = PARTITION_OF[event.device_id]!;
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    lines.push(line(event, partition, offset, atMs, ingestMs));
  }
  if (lines.length > 0) yield { rows: lines.length, body: Buffer.from(lines.join('')) };
}

interface Arrival {
  readonly atMs: number;
  readonly event: SensorEvent;
}

function arrivals(pace: Pace): Arrival[] {
  const random = createRandom(DEFAULT_SEED, 99);
  const clocks = new Map<string, number>();
  const all: Arrival[] = [];
  for (const event of sensorEvents(DEFAULT_SEED)) {
    const dueMs = clocks.get(event.device_id) ?? START_MS;
    const stepMs = pace === 'live' ? LIVE_INTERVAL_MS : 1 / REPLAY_EVENTS_PER_MS;
    clocks.set(event.device_id, dueMs + stepMs);
    const jitterMs = pace === 'live' ? random.next() * LIVE_JITTER_MS : 0;
    all.push({ atMs: Math.floor(dueMs + jitterMs), event });
  }
  return all.sort((a, b) => a.atMs - b.atMs);
}

function line(
  { data, device_id, ts }: SensorEvent,
  kafka_partition: number,
  kafka_offset: number,
  kafka_timestamp: number,
  ingest_time: number,
): string {
  const { light, motion, ...measured } = data;
  const row = { ...measured, light: Number(light), motion: Number(motion), device_id };
  const lineage = { kafka_source: SOURCE, kafka_partition, kafka_offset };
  const times = {
    ts: instant(Math.floor(Math.round(ts * 1e6) / 1e3)),
    kafka_timestamp: instant(kafka_timestamp),
    ingest_time: instant(ingest_time),
  };
  return `${JSON.stringify({ ...row, ...lineage, ...times })}\n`;
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** Inserts a batch as one part. */
export async function insertBatch(
  clickhouse: ClickHouse,
  table: string,
  batch: Batch,
  queryId: string,
): Promise<void> {
  const statement = `INSERT INTO ${table} FORMAT JSONEachRow`;
  await clickhouse.insert({ statement, body: [batch.body], rows: batch.rows, queryId });
}
