// Runs the producer as users do, as a process of its own, and reads what it leaves behind: stdout,
// log lines, exit code, records in Kafka. What it should have sent is worked out without its code.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Account } from '../../producers/account.ts';
import { countMessages, kafkaClient } from '../backend/clients.ts';
import { randomGroup } from '../backend/context.ts';
import { programEnvironment } from '../backend/program-environment.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
export const DATA_FILE = join(PROJECT, 'data', 'sensor_data.csv');
export const DEVICES = {
  A: '00:0f:00:70:91:0a',
  B: '1c:bf:ce:15:ec:4d',
  C: 'b8:27:eb:bf:9d:51',
} as const;

/** Where nothing listens. */
export const NO_KAFKA = '127.0.0.1:1';

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly event?: string;
}

export interface Finished {
  /** The exit code, or the signal that ended the process. */
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly log: readonly LogLine[];
  readonly account: Account | undefined;
}

export interface RunningProducer {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when the log has a line like this. */
  logged(pattern: RegExp): Promise<void>;
}

/** Starts `node producers/main.ts args` with these variables and none of the test's own Kafka ones. */
export function launchProducer(
  env: Record<string, string>,
  args: readonly string[] = [],
): RunningProducer {
  const child = spawn(process.execPath, [join(PROJECT, 'producers', 'main.ts'), ...args], {
    env: programEnvironment({ INTERVAL_MS: '0', ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let soFar = '';
  child.stderr.on('data', (chunk: Buffer) => (soFar += chunk.toString()));
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const finished = (async (): Promise<Finished> => {
    const [stdout, stderr, exit] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      exited,
    ]);
    const log = parseLog(stderr);
    const account = log.find(({ event }) => event === 'account') as Account | undefined;
    return { exit, stdout, stderr, log, account };
  })();
  const logged = async (pattern: RegExp): Promise<void> => {
    while (!pattern.test(soFar)) {
      if (child.exitCode !== null) throw new Error(`ended without logging ${pattern}: ${soFar}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { process: child, finished, logged };
}

/** Runs a producer to its end. */
export function runProducer(
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<Finished> {
  return launchProducer(env, args).finished;
}

function parseLog(stderr: string): LogLine[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** The first `count` events of a device as JSON, read from the committed file by plain splitting. */
export function expectedEvents(device: string, count: number, path = DATA_FILE): string[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n').slice(1);
  return lines
    .map((line) => line.slice(1, -1).split('","'))
    .filter((cells) => cells[1] === device)
    .slice(0, count)
    .map(([ts, id, co, humidity, light, lpg, motion, smoke, temp]) => {
      const air = { co: Number(co), humidity: Number(humidity), light: light === 'true' };
      const rest = { lpg: Number(lpg), motion: motion === 'true', smoke: Number(smoke) };
      const data = { ...air, ...rest, temp: Number(temp) };
      return JSON.stringify({ data, device_id: id, ts: Number(ts) });
    });
}

export interface TrafficEvent {
  readonly key: string;
  readonly value: string;
}

/** The committed traffic reports as the producer sends them. */
export function trafficEvents(): TrafficEvent[] {
  const path = join(PROJECT, 'data', 'traffic_counts.json');
  const reports = JSON.parse(readFileSync(path, 'utf8')) as { detector_id: string }[];
  return reports.map((report) => ({ key: report.detector_id, value: JSON.stringify(report) }));
}

/** The events among the lines of a dry run; every line must be one. */
export function printedEvents(stdout: string): string[] {
  const lines = stdout.split('\n').slice(0, -1);
  return lines.map((line) => {
    if (!line.startsWith('[DRY-RUN] ')) throw new Error(`not a dry-run line: ${line}`);
    return line.slice('[DRY-RUN] '.length);
  });
}

export interface ReadRecord {
  readonly partition: number;
  readonly key: string;
  readonly value: string;
}

/** How many records a topic holds, once its broker, which may have just come back, leads it. */
export async function topicLength(bootstrap: string, topic: string): Promise<number> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await countMessages(bootstrap, topic);
    } catch (thrown) {
      if (attempt === 100) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** Every record a topic holds now, in order within each partition. */
export async function readTopic(bootstrap: string, topic: string): Promise<ReadRecord[]> {
  const kafka = kafkaClient(bootstrap);
  const total = await topicLength(bootstrap, topic);
  const records: ReadRecord[] = [];
  if (total === 0) return records;
  const consumer = kafka.consumer({ groupId: randomGroup(), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage: Parameters<typeof consumer.run>[0] = {
      eachMessage: ({ partition, message }) => {
        records.push({ partition, key: String(message.key), value: String(message.value) });
        if (records.length >= total) resolve();
        return Promise.resolve();
      },
    };
    consumer.run(eachMessage).catch(reject);
  });
  await consumer.disconnect();
  return records;
}
