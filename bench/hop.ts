// Child process: the traffic stream's way through a processor. First how many records a second go from the raw
// topic through the processor into the table, then how much later a record can be read from the processed
// topic than from the raw one. Prints both. Argument: records.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs from 'kafkajs';
import { trafficReports } from '../data/traffic/traffic-model.ts';
import { TRAFFIC_SEED } from '../data/traffic/traffic-options.ts';
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget, clickhouseVariables } from '../platform/clickhouse/variables.ts';
import { environment, readConfig } from '../platform/config.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { TopicReader } from '../platform/kafka/topic-reader.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { silentLog } from '../platform/log.ts';
import { trafficEvents, trafficRaw } from '../streams/traffic.ts';
import { quantile } from './usage.ts';

const [count = '0'] = process.argv.slice(2);
const BATCH = 2_000;
/** Sent over and over. */
const REPORTS = 20_000;
/** A count costs the embedded server some 10 ms of CPU, which the rows then do not have. */
const LOOK_MS = 200;
const LATENCY_SEC = 15;
const PER_SEC = 200;

const config = readConfig({ ...kafkaVariables, ...clickhouseVariables });
await using clickhouse = new ClickHouse(clickhouseTarget(config), 'bench');
const reports = trafficReports(TRAFFIC_SEED, 'full').take(REPORTS).toArray();
const messages = reports.map((report) => {
  return { key: report.detector_id, value: JSON.stringify(report) };
});
const producer = createKafka(config, silentLog(), 'bench-hop').producer({ idempotent: true });
await producer.connect();
await send(Number(count));

const started = performance.now();
const parts = [
  part(['processor/main.ts'], { PROCESSOR: 'traffic-enrich' }),
  part(['--initial-heap-size=128', 'consumer/main.ts'], {
    STREAMS: 'traffic_events',
    METRICS_PORT: '0',
  }),
];
try {
  const rowsPerSec = await drained();
  const { direct, hop } = await latencies();
  const figures = {
    sec: (performance.now() - started) / 1_000,
    rowsPerSec,
    rawP50Ms: quantile(direct, 0.5),
    rawP99Ms: quantile(direct, 0.99),
    hopP50Ms: quantile(hop, 0.5),
    hopP99Ms: quantile(hop, 0.99),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  for (const child of parts) child.kill('SIGTERM');
  await producer.disconnect();
}

async function send(records: number): Promise<void> {
  for (let sent = 0; sent < records; sent += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, records - sent) }, (_, at) => {
      return messages[(sent + at) % messages.length]!;
    });
    await producer.send({
      topic: trafficRaw.topic.name,
      messages: some,
      compression: kafkajs.CompressionTypes.LZ4,
      acks: -1,
    });
  }
}

/** A program with the options of Node that package.json gives it. */
function part(program: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--max-semi-space-size=4', ...program], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...environment(), ...env },
    stdio: 'ignore',
  });
}

/** Rows per second from the first that can be seen to the last. */
async function drained(): Promise<number> {
  let first: { readonly atMs: number; readonly rows: number } | undefined;
  for (;;) {
    const [found] = await clickhouse.rows<{ rows: string }>(
      `SELECT toString(count()) AS rows FROM ${trafficEvents.table.name}`,
    );
    const rows = Number(found!.rows);
    const atMs = performance.now();
    if (rows > 0) first ??= { atMs, rows };
    if (first !== undefined && rows >= Number(count)) {
      return (rows - first.rows) / ((atMs - first.atMs) / 1_000);
    }
    await sleep(LOOK_MS);
  }
}

/** How long after it was sent each record could be read: from the raw topic, and from the processed one. */
async function latencies(): Promise<{ direct: number[]; hop: number[] }> {
  const over = new AbortController();
  const direct: number[] = [];
  const hop: number[] = [];
  const follow = async (topic: string, into: number[]): Promise<void> => {
    await using reader = new TopicReader(config, topic, 'bench-hop', silentLog());
    await reader.open('end');
    opened.resolve(undefined);
    for await (const records of reader.records(over.signal)) {
      const nowMs = Date.now();
      into.push(...records.map(({ timestampMs }) => nowMs - timestampMs));
    }
  };
  let opened = Promise.withResolvers<undefined>();
  const raw = follow(trafficRaw.topic.name, direct);
  await opened.promise;
  opened = Promise.withResolvers();
  const processed = follow(trafficEvents.topic.name, hop);
  await opened.promise;
  for (let tick = 0; tick < LATENCY_SEC * 10; tick += 1) {
    const some = messages.slice(tick * (PER_SEC / 10), (tick + 1) * (PER_SEC / 10));
    const timestamp = String(Date.now());
    await producer.send({
      topic: trafficRaw.topic.name,
      messages: some.map((each) => ({ ...each, timestamp })),
      acks: -1,
    });
    await sleep(100);
  }
  while (hop.length < direct.length) await sleep(50);
  over.abort();
  await Promise.all([raw, processed]);
  return { direct, hop };
}
