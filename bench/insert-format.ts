// What one insert of the consumer costs in other formats and compressed: CPU of the sender and of the
// engine per row, and bytes per row on the wire. Every variant carries the same 100,000 sensor rows;
// they alternate, so that whatever else the machine does hits all alike. Decompression happens in the
// embedded server's JavaScript, not in ClickHouse's own code: compare it with care.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import lz4 from 'lz4-napi';
import { createTable } from '../clickhouse_setup/ddl.ts';
import { compileDecode } from '../consumer/decode.ts';
import { quoted } from '../platform/clickhouse/quoted.ts';
import { sensorEvents, type SensorEvent } from '../data/device-model.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { Block } from '../platform/clickhouse/block.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { tableOf } from '../streams/table.ts';
import { startClickHouseProcess } from '../test/backend/clickhouse-process.ts';
import { median, usageOf } from './usage.ts';

const ROWS = 100_000;
const ROUNDS = 9;
const RECORD_MS = Date.UTC(2026, 0, 1);
const TABLE = 'insert_format';
const zstd = promisify(zstdCompress);

const events = sensorEvents(DEFAULT_SEED).take(ROWS).toArray();
const block = new Block(sensorData);
const decode = compileDecode(sensorData, block, 1_000_000);
for (const [offset, event] of events.entries()) {
  const bytes = Buffer.from(JSON.stringify(event));
  decode(bytes, 0, bytes.length, RECORD_MS);
  block.commitRow(0, offset, RECORD_MS);
}

interface Variant {
  readonly format: string;
  readonly encoding?: 'zstd' | 'lz4';
  /** What is done for each insert: its CPU is the sender's. */
  readonly body: () => Buffer | Promise<Buffer>;
}
const native = (): Buffer => Buffer.concat(block.encoded());
const variants: Record<string, Variant> = {
  Native: { format: 'Native', body: native },
  'Native, lz4': { format: 'Native', encoding: 'lz4', body: () => lz4.compressFrame(native()) },
  'Native, zstd': { format: 'Native', encoding: 'zstd', body: () => zstd(native()) },
  RowBinary: { format: 'RowBinary', body: rowBinary },
  JSONEachRow: { format: 'JSONEachRow', body: jsonLines },
};

const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-bench-'));
const engine = await startClickHouseProcess({ folder });
await query(createTable({ ...tableOf(sensorData), name: TABLE }));
const names = [...sensorData.columns.map(({ name }) => name), 'kafka_partition', 'kafka_offset', 'kafka_timestamp']; // prettier-ignore
const found: Record<string, { own: number[]; engine: number[]; bytes: number }> = {};
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, variant] of Object.entries(variants)) {
    const before = [process.cpuUsage(), usageOf(engine.pid).cpuSec] as const;
    const body = await variant.body();
    await send(variant, body);
    const own = process.cpuUsage(before[0]);
    const result = (found[name] ??= { own: [], engine: [], bytes: body.length });
    result.own.push(own.user + own.system);
    result.engine.push((usageOf(engine.pid).cpuSec - before[1]) * 1e6);
  }
}
process.stdout.write('| insert | bytes/row | sender CPU µs/row | engine CPU µs/row |\n| --- | --- | --- | --- |\n'); // prettier-ignore
for (const [name, { bytes, engine: spent, own }] of Object.entries(found)) {
  const cells = [bytes / ROWS, median(own) / ROWS, median(spent) / ROWS].map((figure) => figure.toFixed(2)); // prettier-ignore
  process.stdout.write(`| ${name} | ${cells.join(' | ')} |\n`);
}

await engine[Symbol.asyncDispose]();
await rm(folder, { recursive: true, force: true });

async function send({ encoding, format }: Variant, body: Buffer): Promise<void> {
  const own = names.join(', ');
  const statement = `INSERT INTO ${TABLE} (${own}, ingest_time, kafka_source)
    SELECT ${own}, now64(3), 'bench' FROM input(${quoted(block.structure())}) FORMAT ${format}`;
  await query(statement, body, encoding === undefined ? {} : { 'content-encoding': encoding });
}

async function query(sql: string, body?: Buffer, headers: Record<string, string> = {}) {
  const url = new URL(engine.url);
  const login = Buffer.from(`${url.username}:${decodeURIComponent(url.password)}`).toString(
    'base64',
  );
  url.username = '';
  url.password = '';
  if (body !== undefined) url.searchParams.set('query', sql);
  const response = await fetch(url, {
    method: 'POST',
    body: body === undefined ? sql : new Uint8Array(body),
    headers: { ...headers, authorization: `Basic ${login}` },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
}

/** The block row by row: the encoder that a RowBinary sink would need, straight from the columns. */
function rowBinary(): Buffer {
  const out = Buffer.allocUnsafe(block.bytes + 16);
  let at = 0;
  const text = block.columns.map(() => 0);
  for (let row = 0; row < block.rows; row += 1) {
    for (const [index, column] of block.columns.entries()) {
      switch (column.kind) {
        case 'text': {
          const from = text[index]!;
          const length = 1 + column.text.bytes[from]!;
          at += column.text.bytes.copy(out, at, from, from + length);
          text[index] = from + length;
          break;
        }
        case 'float64':
          at = out.writeDoubleLE(column.float64.values[row]!, at);
          break;
        case 'boolean':
          out[at++] = column.uint8.values[row]!;
          break;
        case 'integer':
        case 'instant':
          at = out.writeUInt32LE(column.int64.values[2 * row]!, at);
          at = out.writeUInt32LE(column.int64.values[2 * row + 1]!, at);
          break;
      }
    }
    at = out.writeUInt16LE(0, at);
    at = out.writeBigUInt64LE(BigInt(row), at);
    at = out.writeBigUInt64LE(BigInt(RECORD_MS), at);
  }
  return out.subarray(0, at);
}

/** As a sink without an encoder of its own would send it. */
function jsonLines(): Buffer {
  const lines = events.map((event: SensorEvent, offset) => {
    const { data, device_id: device, ts } = event;
    const row = { ...data, device_id: device, ts: Math.round(ts * 1_000) };
    const lineage = { kafka_partition: 0, kafka_offset: offset, kafka_timestamp: RECORD_MS };
    return JSON.stringify({ ...row, ...lineage });
  });
  return Buffer.from(lines.join('\n'));
}
