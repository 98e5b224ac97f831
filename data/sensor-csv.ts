// The generated data set as CSV text, a piece at a time: the reader decides the pace, and only one piece is
// in memory.
import { sensorData } from '../streams/sensor-data.ts';
import { csvFormat } from './csv-format.ts';
import { sensorEvents, type SensorEvent } from './device-model.ts';
import { devices } from './devices.ts';

/** This many rows in all, or rows until every device has so many. */
export type RowLimit = number | { readonly perDevice: number };

const CHUNK_CHARS = 64 * 1024;

/** The file's text from its header to its last line end, in pieces of about 64 KB. */
export function* csvChunks(seed: number, rows: RowLimit): Generator<string, void> {
  const { header, line } = csvFormat(sensorData);
  let chunk = `${header}\n`;
  for (const event of limited(sensorEvents(seed), rows)) {
    chunk += `${line(event)}\n`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function limited(
  events: Iterator<SensorEvent> & Iterable<SensorEvent>,
  rows: RowLimit,
): Iterable<SensorEvent> {
  return typeof rows === 'number'
    ? Iterator.from(events).take(rows)
    : untilEach(events, rows.perDevice);
}

function* untilEach(events: Iterable<SensorEvent>, perDevice: number): Generator<SensorEvent> {
  const counts = new Map<string, number>();
  let short = devices.length;
  for (const event of events) {
    yield event;
    const count = (counts.get(event.device_id) ?? 0) + 1;
    counts.set(event.device_id, count);
    if (count === perDevice) short -= 1;
    if (short === 0) return;
  }
}
