// A database of its own with the project's tables and a few rows of every stream: some in the window that
// the dashboard tests look at, some long before it, and two that arrived in the same batch. Asked as the
// read-only user that Grafana has.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { quoted } from '../../platform/clickhouse/quoted.ts';
import { schemaSql } from '../../clickhouse_setup/generate.ts';
import { userStatements, usersOf } from '../../clickhouse_setup/users.ts';
import { setupVariables } from '../../clickhouse_setup/variables.ts';
import { readConfig } from '../../platform/config.ts';
import { compileCsvReader } from '../../streams/csv.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { trafficLines, type TrafficRow } from './traffic-rows.ts';

export interface SensorTables extends AsyncDisposable {
  /** With the login of the user that may write. */
  readonly url: URL;
  /** The same database with the login of the user that may only read. */
  readonly readerUrl: URL;
  readonly devices: readonly string[];
  /** Rows and dead letters around now; the tables hold older ones too. */
  readonly rowsNow: number;
  readonly deadNow: number;
  /** CO in the newest row of every device. */
  readonly latestCo: number;
}

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

const DEVICES = ['00:0f:00:70:91:0a', '1c:bf:ce:15:ec:4d', "it's a device"];
const LATEST_CO = 0.0075;

/** Creates them with `rowsPerDevice` rows around `nowMs` (none: all tables stay empty). */
export async function sensorTables(
  clickhouseUrl: string,
  nowMs: number,
  rowsPerDevice = 20,
): Promise<SensorTables> {
  const database = `dashboards_${randomBytes(6).toString('hex')}`;
  const outside = new URL(clickhouseUrl);
  const url = new URL(clickhouseUrl);
  url.searchParams.set('database', database);
  await send(outside, `CREATE DATABASE ${database}`);
  const statements = schemaSql()
    .replace(/^--.*$/gm, '')
    .split(';\n');
  for (const statement of statements) if (statement.trim() !== '') await send(url, statement);
  if (rowsPerDevice > 0) {
    for (const statement of inserts(nowMs, rowsPerDevice)) await send(url, statement);
    await send(url, trafficInsert(trafficNow(nowMs)));
  }
  return {
    url,
    readerUrl: await reader(outside, url, database),
    devices: DEVICES,
    rowsNow: DEVICES.length * rowsPerDevice,
    deadNow: 1,
    latestCo: LATEST_CO,
    [Symbol.asyncDispose]: async () => {
      await send(outside, `DROP DATABASE ${database}`);
    },
  };
}

// A server with access control gets a reader with exactly the rights that the setup grants; the embedded
// one has its own, whom it keeps from everything but reading itself.
async function reader(outside: URL, url: URL, database: string): Promise<URL> {
  const env = {
    CLICKHOUSE_DB: database,
    GRAFANA_CLICKHOUSE_USER: 'grafana_ro',
    GRAFANA_CLICKHOUSE_PASSWORD: 'grafanapass',
  };
  if (inject('backend').kind === 'containers') {
    env.GRAFANA_CLICKHOUSE_USER = database;
    for (const statement of usersOf(readConfig(setupVariables, env), []).flatMap(userStatements)) {
      await send(outside, statement);
    }
  }
  const readerUrl = new URL(url);
  readerUrl.username = env.GRAFANA_CLICKHOUSE_USER;
  readerUrl.password = env.GRAFANA_CLICKHOUSE_PASSWORD;
  return readerUrl;
}

const DETECTORS = 24;

/** Two events of each detector, one a minute after the other; every eighth has failed since. */
function trafficNow(nowMs: number): TrafficRow[] {
  return Array.from({ length: 2 * DETECTORS }, (_, i) => ({
    detector: `D${String(i % DETECTORS).padStart(4, '0')}`,
    type: i % 3 === 0 ? 'RADAR' : 'LOOP',
    status: (i % DETECTORS) % 8 === 0 && i >= DETECTORS ? 'FAILED' : 'OK',
    signal: `S${i % 5}`,
    tsMs: nowMs - (i < DETECTORS ? 120_000 : 60_000),
    arrivedMs: nowMs - (i < DETECTORS ? 119_000 : 59_000),
    offset: i,
  }));
}

const trafficInsert = (rows: readonly TrafficRow[]): string =>
  `INSERT INTO traffic_events FORMAT JSONEachRow\n${trafficLines(rows)}`;

interface Report {
  readonly detector_id: string;
  readonly detector_type: string;
  readonly detector_status: string;
  readonly signal_id: string;
  readonly timestamp?: string;
}

const REPORTS = join(import.meta.dirname, '..', '..', 'data', 'traffic_counts.json');

