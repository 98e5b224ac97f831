// Finds out whether a recorded process still runs. The system reuses pids, so a record also holds the start
// time of the process; both together identify one process.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';

export const processRecord = z.object({ pid: z.number().int().positive(), startedAt: z.string() });

/** One process of this machine, past or present. */
export type ProcessRecord = z.infer<typeof processRecord>;

/** The record of a running process, or undefined where there is none (a zombie counts as none). */
export async function recordProcess(pid: number): Promise<ProcessRecord | undefined> {
  const startedAt = process.platform === 'linux' ? await fromProc(pid) : await fromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether exactly the recorded process still runs. */
export async function isRunning(record: ProcessRecord): Promise<boolean> {
  return (await recordProcess(record.pid))?.startedAt === record.startedAt;
}

/**
 * Ends a recorded process: SIGTERM, then SIGKILL after `graceMs`. Resolves once it is gone; does
 * nothing where the pid belongs to another process by now.
 */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<void> {
  await signalUntilGone(record, 'SIGTERM', graceMs);
  await signalUntilGone(record, 'SIGKILL', 5_000);
  if (await isRunning(record)) throw new Error(`process ${record.pid} does not end`);
}

async function signalUntilGone(
  record: ProcessRecord,
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<void> {
  if (!(await isRunning(record))) return;
  try {
    process.kill(record.pid, signal);
  } catch {
    return; // gone in between, or another user's: the caller looks again
  }
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline && (await isRunning(record))) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// Images without procps have no `ps`, so Linux is asked directly.
async function fromProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name stands in parentheses and may hold spaces: count fields after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, threads, startedAt] = [fields[0], Number(fields[17]), fields[19]];
    // A killed JVM's first thread is a zombie while others still hold its sockets and locks.
    return (state === 'Z' || state === 'X') && threads <= 1 ? undefined : startedAt;
  } catch {
    return undefined;
  }
}

async function fromPs(pid: number): Promise<string | undefined> {
  try {
    const asked = ['-o', 'stat=,lstart=', '-p', String(pid)];
    const { stdout } = await promisify(execFile)('ps', asked, { env: { LC_ALL: 'C' } });
    const [, state, startedAt] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout) ?? [];
    return state?.startsWith('Z') === false ? startedAt : undefined;
  } catch {
    return undefined;
  }
}
