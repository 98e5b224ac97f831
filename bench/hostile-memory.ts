// How much memory consumer and processor take for messages that are made to fill it: huge keys, very many
// headers, floods of dead letters, batches that inflate to a gigabyte, a million keys. Prints a table; run it
// as `node bench/hostile-memory.ts [CGROUP [PART OF A NAME]]`; CGROUP is the folder of a cgroup for the programs.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import kafkajs, { type CompressionTypes as Codec, type Message } from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { environment } from '../platform/config.ts';
import { registerCodecs } from '../platform/kafka/codecs.ts';
import { frameSnappy } from '../platform/kafka/snappy-frames.ts';
import { varint } from '../platform/kafka/test-batches.ts';
import { createTopic, kafkaClient } from '../test/backend/clients.ts';
import { eventMessage } from '../test/chaos/messages.ts';
import { startServers } from './servers.ts';

const ROOT = join(import.meta.dirname, '..');
const MB = 1_000_000;
const { CompressionCodecs, CompressionTypes } = kafkajs;
const [cgroup, only = ''] = process.argv.slice(2);
/** As `npm run consumer` and the containers start them. */
const FLAGS = ['--max-semi-space-size=4'];
const ALLOCATOR = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

registerCodecs();
await using servers = await startServers();
const kafka = kafkaClient(servers.env['KAFKA_BROKER']!);
const producer = kafka.producer();
const admin = kafka.admin();
await Promise.all([producer.connect(), admin.connect()]);

/** What a batch of one record of `bytes` zeros inflates to. */
function* oneRecord(bytes: number): Generator<Buffer> {
  const fields = [Buffer.from([0]), varint(0), varint(0), varint(-1), varint(bytes)];
  const head = Buffer.concat(fields);
  yield Buffer.concat([varint(head.length + bytes + 1), head]);
  const zeros = Buffer.alloc(1 << 20);
  for (let left = bytes; left > 0; left -= zeros.length) yield zeros.subarray(0, left);
  yield varint(0);
}

const whole = (bytes: number): Promise<Buffer> => buffer(Readable.from(oneRecord(bytes)));

async function bomb(topic: string, codec: Codec, body: Buffer): Promise<void> {
  const codecs = CompressionCodecs as Record<number, () => object>;
  const own = codecs[codec]!;
  codecs[codec] = () => ({ compress: () => Promise.resolve(body) });
  try {
    await producer.send({ topic, compression: codec, messages: [{ value: 'x', partition: 0 }] });
  } finally {
    codecs[codec] = own;
  }
}

async function bombs(topic: string): Promise<void> {
  const zstd = await buffer(Readable.from(oneRecord(1_000 * MB)).pipe(createZstdCompress()));
  const gzip = await buffer(Readable.from(oneRecord(600 * MB)).pipe(createGzip({ level: 9 })));
  await bomb(topic, CompressionTypes.ZSTD, zstd);
  await bomb(topic, CompressionTypes.GZIP, gzip);
  await bomb(topic, CompressionTypes.LZ4, lz4.compressFrameSync(await whole(200 * MB)));
  await bomb(
    topic,
    CompressionTypes.Snappy,
    frameSnappy(snappy.compressSync(await whole(20 * MB))),
  );
}

/** Sends `count` messages that `of` makes, so many a request. */
async function many(
  topic: string,
  count: number,
  each: number,
  of: (number: number) => Message,
): Promise<void> {
  for (let sent = 0; sent < count; sent += each) {
    const messages = Array.from({ length: each }, (_, at) => ({ ...of(sent + at), partition: 0 }));
    await producer.send({ topic, compression: CompressionTypes.ZSTD, messages });
  }
}

const headers = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`header-${at}`, 'x']));

const cases: Record<string, (topic: string) => Promise<void>> = {
  'bombs of four codecs': bombs,
  'zstd, 100 MB of records of 1 kB': (topic) =>
    many(topic, 100_000, 100_000, (at) => ({ value: `${at}`.padEnd(1_000) })),
  '60,000 keys of 10 kB': (topic) =>
    many(topic, 60_000, 500, (at) => ({ key: `${at}`.padEnd(10_000), value: 'x' })),
  '60,000 headers in one record, ten times': (topic) =>
    many(topic, 10, 1, () => ({ value: 'x', headers: headers(60_000) })),
  '60,000 records of 100 headers': (topic) =>
    many(topic, 60_000, 1_000, () => ({ value: 'x', headers: headers(100) })),
  '180,000 small dead letters': (topic) => many(topic, 180_000, 6_000, () => ({ value: 'x' })),
  'a million keys': (topic) =>
    many(topic, 1_000_000, 5_000, (at) => ({ ...eventMessage(at, 0), key: `key-${at}` })),
};

/** Runs a program until its group has read all of `topic`; resolves to its peak in MB, or how it ended. */
async function peak(main: string, env: Record<string, string>, group: string, topic: string): Promise<string> {
  const child = spawn(process.execPath, [...FLAGS, join(ROOT, main)], {
    env: { PATH: environment()['PATH'], ...ALLOCATOR, ...servers.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (cgroup !== undefined) writeFileSync(join(cgroup, 'cgroup.procs'), String(child.pid));
  let ended: string | undefined;
  child.once('exit', (code, signal) => (ended = `ended: ${signal ?? code}`));
  while (ended === undefined && !(await isRead(group, topic))) await sleep(200);
  const status = ended === undefined ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : '';
  await stopped(child);
  const kB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  return ended === undefined || kB > 0 ? `${Math.round(kB / 1_024)} MB` : ended;
} // prettier-ignore

/** A topic and a group that are new have no leader and no coordinator for a moment: not read. */
async function isRead(group: string, topic: string): Promise<boolean> {
  try {
    const [end] = await admin.fetchTopicOffsets(topic);
    const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return Number(found?.partitions[0]?.offset ?? -1) >= Number(end!.high);
  } catch {
    return false;
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

process.stdout.write('| messages | consumer | processor |\n| --- | --- | --- |\n');
for (const [at, [name, fill]] of Object.entries(cases).entries()) {
  if (!name.includes(only)) continue;
  const [topic, output] = [`hostile-${at}`, `hostile-${at}-made`];
  await servers.prepare(topic, 1);
  await createTopic(servers.env['KAFKA_BROKER']!, output, 1);
  await fill(topic);
  const consuming = {
    STREAMS: 'sensor_data',
    KAFKA_TOPIC: topic,
    KAFKA_GROUP: topic,
    METRICS_PORT: '0',
  };
  const consumer = await peak('consumer/main.ts', consuming, topic, topic);
  const making = {
    PROCESSOR_FROM_TOPIC: topic,
    PROCESSOR_TO_TOPIC: output,
    PROCESSOR_GROUP: output,
  };
  const processor = await peak('processor/main.ts', making, output, topic);
  process.stdout.write(`| ${name} | ${consumer} | ${processor} |\n`);
}
await Promise.all([producer.disconnect(), admin.disconnect()]);
