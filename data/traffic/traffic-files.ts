// The traffic reports as text, a piece at a time: a JSON array with one report a line, one JSON object a
// line (NDJSON), or CSV with the location in two columns. The same reports in each.
import type { TrafficReport } from './traffic-model.ts';

export type TrafficFormat = 'json' | 'ndjson' | 'csv';

const CHUNK_CHARS = 64 * 1024;

/** The text of a whole file, in pieces of about 64 KB. */
export function trafficChunks(
  format: TrafficFormat,
  reports: Iterable<TrafficReport>,
): Generator<string, void> {
  return inChunks(LINES[format](reports));
}

const LINES: Record<TrafficFormat, (reports: Iterable<TrafficReport>) => Generator<string>> = {
  *json(reports) {
    let before = '[\n';
    for (const report of reports) {
      yield `${before}${JSON.stringify(report)}`;
      before = ',\n';
    }
    yield before === '[\n' ? '[]\n' : '\n]\n';
  },
  *ndjson(reports) {
    for (const report of reports) yield `${JSON.stringify(report)}\n`;
  },
  *csv(reports) {
    yield line(COLUMNS.map(([header]) => header));
    for (const report of reports) yield line(COLUMNS.map(([, cell]) => cell(report)));
  },
};

const COLUMNS: readonly (readonly [header: string, cell: (report: TrafficReport) => unknown])[] = [
  ['detector_id', (report) => report.detector_id],
  ['detector_type', (report) => report.detector_type],
  ['detector_status', (report) => report.detector_status],
  ['signal_id', (report) => report.signal_id],
  ['latitude', ({ location }) => location.latitude],
  ['longitude', ({ location }) => location.longitude],
  ['timestamp', ({ timestamp }) => timestamp ?? ''],
  ['volume', ({ volume }) => volume],
  ['occupancy', ({ occupancy }) => occupancy],
  ['speed', ({ speed }) => speed],
];

/** No cell has a quote in it. */
function line(cells: readonly unknown[]): string {
  return `"${cells.join('","')}"\n`;
}

function* inChunks(texts: Iterable<string>): Generator<string, void> {
  let chunk = '';
  for (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
