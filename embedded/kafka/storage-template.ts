// Keeps a formatted storage folder beside Kafka's jars, so that later brokers begin with a copy of it under ids
// of their own: Kafka's tool takes a second and 1.1 s of CPU for two small files. Only ever an optimisation.
import { randomBytes } from 'node:crypto';
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../platform/errors.ts';

const META = 'meta.properties';

/** Makes `folder` from the template at `path`; false where there is none that can be used. */
export async function copyTemplate(path: string, folder: string): Promise<boolean> {
  try {
    await cp(path, folder, { recursive: true });
    const meta = await readFile(join(folder, META), 'utf8');
    const own = withOwnIds(meta);
    if (own === undefined) return false;
    await writeFile(join(folder, META), own, { flush: true });
    return true;
  } catch (thrown) {
    // Whatever the file system refuses here, it refuses to the tool as well, which can say so.
    if (errorCode(thrown) === undefined) throw thrown;
    return false;
  }
}

/** Keeps a copy of a folder that was just formatted. */
export async function keepTemplate(path: string, folder: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(folder, fresh, { recursive: true });
    await rename(fresh, path);
  } catch (thrown) {
    // Another process was first, or the jars are in a folder that is only read.
    if (errorCode(thrown) === undefined) throw thrown;
    await rm(fresh, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The text with a cluster id and a directory id of its own; undefined when it is not as Kafka writes it. */
export function withOwnIds(meta: string): string | undefined {
  let own = meta;
  for (const name of ['cluster.id', 'directory.id']) {
    const line = new RegExp(`^${name.replace('.', '\\.')}=.+$`, 'gm');
    if (own.match(line)?.length !== 1) return undefined;
    own = own.replace(line, `${name}=${newKafkaId()}`);
  }
  return own;
}

/** 16 random bytes in URL-safe base64, never with a leading `-`, which tools take for an option. */
export function newKafkaId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newKafkaId() : id;
}
