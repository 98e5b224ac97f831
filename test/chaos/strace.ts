// Makes system calls of a running process fail, or kills it in the middle of one, through strace: the
// only way to a crash between two steps of the engine.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asError } from '../../platform/errors.ts';
import { NotPossibleError } from './fault.ts';
import { PATIENCE_MS } from './patience.ts';

const run = promisify(execFile);
const CALLS = 'rename,renameat,renameat2';

export interface Injection extends AsyncDisposable {
  /** Resolves with all calls since, once one was struck. */
  struck(): Promise<string>;
}

/** @throws {NotPossibleError} where there is no strace or it may not trace. */
export async function assertStrace(): Promise<void> {
  const trial = ['-e', 'trace=none', '-e', `inject=${CALLS}:error=ENOSPC:when=1`, 'true'];
  await run('strace', trial).catch((thrown: unknown) => {
    const why = asError(thrown).message.trim().split('\n').at(-1) ?? '';
    throw new NotPossibleError(`strace cannot be used here: ${why}`);
  });
}

/**
 * From when this resolves on, the first rename of each thread of `pid` meets `fault`: `error=ENOSPC`,
 * or `signal=SIGKILL`, which ends the process before the file has its new name.
 */
export async function injectIntoRenames(pid: number, fault: string): Promise<Injection> {
  const folder = await mkdtemp(join(tmpdir(), 'sensorhouse-strace-'));
  const output = join(folder, 'calls');
  const options = ['-e', `trace=${CALLS}`, '-e', `inject=${CALLS}:${fault}:when=1`, '-s', '400'];
  const tracer = spawn('strace', ['-f', '-p', String(pid), ...options, '-o', output], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<undefined>((resolve) => tracer.once('close', () => resolve(undefined)));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    tracer.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (/Process \d+ attached/.test(said)) resolve();
    });
    void ended.then(() => reject(new Error(`strace ended: ${said}`)));
  });
  return {
    struck: async () => {
      const deadline = performance.now() + PATIENCE_MS;
      for (;;) {
        const calls = await readFile(output, 'utf8').catch(() => '');
        if (/INJECTED|killed by SIGKILL/.test(calls)) return calls;
        if (performance.now() > deadline) throw new Error(`no call was struck: ${calls}`);
        await sleep(20);
      }
    },
    [Symbol.asyncDispose]: async () => {
      tracer.kill('SIGINT');
      // One whose process was killed may wait for it for ever.
      await Promise.race([ended, sleep(2_000)]);
      tracer.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
