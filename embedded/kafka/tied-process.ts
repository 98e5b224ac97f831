// Starts a program that cannot outlive this process. The shell that becomes the program leaves a
// watchdog behind on our pipe; the pipe ends when we die, however we die, and the watchdog acts.
import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { environment } from '../../platform/config.ts';

export interface Command {
  program: string;
  args: string[];
  cwd: string;
  /** Default: this process's own. */
  env?: Record<string, string | undefined>;
  /** Gets stdout and stderr, from an empty file on. Not bounded: the program logs elsewhere. */
  outputPath: string;
}

export interface TiedProcess {
  readonly pid: number;
  /** The exit code, or 128 + the number of the signal that ended it. */
  readonly ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, SIGKILL after `graceMs`; resolves once it has ended. */
  stop(graceMs: number): Promise<void>;
}

// $$ is the shell's pid, which exec hands on to the program. A line on the pipe means that it ended
// and its parent saw it; the end of the pipe means that the parent is gone.
const WATCHDOG = `
exec 3<&0 </dev/null
(
  trap '' INT HUP
  read -r line <&3 && exit 0
  kill -TERM $$ 2>/dev/null || exit 0
  n=0
  while [ $n -lt 15 ] && kill -0 $$ 2>/dev/null; do sleep 1; n=$((n + 1)); done
  kill -KILL $$ 2>/dev/null
) &
exec "$@" 3<&-
`;

/** Starts the program; rejects when not even the shell can be started. */
export async function startTied(command: Command): Promise<TiedProcess> {
  const { program, args, cwd, env = environment(), outputPath } = command;
  const output = await open(outputPath, 'w');
  try {
    const child = spawn('/bin/sh', ['-c', WATCHDOG, 'sh', program, ...args], {
      cwd,
      env,
      // Its own process group: Ctrl+C in the terminal is for us, who stop things in order.
      detached: true,
      stdio: ['pipe', output.fd, output.fd],
    });
    const pid = await spawned(child);
    child.stdin?.on('error', () => undefined); // the watchdog may be gone first
    const ended = new Promise<number>((resolve) => {
      child.once('exit', (code, signal) => {
        child.stdin?.end('ended\n');
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
      });
    });
    const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
    return { pid, ended, kill, stop: (graceMs) => stop({ ended, kill }, graceMs) };
  } finally {
    await output.close();
  }
}

async function stop({ ended, kill }: Pick<TiedProcess, 'ended' | 'kill'>, graceMs: number) {
  kill('SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

function spawned(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid!));
  });
}
