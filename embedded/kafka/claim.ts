// Keeps one broker per data folder: owner.json names the launcher and its broker. A living launcher keeps the
// folder; a new one first ends the broker that a dead launcher left running.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, errorCode } from '../../platform/errors.ts';
import type { Logger } from '../../platform/log.ts';
import { endProcess, isRunning, processRecord, recordProcess } from './process-record.ts';

const ownerFile = z.object({ launcher: processRecord, broker: processRecord.optional() });
type Owner = z.infer<typeof ownerFile>;

/** Long enough for a broker's own clean shutdown, which its watchdog has begun already. */
const LEFTOVER_GRACE_MS = 5_000;

export interface Claim {
  /** Writes down which broker runs on the folder, for a launcher that comes after a crash. */
  recordBroker(pid: number): Promise<void>;
  /** Gives the folder up; only the first call does anything. */
  release(): Promise<void>;
}

/**
 * Takes the data folder for this process, ending a broker whose launcher is gone.
 * @throws {ConfigError} when a living process holds the folder.
 */
export async function claimFolder(dataPath: string, log: Logger): Promise<Claim> {
  await mkdir(dataPath, { recursive: true });
  const path = join(dataPath, 'owner.json');
  const launcher = await recordProcess(process.pid);
  if (launcher === undefined) throw new Error('this system does not report when a process started');
  for (let attempt = 0; attempt < 20; attempt += 1) {
    if (await createOwner(path, { launcher })) {
      let released: Promise<void> | undefined;
      return {
        recordBroker: async (pid) => {
          const broker = await recordProcess(pid);
          if (broker === undefined) return;
          await writeFile(`${path}.new`, JSON.stringify({ launcher, broker }));
          await rename(`${path}.new`, path);
        },
        // Once: later the file may be the next owner's.
        release: () => (released ??= rm(path, { force: true })),
      };
    }
    await evictDead(path, dataPath, log);
  }
  throw new ConfigError(`${dataPath}: another start keeps taking this folder; try again`);
}

/** The process that uses the folder: a launcher, or a broker that has lost its own. */
export async function folderHolder(dataPath: string): Promise<number | undefined> {
  const owner = await readOwner(join(dataPath, 'owner.json'));
  for (const holder of [owner?.launcher, owner?.broker]) {
    if (holder !== undefined && (await isRunning(holder))) return holder.pid;
  }
  return undefined;
}

async function createOwner(path: string, owner: Owner): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(owner), { flag: 'wx' });
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  }
}

async function evictDead(path: string, dataPath: string, log: Logger): Promise<void> {
  const owner = await readOwner(path);
  if (owner !== undefined && (await isRunning(owner.launcher))) {
    throw new ConfigError(
      `${dataPath} is in use by the Kafka that process ${owner.launcher.pid} started; stop that one or set SENSORHOUSE_DIR to another folder`,
    );
  }
  if (owner?.broker !== undefined && (await isRunning(owner.broker))) {
    log.warn({ pid: owner.broker.pid }, 'ending the Kafka that a crashed start left behind');
    await endProcess(owner.broker, LEFTOVER_GRACE_MS);
  }
  await rm(path, { force: true });
}

/** Undefined for a file that is gone, or torn because its writer died: nobody holds the folder. */
async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return ownerFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
