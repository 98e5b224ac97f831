// Java's own tools for the benchmark: ProducerPerformance, which comes with the broker, and a Kafka Streams program
// whose jars Maven fetches once into the folder of the embedded Kafka.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { findJava, findMaven } from '../embedded/kafka/java.ts';
import { copyDependencies, pomOf } from '../embedded/kafka/maven.ts';
import { KAFKA_VERSION } from '../embedded/kafka/version.ts';
import type { Result } from './child.ts';
import { usageOf } from './usage.ts';

const FOLDER = join(import.meta.dirname, '..', '.sensorhouse');
const KAFKA_LIBS = join(FOLDER, `kafka-libs-${KAFKA_VERSION}`);
const STREAMS_LIBS = join(FOLDER, `kafka-streams-${KAFKA_VERSION}`);
const SAMPLE_MS = 20;

/** Java sends `records` records of the lines of a file, as fast as Kafka acknowledges them. */
export async function producerPerformance(
  bootstrap: string,
  topic: string,
  records: number,
  payloadPath: string,
): Promise<Result> {
  const { path } = await findJava();
  const settings = [`bootstrap.servers=${bootstrap}`, 'acks=all', 'compression.type=lz4', 'linger.ms=5', 'batch.size=262144']; // prettier-ignore
  const args = ['-cp', `${KAFKA_LIBS}/*`, 'org.apache.kafka.tools.ProducerPerformance', '--topic', topic, '--num-records', String(records), '--throughput', '-1', '--payload-file', payloadPath, '--producer-props', ...settings]; // prettier-ignore
  const child = spawn(path, ['-Xmx512m', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let usage = usageOf(child.pid ?? 0);
  const sampler = setInterval(() => {
    const now = usageOf(child.pid ?? 0);
    const peakRssMb = Math.max(usage.peakRssMb, now.peakRssMb);
    usage = { cpuSec: Math.max(usage.cpuSec, now.cpuSec), peakRssMb };
  }, SAMPLE_MS);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  await once(child, 'close');
  clearInterval(sampler);
  const rates = [...out.matchAll(/([\d.]+) records\/sec/g)];
  const rowsPerSec = Number(rates.at(-1)?.[1] ?? NaN);
  if (!(rowsPerSec > 0)) throw new Error(`ProducerPerformance said: ${out.slice(-400)}`);
  return { ...usage, sec: records / rowsPerSec, rowsPerSec };
}

export type Guarantee = 'at_least_once' | 'exactly_once_v2';

/** Starts bench/EnrichStreams.java; whoever starts it ends it. */
export async function startStreams(
  bootstrap: string,
  from: string,
  to: string,
  guarantee: Guarantee,
  statePath: string,
): Promise<ChildProcess> {
  const { path } = await findJava();
  await ensureStreams();
  const args = ['-Xmx512m', '-cp', `${STREAMS_LIBS}/*`, join(import.meta.dirname, 'EnrichStreams.java')]; // prettier-ignore
  return spawn(path, [...args, bootstrap, from, to, guarantee, statePath], { stdio: 'ignore' });
}

async function ensureStreams(): Promise<void> {
  if (existsSync(STREAMS_LIBS)) return;
  const partial = await mkdtemp(`${STREAMS_LIBS}.partial-`);
  const pom = pomOf([['org.apache.kafka', 'kafka-streams', KAFKA_VERSION]]);
  await copyDependencies(await findMaven(), partial, () => undefined, undefined, pom);
  await rename(partial, STREAMS_LIBS);
}
