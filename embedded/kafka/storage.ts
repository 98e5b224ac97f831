// Formats the broker's storage folder, once: it gets its cluster id there and keeps it for good.
// The folder appears formatted or not at all.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError, errorCode } from '../../platform/errors.ts';
import type { Jvm } from './launch.ts';
import { STORAGE_FOLDER, propertiesText, serverSettings } from './settings.ts';

/** The cluster id of the storage in `dataPath`, which is formatted if it is not there yet. */
export async function ensureStorage(jvm: Jvm, dataPath: string): Promise<string> {
  const present = await readClusterId(dataPath);
  if (present !== undefined) return present;
  await format(jvm, dataPath);
  const written = await readClusterId(dataPath);
  if (written === undefined) throw new Error('Kafka formatted its storage without a cluster id');
  return written;
}

async function format({ java, flags, env }: Jvm, dataPath: string): Promise<void> {
  const folder = `${STORAGE_FOLDER}.new`;
  await rm(join(dataPath, folder), { recursive: true, force: true });
  // Neither ports nor overrides are written into the storage: any valid ones do.
  const settings = serverSettings({ host: '127.0.0.1', port: 1, controllerPort: 2 }, folder);
  await writeFile(join(dataPath, 'format.properties'), propertiesText(settings));
  const tool = ['kafka.tools.StorageTool', 'format', '-t', newClusterId()];
  try {
    await promisify(execFile)(java, [...flags, ...tool, '-c', 'format.properties'], {
      cwd: dataPath,
      env,
    });
  } catch (thrown) {
    throw new Error(`Kafka could not format its storage in ${dataPath}`, {
      cause: asError(thrown),
    });
  }
  await rename(join(dataPath, folder), join(dataPath, STORAGE_FOLDER));
  await rm(join(dataPath, 'format.properties'));
}

/** 16 random bytes in URL-safe base64, never with a leading `-`, which tools take for an option. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}

async function readClusterId(dataPath: string): Promise<string | undefined> {
  try {
    const path = join(dataPath, STORAGE_FOLDER, 'meta.properties');
    return /^cluster\.id=(\S+)$/m.exec(await readFile(path, 'utf8'))?.[1];
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
