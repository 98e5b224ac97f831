// Keeps the new storage folder of Kafka's tool in one file beside Kafka's jars, so that later brokers begin
// with a copy of it under ids of their own: the tool takes a second and 1.1 s of CPU for two small files.
// Only an optimisation: it removes a file that differs in any way, and the tool runs again.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../platform/errors.ts';

const META = 'meta.properties';
const FILES = [META, 'bootstrap.checkpoint'];
const HASH_CHARS = 64;

/** Makes `folder` from the template at `path`; false where there is none that can be used. */
export async function copyTemplate(path: string, folder: string): Promise<boolean> {
  try {
    const files = filesOf(await readFile(path, 'utf8'));
    const meta = withOwnIds(files?.[0]?.toString() ?? '');
    if (files === undefined || meta === undefined) {
      await rm(path, { force: true });
      return false;
    }
    await mkdir(folder);
    const own = [Buffer.from(meta), ...files.slice(1)];
    for (const [at, name] of FILES.entries()) {
      await writeFile(join(folder, name), own[at]!, { flush: true });
    }
    return true;
  } catch (thrown) {
    // Whatever the file system refuses here, it refuses to the tool as well, which can say so.
    if (errorCode(thrown) === undefined) throw thrown;
    return false;
  }
}

/** Keeps what is in a folder that was just formatted, where that is what is expected of the tool. */
export async function keepTemplate(path: string, folder: string): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const names = await readdir(folder);
    if (names.length !== FILES.length || !FILES.every((name) => names.includes(name))) return;
    const files = await Promise.all(FILES.map((name) => readFile(join(folder, name))));
    await writeFile(fresh, textOf(files), { flush: true });
    await rename(fresh, path);
  } catch (thrown) {
    // The jars may be in a folder that is only read.
    if (errorCode(thrown) === undefined) throw thrown;
    await rm(fresh, { force: true }).catch(() => undefined);
  }
}

/** The template as text: a hash, and the files in base64, a line each. */
function textOf(files: readonly Buffer[]): string {
  const lines = files.map((file) => `${file.toString('base64')}\n`).join('');
  return `${hashOf(lines)}\n${lines}`;
}

/** The files of a template; undefined when it is not whole. */
function filesOf(text: string): Buffer[] | undefined {
  const lines = text.slice(HASH_CHARS + 1);
  if (text.slice(0, HASH_CHARS + 1) !== `${hashOf(lines)}\n`) return undefined;
  const files = lines.split('\n').slice(0, -1);
  if (files.length !== FILES.length) return undefined;
  return files.map((file) => Buffer.from(file, 'base64'));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
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