/** Adds the committed reports as a replay that arrived within ten minutes. */
export async function addTrafficReplay(
  { url }: Pick<SensorTables, 'url'>,
  nowMs: number,
): Promise<void> {
  const reports = JSON.parse(await readFile(REPORTS, 'utf8')) as Report[];
  const rows = reports.map((report, offset): TrafficRow => {
    const arrivedMs = nowMs - 900_000 + Math.floor((offset / reports.length) * 300) * 2_000;
    const tsMs = report.timestamp === undefined ? arrivedMs : Date.parse(report.timestamp);
    const { detector_id: detector, detector_status: status, detector_type: type } = report;
    return { detector, type, status, signal: report.signal_id, tsMs, arrivedMs, offset };
  });
  await send(url, trafficInsert(rows));
}

const CSV = join(import.meta.dirname, '..', '..', 'data', 'sensor_data.csv');

/** Adds the first readings of the committed file as a replay that arrived within ten minutes. */
export async function addReplay({ url }: SensorTables, nowMs: number, rows = 3_000): Promise<void> {
  const lines = (await readFile(CSV, 'utf8')).split('\n').slice(0, rows + 1);
  const [header = [], ...records] = lines.map((line) => line.replaceAll('"', '').split(','));
  const read = compileCsvReader(sensorData, header);
  const body = records.map((cells, index) => {
    const result = read(cells);
    if (!result.ok) throw new Error(`${CSV}: ${result.column}`);
    const { data, device_id, ts } = result.event as { data: object; device_id: string; ts: number };
    const batchMs = nowMs - 900_000 + Math.floor((index / rows) * 300) * 2_000;
    const known = { kafka_source: 'sensor_data@replay', kafka_partition: 1, kafka_offset: index };
    const times = { ts: ts * 1_000, ingest_time: batchMs, kafka_timestamp: batchMs - 500 };
    const at = Object.entries(times).map(([name, ms]) => [
      name,
      new Date(ms).toISOString().slice(0, -1),
    ]);
    return JSON.stringify({ ...data, device_id, ...known, ...Object.fromEntries(at) });
  });
  await send(url, `INSERT INTO sensor_data FORMAT JSONEachRow\n${body.join('\n')}`);
}

/** Runs statements that write. */
export async function write({ url }: SensorTables, ...statements: string[]): Promise<void> {
  for (const statement of statements) await send(url, statement);
}

// The two newest rows of a device share their ingest_time; the one that Kafka had later holds the
// older event, so only the offset tells which one is the latest.
function inserts(nowMs: number, rowsPerDevice: number): string[] {
  const columns = `device_id, ts, co, humidity, light, lpg, motion, smoke, temp, ingest_time,
    kafka_source, kafka_partition, kafka_offset, kafka_timestamp`;
  const devices = DEVICES.map(quoted).join(', ');
  const of = (rows: number, arrivedMs: number): string => `INSERT INTO sensor_data (${columns})
    SELECT arrayJoin([${devices}]) AS device, fromUnixTimestamp64Milli(toInt64(${arrivedMs} - number), 'UTC'),
      if(number = ${rows} - 1, ${LATEST_CO}, 0.004), 51 + number, number % 2, 0.007, number = 3, 0.02, 22.5,
      fromUnixTimestamp64Milli(toInt64(${arrivedMs} + intDiv(least(number, ${rows} - 2), 5) * 5000), 'UTC'),
      'sensor_data@test', 0, number, fromUnixTimestamp64Milli(${arrivedMs}, 'UTC')
    FROM numbers(${rows})`;
  const dead = (arrivedMs: number): string => `INSERT INTO dead_letters
    (stream, kafka_source, kafka_partition, kafka_offset, reason, ingest_time)
    SELECT 'sensor_data', 'sensor_data@test', 0, ${arrivedMs}, 'tombstone',
      fromUnixTimestamp64Milli(${arrivedMs}, 'UTC')`;
  const longAgoMs = nowMs - 86_400_000 * 60;
  return [of(7, longAgoMs), of(rowsPerDevice, nowMs), dead(longAgoMs), dead(nowMs)];
}

/** Runs a query as the reader; every column with its type. */
export async function ask({ readerUrl }: SensorTables, sql: string): Promise<Answer> {
  const text = await send(readerUrl, `${sql}\nFORMAT JSONCompact`);
  const { meta, data } = JSON.parse(text) as { meta: Answer['columns']; data: Answer['rows'] };
  return { columns: meta, rows: data };
}

async function send(url: URL, sql: string): Promise<string> {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  const response = await fetch(address, {
    method: 'POST',
    body: sql,
    headers: {
      'X-ClickHouse-User': decodeURIComponent(url.username),
      'X-ClickHouse-Key': decodeURIComponent(url.password),
    },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${text.trim()}\n${sql.slice(0, 2_000)}`);
  return text;
}
