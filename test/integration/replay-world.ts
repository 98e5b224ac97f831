// The shared part of the replay's tests: a world with a past that Kafka has partly forgotten, the command in
// this process and in one of its own, and the check that ends every test.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject } from 'vitest';
import { consumerCommand, consumerTask } from '../../consumer/arguments.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { replayCommand, type ReplayCommand } from '../../consumer/replay/main.ts';
import { programEnvironment } from '../backend/program-environment.ts';
import { openWorld, type World } from '../chaos/world.ts';

export const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

export interface Past {
  readonly world: World;
  /** A time between the records of two fills. */
  readonly from: string;
  /** Rows that only the table has any more. */
  readonly forgotten: number;
}

export const FIRST = 120;
export const ROUND = 300;

/** Rows of three times: forgotten by Kafka, before `from`, since `from`. */
export async function withPast(): Promise<Past> {
  const world = await openWorld(endpoints());
  await world.fill(ROUND, 20);
  await world.ingestAll();
  const partitions = [0, 1, 2].map((partition) => ({ partition, offset: String(FIRST / 3) }));
  await world.admin.deleteTopicRecords({ topic: world.topic, partitions });
  const [{ n } = { n: '' }] = await world.clickhouse.rows<{ n: string }>(
    `SELECT toString(count()) AS n FROM sensor_data WHERE kafka_offset < ${FIRST / 3}`,
  );
  await sleep(5);
  const from = new Date().toISOString();
  await sleep(5);
  await world.fill(ROUND, 20);
  await world.ingestAll();
  return { world, from, forgotten: Number(n) };
}

export async function command(
  world: World,
  args: string[],
  env: Record<string, string> = {},
  signal?: AbortSignal,
) {
  const told = consumerTask(parseArguments(consumerCommand, args)) as ReplayCommand;
  let said = '';
  const code = await replayCommand(
    world.config(env),
    told,
    (line) => (said += `${line}\n`),
    signal,
  );
  return { code, said };
}

/** The command as a process. */
export function startProcess(world: World, clickhouseUrl: string, args: string[]) {
  const main = join(import.meta.dirname, '..', '..', 'consumer', 'main.ts');
  const env = programEnvironment(world.env({ CLICKHOUSE_URL: clickhouseUrl }));
  const child = spawn(process.execPath, [main, ...args], { env, stdio: 'pipe' });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  return { kill: () => void child.kill('SIGKILL'), exited, said: () => said };
}

export async function tablesOf(world: World): Promise<string[]> {
  const found = await world.clickhouse.rows<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'sensor%'
     ORDER BY name`,
  );
  return found.map(({ name }) => name);
}

/** Every message once, the forgotten ones too, and nothing left behind but the replaced table. */
export async function assertReplayed({ forgotten, from, world }: Past): Promise<void> {
  const audit = await world.verified();
  expect(audit.partitions.reduce((sum, { older }) => sum + older, 0)).toBe(FIRST);
  const at = `parseDateTime64BestEffort('${from}', 3, 'UTC')`;
  const [aside = ''] = (await tablesOf(world)).filter((name) => name !== 'sensor_data');
  expect(await tablesOf(world)).toEqual(['sensor_data', aside]);
  expect(aside).toMatch(/^sensor_data_replaced_[0-9a-f]{8}$/);
  const was = `SELECT kafka_partition, kafka_offset, ingest_time FROM ${aside}`;
  const [rows] = await world.clickhouse.rows<Record<'forgotten' | 'carried' | 'again', string>>(
    `SELECT toString(countIf(kafka_offset < ${FIRST / 3})) AS forgotten,
       toString(countIf(kafka_timestamp < ${at} AND same)) AS carried,
       toString(countIf(kafka_timestamp >= ${at} AND NOT same)) AS again
     FROM (SELECT *, (kafka_partition, kafka_offset, ingest_time) IN (${was}) AS same
           FROM sensor_data WHERE kafka_offset < ${(2 * ROUND) / 3})`,
  );
  const good = ROUND - ROUND / 20;
  expect(rows).toEqual({
    forgotten: String(forgotten),
    carried: String(good),
    again: String(good),
  });
}
