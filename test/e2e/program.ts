// Starts the project's commands as a user does, in an installation of their own: a temporary data
// folder on free ports that shares the downloaded Kafka.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { freePort } from '../../embedded/kafka/ports.ts';
import { environment } from '../../platform/config.ts';
import { errorCode } from '../../platform/errors.ts';
import { KAFKA_LIBS, missingForEmbedded } from '../backend/embedded.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** What this machine lacks for `npm start`; said once where tests are skipped for it. */
export const missing = await missingForEmbedded();
if (missing !== undefined) process.stderr.write(`e2e tests are SKIPPED: ${missing}\n`);

export type Variables = Record<string, string>;

export interface Installation {
  readonly home: string;
  /** SENSORHOUSE_DIR and the four ports. */
  readonly env: Variables;
}

/** A new installation; whatever runs in it is ended and it is deleted with the test. */
export async function installation(): Promise<Installation> {
  const home = await mkdtemp(join(tmpdir(), 'sensorhouse-e2e-'));
  await symlink(KAFKA_LIBS, join(home, basename(KAFKA_LIBS)));
  onTestFinished(async () => {
    for (const { pid } of await processesOf(home)) killed(pid);
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  const port = async (): Promise<string> => String(await freePort('127.0.0.1'));
  const ports = {
    KAFKA_PORT: await port(),
    CLICKHOUSE_PORT: await port(),
    METRICS_PORT: await port(),
    LIVE_PORT: await port(),
  };
  return { home, env: { SENSORHOUSE_DIR: home, ...ports } };
}

/** It may have ended since it was listed. */
function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if (errorCode(thrown) !== 'ESRCH') throw thrown;
  }
}

export interface Program {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  /** All it has written so far. */
  text(): string;
  /** Resolves with the first line that matches; rejects when the program ends without one. */
  says(pattern: RegExp): Promise<string>;
}

/** `npm <args>`, in a process group of its own like a terminal's foreground job. */
export function npm(args: readonly string[], env: Variables): Program {
  return launch('npm', args, env, PROJECT);
}

/** Lines as a person types them into a terminal; the first that fails is the last. */
export function shell(script: string, env: Variables, folder: string): Program {
  return launch('sh', ['-e', '-c', script], env, folder);
}

function launch(program: string, args: readonly string[], env: Variables, cwd: string): Program {
  const child = spawn(program, [...args], {
    cwd,
    env: { ...cleanEnvironment(), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const says = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const known = lines.find((line) => pattern.test(line));
      if (known !== undefined) return resolve(known);
      listeners.add((line) => pattern.test(line) && resolve(line));
      void exit.then((code) => reject(new Error(`exit code ${code}:\n${lines.join('\n')}`)));
    });
  return { child, exit, says, text: () => lines.join('\n') };
}

/** Runs to the end. */
export async function finished(args: readonly string[], env: Variables) {
  const program = npm(args, env);
  const code = await program.exit;
  return { code, text: program.text() };
}

/** Ctrl+C in a terminal: every process of the foreground group gets it. */
export function pressCtrlC({ child }: Program): void {
  process.kill(-child.pid!, 'SIGINT');
}

const OURS =
  /^(KAFKA|CLICKHOUSE|METRICS|LIVE|SENSORHOUSE|npm)_|^(ROW_LIMIT|INTERVAL_MS|PRODUCER|LOOP)$/;

/** What the test run was started with must not reach the programs. */
function cleanEnvironment(): Record<string, string | undefined> {
  const entries = Object.entries(environment()).filter(([name]) => !OURS.test(name));
  return Object.fromEntries(entries);
}

/** Every process with this installation in its environment, on systems that tell (Linux). */
export async function processesOf(home: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const read = (file: string): Promise<string> =>
      readFile(join('/proc', name, file), 'utf8').catch(() => '');
    if (!(await read('environ')).split('\0').includes(`SENSORHOUSE_DIR=${home}`)) continue;
    found.push({
      pid: Number(name),
      command: (await read('cmdline')).replaceAll('\0', ' ').trim(),
    });
  }
  return found;
}

/** The pid of the one process of the installation whose command matches. */
export async function pidOf({ home }: Installation, command: RegExp): Promise<number> {
  const matching = (await processesOf(home)).filter((each) => command.test(each.command));
  if (matching.length !== 1)
    throw new Error(`${matching.length} processes match ${command.source}`);
  return matching[0]!.pid;
}
