// Lets one process of the machine at a time do a piece of work. The lock is a file that names its holder;
// another process takes over the lock of a holder that no longer runs.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { errorCode } from '../../platform/errors.ts';
import { isRunning, processRecord, recordProcess } from './process-record.ts';

const POLL_MS = 250;
/** How long a lock whose holder cannot be read counts as being written just now. */
const UNREADABLE_POLLS = 8;

/** Runs `work` while holding the lock at `path`; `waiting` is called once if another holds it. */
export async function withLock<T>(
  path: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  await acquire(path, waiting);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function acquire(path: string, waiting: () => void): Promise<void> {
  const self = JSON.stringify(await recordProcess(process.pid));
  let told = false;
  let unreadable = 0;
  while (!(await create(path, self))) {
    const holder = await readHolder(path);
    unreadable = holder === undefined ? unreadable + 1 : 0;
    const dead = holder === undefined ? unreadable > UNREADABLE_POLLS : !(await isRunning(holder));
    if (dead) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) waiting();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

async function readHolder(path: string) {
  try {
    return processRecord.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
