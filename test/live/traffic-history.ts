// What a replay of the committed traffic reports leaves in the table: all of them arrived within an hour,
// moved by whole days so that they are of the days up to now. Those without a time of their own are left out.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trafficLines, type TrafficRow } from '../integration/traffic-rows.ts';

const REPORTS = join(import.meta.dirname, '..', '..', 'data', 'traffic_counts.json');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BATCH_EVERY_MS = 2_000;

interface Report {
  readonly detector_id: string;
  readonly detector_type: string;
  readonly detector_status: string;
  readonly signal_id: string;
  readonly timestamp?: string;
}

/** As JSON lines; the last one arrives at `endMs`. */
export async function trafficHistory(endMs: number): Promise<string> {
  const all = JSON.parse(await readFile(REPORTS, 'utf8')) as Report[];
  const reports = all.flatMap(({ timestamp, ...report }) =>
    timestamp === undefined ? [] : [{ ...report, atMs: Date.parse(timestamp) }],
  );
  const newestMs = Math.max(...reports.map(({ atMs }) => atMs));
  const shiftMs = Math.floor((endMs - newestMs) / DAY_MS) * DAY_MS;
  const rows = reports.map((report, offset): TrafficRow => {
    const sentMs = endMs - ((reports.length - 1 - offset) * HOUR_MS) / reports.length;
    const arrivedMs = Math.ceil(sentMs / BATCH_EVERY_MS) * BATCH_EVERY_MS;
    const { detector_id: detector, detector_status: status, detector_type: type } = report;
    const tsMs = report.atMs + shiftMs;
    return { detector, type, status, signal: report.signal_id, tsMs, arrivedMs, offset };
  });
  return trafficLines(rows);
}
