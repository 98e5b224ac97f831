// The shared part of the tests of re-driven dead letters: a world with rejected messages that a fixed
// consumer takes, the command in this process and in one of its own, and the check that each letter landed
// once.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { KafkaMessage } from 'kafkajs';
import { expect, inject } from 'vitest';
import { auditReport } from '../../consumer/audit/report.ts';
import {
  deadLettersCommand,
  deadLetterVariables,
  letterArguments,
} from '../../consumer/dead-letters/arguments.ts';
import { handleDeadLetters } from '../../consumer/dead-letters/main.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { readConfig } from '../../platform/config.ts';
import { programEnvironment } from '../backend/program-environment.ts';
import type { Seen } from '../chaos/fault-proxy.ts';
import { readLog } from '../chaos/log-truth.ts';
import { eventJson } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';

export const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

/** What the first consumer takes; the "fix" is one that takes more. */
export const TOO_SMALL = { MAX_MESSAGE_BYTES: '400' };
export const FIRST_MS = 1_600_000_000_000;

/** A good event that is too large for the first consumer. */
export function padded(index: number, partition: number) {
  return {
    key: `device-${index % 7}`,
    value: eventJson(index).padEnd(500),
    partition,
    timestamp: String(FIRST_MS + index),
    headers: { trace: Buffer.from([0, 255, index]), twice: ['a', 'b'] },
  };
}

/** A world with rows 0 to 29, and `count` dead letters that a fixed consumer will take. */
export async function rejectedWorld(count = 30): Promise<World> {
  const world = await openWorld(endpoints());
  // The broker looks for records that are too old 30 s after its start, and these are of 2020.
  await world.configure({ 'retention.ms': '-1' });
  await using consumer = await world.consumer(TOO_SMALL);
  await world.fill(30);
  await world.send(Array.from({ length: count }, (_, at) => padded(1_000 + at, at % 3)));
  await world.ingested();
  expect(consumer.totals()).toMatchObject({ inserted: 30, deadLetters: count });
  return world;
}

export async function command(
  world: World,
  ...args: string[]
): Promise<{ code: number; said: string }> {
  let said = '';
  const config = readConfig(deadLetterVariables, world.env());
  // Nobody lands what is published unless the test says so.
  const wait = args.includes('--redrive') ? ['--wait', '0'] : [];
  const told = letterArguments(
    parseArguments(deadLettersCommand, ['--stream', 'sensor_data', ...wait, ...args]),
  );
  const code = await handleDeadLetters(config, told, (text) => (said += text));
  return { code, said };
}

/** The command as a process. */
export function startCommand(world: World, clickhouseUrl: string) {
  const main = join(import.meta.dirname, '..', '..', 'consumer', 'dead-letters', 'main.ts');
  const env = programEnvironment(world.env({ CLICKHOUSE_URL: clickhouseUrl }));
  const args = ['--redrive', '--stream', 'sensor_data', '--wait', '0'];
  const child = spawn(process.execPath, [main, ...args], { env, stdio: 'pipe' });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const exited = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  return { kill: () => void child.kill('SIGKILL'), exited, said: () => said };
}

/** The reading of the letters that are published: the first one after the intent. Before it they are judged. */
export function reading(): (seen: Seen) => boolean {
  let intended = false;
  return ({ insertInto, statement }) => {
    intended ||= insertInto === 'dead_letter_redrives' && statement.includes(`'intent'`);
    return intended && statement.includes('AS k,');
  };
}

/** The messages that carry an origin, by it. */
export async function redriven(world: World): Promise<Map<string, KafkaMessage[]>> {
  const found = new Map<string, KafkaMessage[]>();
  await readLog(inject('kafkaBootstrap'), world.topic, (_, message) => {
    const header = (name: string) => message.headers?.[`sensorhouse-origin-${name}`]?.toString();
    if (header('offset') === undefined) return;
    const origin = `${header('source')} ${header('partition')} ${header('offset')}`;
    found.set(origin, [...(found.get(origin) ?? []), message]);
  });
  return found;
}

/** Lets a fixed consumer take everything, and holds log, tables and audit against each other. */
export async function assertOnce(world: World, letters = 30, rows = 60): Promise<void> {
  const origins = await redriven(world);
  expect(origins.size).toBe(letters);
  for (const [origin, messages] of origins) expect(messages, origin).toHaveLength(1);
  await using consumer = await world.consumer();
  const audit = await world.ingested();
  expect(consumer.totals().inserted).toBe(letters);
  expect(await world.rowCount()).toBe(rows);
  expect(audit, auditReport(audit)).toMatchObject({ exact: true, behind: 0 });
  expect(auditReport(audit)).toContain(`${letters} dead letters were published again`);
  const [twice] = await world.clickhouse.rows<{ n: string }>(
    'SELECT toString(count() - uniqExact(device_id, ts, co)) AS n FROM sensor_data',
  );
  expect(twice!.n).toBe('0');
  expect((await command(world)).said).toContain('\n0 open;');
}
