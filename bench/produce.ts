// How fast records get into Kafka and through a processor, beside Java's own tools in the same rounds, each in turn:
// ready values and ProducerPerformance, a CSV file, the processor and a Kafka Streams program of the same enrichment.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sensorEvents } from '../data/device-model.ts';
import { writeSensorCsv } from '../data/generate.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { trafficReports } from '../data/traffic/traffic-model.ts';
import { TRAFFIC_SEED } from '../data/traffic/traffic-options.ts';
import { environment } from '../platform/config.ts';
import { createTopic, kafkaClient } from '../test/backend/clients.ts';
import { MALLOC, runChild, type Result } from './child.ts';
import { producerPerformance, startStreams, type Guarantee } from './java-programs.ts';
import type { BenchServers } from './servers.ts';
import { usageOf, type Usage } from './usage.ts';

const PARTITIONS = 3;
const PAYLOADS = 20_000;
const CSV_ROWS_MAX = 2_000_000;
const LOOK_MS = 20;
const DRAIN_MS = 300_000;

export const PRODUCE_PARTS = {
  'java-ready': 'ProducerPerformance (Java), ready values',
  ready: 'our sender, ready values',
  csv: 'one producer, a CSV file of three devices',
  'csv-device': 'one producer, one device of the file',
} as const;
export const PROCESS_PARTS = {
  'java-at-least-once': 'Kafka Streams, at least once',
  'java-exactly-once': 'Kafka Streams, exactly_once_v2',
  processor: 'the processor',
} as const;
export type ProducePart = keyof typeof PRODUCE_PARTS;
export type ProcessPart = keyof typeof PROCESS_PARTS;

/** Files that the parts read. */
export interface ProduceInputs extends AsyncDisposable {
  readonly folder: string;
  readonly values: string;
  readonly reports: string;
  readonly csv: string;
}

export async function produceInputs(rows: number): Promise<ProduceInputs> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-bench-produce-'));
  const [values, reports, csv] = ['values', 'reports', 'csv'].map((name) => join(folder, name)) as [string, string, string]; // prettier-ignore
  const events = sensorEvents(DEFAULT_SEED).take(PAYLOADS);
  await writeFile(values, linesOf(events.toArray()));
  await writeFile(reports, linesOf(trafficReports(TRAFFIC_SEED, 'full').take(PAYLOADS).toArray()));
  await writeSensorCsv({ rows: Math.min(rows, CSV_ROWS_MAX), seed: DEFAULT_SEED, out: csv });
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { folder, values, reports, csv, [Symbol.asyncDispose]: dispose };
}

function linesOf(events: readonly unknown[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** Runs one part with a topic of its own, which is deleted again. */
export async function measureProduce(
  { env }: BenchServers,
  part: ProducePart,
  rows: number,
  inputs: ProduceInputs,
): Promise<Result> {
  const bootstrap = env['KAFKA_BROKER']!;
  const topic = `produce-${part}-${rows}`;
  await createTopic(bootstrap, topic, PARTITIONS);
  try {
    switch (part) {
      case 'java-ready':
        return await producerPerformance(bootstrap, topic, rows, inputs.values);
      case 'ready':
        return await runChild('send', [topic, rows, inputs.values], env);
      case 'csv':
        return await runChild('producer', [topic, rows, 'sensor_data', inputs.csv], env);
      case 'csv-device':
        return await runChild('producer', [topic, rows, 'producer_C', inputs.csv], env);
    }
  } finally {
    await deleteTopic(bootstrap, topic);
  }
}

/** Fills the topic that the parts of {@link measureProcess} read. */
export async function fillReports(
  { env }: BenchServers,
  rows: number,
  inputs: ProduceInputs,
): Promise<string> {
  const topic = `process-raw-${rows}`;
  await createTopic(env['KAFKA_BROKER']!, topic, PARTITIONS);
  await runChild('send', [topic, rows, inputs.reports, 'detector_id'], env);
  return topic;
}

/** Starts one program on the filled topic and measures from its first output to its last. */
export async function measureProcess(
  { env }: BenchServers,
  part: ProcessPart,
  from: string,
  rows: number,
  { folder }: ProduceInputs,
): Promise<Result> {
  const bootstrap = env['KAFKA_BROKER']!;
  const to = `process-${part}-${Date.now()}`;
  await createTopic(bootstrap, to, PARTITIONS);
  const start = (guarantee: Guarantee): Promise<ChildProcess> =>
    startStreams(bootstrap, from, to, guarantee, join(folder, to));
  const child =
    part === 'processor'
      ? startProcessor(env, from, to)
      : await start(part === 'java-at-least-once' ? 'at_least_once' : 'exactly_once_v2');
  try {
    return await drained(bootstrap, to, rows, child);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    await deleteTopic(bootstrap, to);
  }
}

function startProcessor(env: Record<string, string>, from: string, to: string): ChildProcess {
  const path = join(import.meta.dirname, '..', 'processor', 'main.ts');
  const options = ['--disable-warning=TimeoutNegativeWarning', '--max-semi-space-size=4', path];
  const named = { PROCESSOR_FROM_TOPIC: from, PROCESSOR_TO_TOPIC: to, PROCESSOR_GROUP: to };
  return spawn(process.execPath, options, {
    env: { ...environment(), ...MALLOC, ...env, PROCESSOR: 'traffic-enrich', ...named },
    stdio: 'ignore',
  });
}

/** Records a second from the first that can be seen to the last, and what the program cost until then. */
async function drained(
  bootstrap: string,
  topic: string,
  rows: number,
  child: ChildProcess,
): Promise<Result> {
  const admin = kafkaClient(bootstrap).admin();
  await admin.connect();
  try {
    let first: { readonly atMs: number; readonly rows: number; readonly usage: Usage } | undefined;
    for (const endsMs = performance.now() + DRAIN_MS; performance.now() < endsMs;) {
      const ends = await admin.fetchTopicOffsets(topic);
      const seen = ends.reduce((sum, { high }) => sum + Number(high), 0);
      const atMs = performance.now();
      const usage = usageOf(child.pid ?? 0);
      if (seen > 0) first ??= { atMs, rows: seen, usage };
      if (first !== undefined && seen >= rows) {
        const sec = (atMs - first.atMs) / 1_000;
        const done = seen - first.rows;
        const cpuSec = ((usage.cpuSec - first.usage.cpuSec) * rows) / done;
        return { sec, rowsPerSec: done / sec, cpuSec, peakRssMb: usage.peakRssMb };
      }
      await sleep(LOOK_MS);
    }
    throw new Error(`${topic} did not get ${rows} records within ${DRAIN_MS / 1_000} s`);
  } finally {
    await admin.disconnect();
  }
}

async function deleteTopic(bootstrap: string, topic: string): Promise<void> {
  const admin = kafkaClient(bootstrap).admin();
  await admin.connect();
  await admin.deleteTopics({ topics: [topic] }).finally(() => admin.disconnect());
}
