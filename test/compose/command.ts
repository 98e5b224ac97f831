// Runs docker and compose commands: output collected, never longer than told, and the same arguments
// whether compose is a plugin of docker (`docker compose`) or the older program `docker-compose`.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { environment } from '../../platform/config.ts';

export const PROJECT_FOLDER = join(import.meta.dirname, '..', '..');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly timeoutMs?: number;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The command line did not do what it should. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Runs a command to its end, whatever its exit code; code 127 when there is no such program. */
export function attempt(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program!, args, {
      cwd: PROJECT_FOLDER,
      env: { ...environment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 60_000,
    });
    const printed = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (printed.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (printed.stderr += chunk.toString()));
    child.once('error', (error) => resolve({ ...printed, code: 127, stderr: error.message }));
    child.once('close', (code) => resolve({ ...printed, code: code ?? 124 }));
  });
}

/** Runs a command. @throws {CommandError} with the end of what it printed, unless it exits with 0. */
export async function run(
  command: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const outcome = await attempt(command, options);
  if (outcome.code === 0) return outcome;
  const said = `${outcome.stdout}\n${outcome.stderr}`.trim().split('\n').slice(-12).join('\n');
  throw new CommandError(`${command.join(' ')}: exit code ${outcome.code}\n${said}`);
}

/** How compose is called here; undefined when it is not. */
export async function findCompose(): Promise<readonly string[] | undefined> {
  for (const command of [['docker', 'compose'], ['docker-compose']]) {
    if ((await attempt([...command, 'version'])).code === 0) return command;
  }
  return undefined;
}
