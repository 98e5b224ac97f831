// Formats the broker's storage folder, once: the folder gets its cluster id there and keeps it for good. It
// appears formatted or not at all.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asError, errorCode } from '../../platform/errors.ts';
import type { Jvm } from './launch.ts';
import { STORAGE_FOLDER, propertiesText, serverSettings } from './settings.ts';
import { copyTemplate, keepTemplate, newKafkaId } from './storage-template.ts';

/**
 * The cluster id of the storage in `dataPath`, which is formatted if it is not there yet: by a copy of what was
 * formatted before for the jars in `libsPath`, where there is one.
 */
export async function ensureStorage(jvm: Jvm, dataPath: string, libsPath: string): Promise<string> {
  const present = await readClusterId(dataPath);
  if (present !== undefined) return present;
  await format(jvm, dataPath, libsPath);
  const written = await readClusterId(dataPath);
  if (written === undefined) throw new Error('Kafka formatted its storage without a cluster id');
  return written;
}

async function format(jvm: Jvm, dataPath: string, libsPath: string): Promise<void> {
  const folder = `${STORAGE_FOLDER}.new`;
  const path = join(dataPath, folder);
  await rm(path, { recursive: true, force: true });
  // Neither ports nor overrides are written into the storage: any valid ones do.
  const settings = serverSettings({ host: '127.0.0.1', port: 1, controllerPort: 2 }, folder);
  const properties = propertiesText(settings);
  const identity = createHash('sha256').update(properties).digest('hex');
  const template = join(libsPath, `storage-${identity.slice(0, 12)}.template`);
  if (!(await copyTemplate(template, path))) {
    await rm(path, { recursive: true, force: true });
    await runTool(jvm, dataPath, properties);
    await keepTemplate(template, path);
  }
  await rename(path, join(dataPath, STORAGE_FOLDER));
}

async function runTool({ java, flags, env }: Jvm, dataPath: string, properties: string) {
  await writeFile(join(dataPath, 'format.properties'), properties);
  const tool = ['kafka.tools.StorageTool', 'format', '-t', newKafkaId()];
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
  await rm(join(dataPath, 'format.properties'));
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
