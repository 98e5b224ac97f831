// Lets one launcher at a time use an installation: stack.json names it, its parts and its address. A new
// launcher gives the processes of a killed one a moment, then ends them, and starts.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, errorCode } from '../../platform/errors.ts';
import {
  endProcess,
  isRunning,
  processRecord,
  recordProcess,
  type ProcessRecord,
} from '../kafka/process-record.ts';

const stackFile = z.object({
  launcher: processRecord,
  parts: z.array(processRecord),
  clickhouseUrl: z.string(),
});
type Stack = z.infer<typeof stackFile>;

const FILE = 'stack.json';
/** Parts see their launcher's end at once; this is for what they do then. */
const LEFTOVER_PATIENCE_MS = 2_000;
const LEFTOVER_GRACE_MS = 5_000;

export interface StackClaim {
  /** Writes a part down, for a launcher that comes after a crash of this one. */
  record(pid: number): Promise<void>;
  release(): Promise<void>;
}

/** The launcher that runs on `home` now. */
export async function runningStack(
  home: string,
): Promise<{ pid: number; clickhouseUrl: string } | undefined> {
  const stack = await read(home);
  if (stack === undefined || !(await isRunning(stack.launcher))) return undefined;
  return { pid: stack.launcher.pid, clickhouseUrl: stack.clickhouseUrl };
}

/** Processes of a launcher that is gone which have not ended yet. */
export async function leftovers(home: string): Promise<ProcessRecord[]> {
  const stack = await read(home);
  const running: ProcessRecord[] = [];
  for (const part of stack?.parts ?? []) if (await isRunning(part)) running.push(part);
  return running;
}

/**
 * Takes `home` for this process; `progress` learns when it has to wait.
 * @throws {ConfigError} when another launcher runs on it.
 */
export async function claimHome(
  home: string,
  clickhouseUrl: string,
  progress: (line: string) => void,
): Promise<StackClaim> {
  await makeFolder(home);
  const launcher = await recordProcess(process.pid);
  if (launcher === undefined) throw new Error('this system does not report when a process started');
  const stack: Stack = { launcher, parts: [], clickhouseUrl };
  while (!(await create(home, stack))) {
    const other = await runningStack(home);
    if (other !== undefined) throw inUse(home, other.pid);
    const left = await leftovers(home);
    if (left.length > 0) progress('Waiting for the processes that a killed start left behind');
    await Promise.all(left.map(endLeftover));
    await rm(join(home, FILE), { force: true });
  }
  let writing = Promise.resolve();
  return {
    record: (pid) => {
      writing = writing.then(async () => {
        const part = await recordProcess(pid);
        if (part === undefined) return;
        stack.parts.push(part);
        const fresh = join(home, `${FILE}.new`);
        await writeFile(fresh, JSON.stringify(stack));
        await rename(fresh, join(home, FILE));
      });
      return writing;
    },
    release: async () => {
      await writing.catch(() => undefined);
      await rm(join(home, FILE), { force: true });
    },
  };
}

async function endLeftover(part: ProcessRecord): Promise<void> {
  const deadline = performance.now() + LEFTOVER_PATIENCE_MS;
  while (performance.now() < deadline && (await isRunning(part))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await endProcess(part, LEFTOVER_GRACE_MS);
}

async function makeFolder(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true });
  } catch (cause) {
    throw new ConfigError(`SENSORHOUSE_DIR: cannot use ${home} (${errorCode(cause)})`, { cause });
  }
}

function inUse(home: string, pid: number): ConfigError {
  const advice = 'stop that one, or set SENSORHOUSE_DIR and the ports to others';
  return new ConfigError(`${home} is in use by the npm start of process ${pid}: ${advice}`);
}

async function create(home: string, stack: Stack): Promise<boolean> {
  try {
    await writeFile(join(home, FILE), JSON.stringify(stack), { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

/** Undefined for a file that is not there, or torn because its writer died. */
async function read(home: string): Promise<Stack | undefined> {
  try {
    return stackFile.parse(JSON.parse(await readFile(join(home, FILE), 'utf8')));
  } catch {
    return undefined;
  }
}
