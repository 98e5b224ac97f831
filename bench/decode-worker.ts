// The gain of a worker thread: the same compressed chunks of 1,000 sensor events are decompressed and decoded
// on the main thread and, in turn, by a worker that gets them transferred, four under way at a time. Prints
// rows per second and CPU per row of the whole process; it fetches and inserts nothing.
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import lz4 from 'lz4-napi';
import { compileDecode } from '../consumer/decode.ts';
import { sensorEvents } from '../data/device-model.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { Block } from '../platform/clickhouse/block.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { median } from './usage.ts';

const CHUNK_ROWS = 1_000;
const CHUNKS = 600;
const ROUNDS = 5;
const UNDER_WAY = 4;
const BLOCK_ROWS = 250_000;
const RECORD_MS = Date.UTC(2026, 0, 1);

const block = new Block(sensorData);
const decode = compileDecode(sensorData, block, 1_000_000);

/** Decompresses a chunk and decodes its events, each behind its length in four bytes. */
async function take(chunk: Uint8Array): Promise<number> {
  const bytes = await lz4.decompressFrame(chunk);
  const before = block.rows;
  for (let at = 0; at < bytes.length;) {
    const from = at + 4;
    at = from + bytes.readUInt32LE(at);
    if (decode(bytes, from, at, RECORD_MS) === undefined) block.commitRow(0, block.rows, RECORD_MS);
  }
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
  const rows = block.rows - before;
  if (block.rows >= BLOCK_ROWS) block.clear();
  return rows;
}

async function chunkOf(events: readonly object[]): Promise<Buffer> {
  const parts = events.flatMap((event) => {
    const value = Buffer.from(JSON.stringify(event));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(value.length);
    return [length, value];
  });
  return lz4.compressFrame(Buffer.concat(parts));
}

/** Feeds all chunks to a worker; resolves with the rows it decoded. */
async function throughWorker(worker: Worker, chunks: readonly Buffer[]): Promise<number> {
  const done = Promise.withResolvers<number>();
  let [sent, back, rows] = [0, 0, 0];
  const send = (): void => {
    const chunk = chunks[sent++];
    if (chunk === undefined) return;
    // The fetch's buffer is shared by all its batches, so that what is handed over has to be copied.
    const copy = Uint8Array.from(chunk);
    worker.postMessage(copy, [copy.buffer]);
  };
  const answered = (count: number): void => {
    rows += count;
    back += 1;
    if (back === chunks.length) done.resolve(rows);
    else send();
  };
  worker.on('message', answered);
  for (let index = 0; index < UNDER_WAY; index += 1) send();
  return done.promise.finally(() => worker.off('message', answered));
}

async function onMain(chunks: readonly Buffer[]): Promise<number> {
  let rows = 0;
  for (const chunk of chunks) rows += await take(chunk);
  return rows;
}

async function compare(): Promise<void> {
  const events = sensorEvents(DEFAULT_SEED)
    .take(20 * CHUNK_ROWS)
    .toArray();
  const chunks: Buffer[] = [];
  for (let index = 0; index < CHUNKS; index += 1) {
    const from = (index % 20) * CHUNK_ROWS;
    chunks.push(await chunkOf(events.slice(from, from + CHUNK_ROWS)));
  }
  const worker = new Worker(new URL(import.meta.url));
  const ways = {
    'main thread': () => onMain(chunks),
    'worker thread': () => throughWorker(worker, chunks),
  };
  const found: Record<string, { perSec: number[]; cpu: number[] }> = {};
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const before = [performance.now(), process.cpuUsage()] as const;
      const rows = await way();
      const { system, user } = process.cpuUsage(before[1]);
      const result = (found[name] ??= { perSec: [], cpu: [] });
      result.perSec.push((rows / (performance.now() - before[0])) * 1_000);
      result.cpu.push((system + user) / rows);
    }
  }
  await worker.terminate();
  process.stdout.write('| decoding on | rows/s | CPU µs/row |\n| --- | --- | --- |\n');
  for (const [name, { cpu, perSec }] of Object.entries(found)) {
    const rate = Math.round(median(perSec)).toLocaleString('en');
    process.stdout.write(`| ${name} | ${rate} | ${median(cpu).toFixed(2)} |\n`);
  }
}

if (isMainThread) await compare();
else parentPort!.on('message', (chunk: Uint8Array) => void take(chunk).then((rows) => parentPort!.postMessage(rows))); // prettier-ignore
