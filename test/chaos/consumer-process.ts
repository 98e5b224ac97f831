// A consumer as a process of its own, for faults that only a process can suffer: signals, kill -9, SIGSTOP.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { programEnvironment } from '../backend/program-environment.ts';
import { PATIENCE_MS } from './patience.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'consumer', 'main.ts');

export interface Line {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface ConsumerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly lines: readonly Line[];
  stderr(): string;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the first line, past or future, whose message matches. */
  logged(pattern: RegExp, withinMs?: number): Promise<Line>;
}

/** Starts `node consumer/main.ts`, or another program, with these variables and none of the test's own. Disposing kills it. */
export function startConsumerProcess(
  env: Record<string, string>,
  main: string = MAIN,
): ConsumerProcess {
  const child = spawn(process.execPath, [main], {
    env: programEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (text) => {
    lines.push(parse(text));
    for (const look of waiting) look();
  });
  const exited = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  const logged = (pattern: RegExp, withinMs = PATIENCE_MS): Promise<Line> => {
    const { promise, reject, resolve } = Promise.withResolvers<Line>();
    const failed = (why: string): void => {
      const last = lines.slice(-5).map(({ msg }) => msg);
      reject(new Error(`no line ${String(pattern)} ${why}; last: ${last.join(' | ')} ${stderr}`));
    };
    const timer = setTimeout(() => failed(`within ${withinMs} ms`), withinMs);
    void exited.then(() => failed('before it ended'));
    const look = (): void => {
      const found = lines.find(({ msg }) => pattern.test(msg));
      if (found !== undefined) resolve(found);
    };
    waiting.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(look);
    });
  };
  return {
    pid: child.pid!,
    lines,
    stderr: () => stderr,
    exited,
    kill: (signal) => void child.kill(signal),
    logged,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function parse(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return { level: 'none', msg: text };
  }
}
