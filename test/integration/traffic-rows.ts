// Rows of traffic_events for the tests, each as its table holds it, and the way into the table.
import { randomUUID } from 'node:crypto';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';

export interface TrafficRow {
  readonly detector: string;
  readonly type: string;
  readonly status: string;
  readonly signal: string;
  /** When it happened; epoch milliseconds. */
  readonly tsMs: number;
  /** When it arrived; epoch milliseconds. */
  readonly arrivedMs: number;
  readonly offset: number;
}

export const isOperational = ({ status }: TrafficRow): boolean => status.startsWith('OK');

/** The rows as JSON lines for `INSERT … FORMAT JSONEachRow`. */
export function trafficLines(rows: readonly TrafficRow[]): string {
  return rows
    .map((row) => {
      const { arrivedMs, detector, offset, signal, status, tsMs, type } = row;
      const coordinates = { kafka_source: 'iot.traffic.processed@test', kafka_partition: 0 };
      return JSON.stringify({
        ...{ detector_id: detector, detector_type: type, detector_status: status },
        ...{ signal_id: signal, ts: instant(tsMs), is_operational: Number(isOperational(row)) },
        ...{ processed_at: instant(arrivedMs), raw: '{}', ingest_time: instant(arrivedMs) },
        ...{ ...coordinates, kafka_offset: offset, kafka_timestamp: instant(arrivedMs) },
      });
    })
    .join('\n');
}

/** Inserts the rows in that order, as one part. */
export async function insertTraffic(
  clickhouse: ClickHouse,
  rows: readonly TrafficRow[],
  table = 'traffic_events',
): Promise<void> {
  await clickhouse.insert({
    statement: `INSERT INTO ${table} FORMAT JSONEachRow`,
    body: [Buffer.from(trafficLines(rows))],
    rows: rows.length,
    queryId: randomUUID(),
  });
}

function instant(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}
