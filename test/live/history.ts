// Fills an installation as if it had run for a while: the first rows of the committed sensor data, arrived
// one batch a second, and a few dead letters some time ago.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const CSV = join(import.meta.dirname, '..', '..', 'data', 'sensor_data.csv');
/** As producers send by default, and a consumer with FLUSH_INTERVAL_SEC=1 flushes. */
const ROW_EVERY_MS = 200;
const BATCH_EVERY_MS = 1_000;
const SOURCE = 'sensor_data@history';
const DEAD = [
  ...[{ reason: 'wrong_type', field: 'co', minutesAgo: 46 }],
  ...[{ reason: 'wrong_type', field: 'temp', minutesAgo: 38 }],
  ...[{ reason: 'not_json', field: '', minutesAgo: 31 }],
];

interface CsvRow {
  readonly device: string;
  readonly line: string;
  readonly values: Readonly<Record<string, string>>;
}

export interface History {
  /** The rest of the data, for producers to go on with. */
  readonly restOfCsv: string;
  /** What there is when the last of it was sent at `endMs`, as JSON lines. */
  at(endMs: number): { readonly rows: string; readonly dead: string };
}

/** What `minutes` of running leave behind. */
export async function history(minutes: number): Promise<History> {
  const [head = '', ...lines] = (await readFile(CSV, 'utf8')).trim().split('\n');
  const names = head.split(',');
  const perDevice = Math.floor((minutes * 60_000) / ROW_EVERY_MS);
  const taken = new Map<string, number>();
  const past: { row: CsvRow; offset: number }[] = [];
  const rest: string[] = [];
  for (const row of lines.map((line) => parse(names, line))) {
    const offset = taken.get(row.device) ?? 0;
    taken.set(row.device, offset + 1);
    if (offset >= perDevice) rest.push(row.line);
    else past.push({ row, offset });
  }
  const devices = [...taken.keys()];
  return {
    restOfCsv: `${[head, ...rest].join('\n')}\n`,
    at: (endMs) => ({
      rows: past
        .map(({ offset, row }) => {
          const sentMs = endMs - (perDevice - offset) * ROW_EVERY_MS;
          return jsonRow(row, devices.indexOf(row.device), offset, sentMs);
        })
        .join('\n'),
      dead: DEAD.map((letter, i) => deadRow(letter, i, endMs)).join('\n'),
    }),
  };
}

function parse(names: readonly string[], line: string): CsvRow {
  const cells = line.split(',').map((cell) => cell.replaceAll('"', ''));
  const values = Object.fromEntries(names.map((name, i) => [name.replaceAll('"', ''), cells[i]!]));
  return { device: values['device']!, line, values };
}

function jsonRow(
  { device, values }: CsvRow,
  partition: number,
  offset: number,
  sentMs: number,
): string {
  const { co, humidity, light, lpg, motion, smoke, temp, ts } = values;
  const flag = (text = ''): number => Number(/^(true|1)$/i.test(text));
  const arrivedMs = Math.ceil(sentMs / BATCH_EVERY_MS) * BATCH_EVERY_MS;
  return JSON.stringify({
    ...{
      device_id: device,
      ts: text(Math.round(Number(ts) * 1_000)),
      co,
      humidity,
      lpg,
      smoke,
      temp,
    },
    ...{ light: flag(light), motion: flag(motion), ingest_time: text(arrivedMs) },
    ...{
      kafka_source: SOURCE,
      kafka_partition: partition,
      kafka_offset: offset,
      kafka_timestamp: text(sentMs),
    },
  });
}

function deadRow(
  { field, minutesAgo, reason }: (typeof DEAD)[number],
  i: number,
  nowMs: number,
): string {
  return JSON.stringify({
    ...{
      stream: 'sensor_data',
      kafka_source: SOURCE,
      kafka_partition: 0,
      kafka_offset: 1_000_000 + i,
    },
    ...{ reason, field, ingest_time: text(nowMs - minutesAgo * 60_000), value: '{"co":"high"}' },
  });
}

function text(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** Writes it into the database of a ClickHouse at `url` (credentials and `?database=` in it). */
export async function writeHistory(url: URL, past: History, endMs: number): Promise<void> {
  const { dead, rows } = past.at(endMs);
  await insert(url, 'sensor_data', rows);
  await insert(url, 'dead_letters', dead);
}

/** Inserts JSON lines. */
export async function insert(url: URL, table: string, lines: string): Promise<void> {
  const address = new URL(url);
  const { password, username } = address;
  address.username = '';
  address.password = '';
  address.searchParams.set('query', `INSERT INTO ${table} FORMAT JSONEachRow`);
  const headers = {
    'X-ClickHouse-User': decodeURIComponent(username),
    'X-ClickHouse-Key': decodeURIComponent(password),
  };
  const response = await fetch(address, { method: 'POST', headers, body: lines });
  if (!response.ok) throw new Error(`${table}: ${await response.text()}`);
}
