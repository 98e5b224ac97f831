// Brings Apache Kafka's jars onto the machine, once: through the user's own Maven (its settings,
// mirrors and proxies), into a folder that appears complete or not at all and is checked at every use.
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { errorCode } from '../../platform/errors.ts';
import { findMaven } from './java.ts';
import { withLock } from './lock.ts';
import { POM, copyDependencies } from './maven.ts';
import { KAFKA_VERSION } from './version.ts';

export interface KafkaLibs {
  /** Where the jars are to be. Shared by every instance on the machine. */
  libsPath: string;
  /** Gets one readable line for every step worth showing. */
  progress: (line: string) => void;
  /** Path of `mvn`. Default: the one on `PATH`. */
  maven?: string;
  /** Ends Maven. */
  signal?: AbortSignal;
}

/** What the folder must hold whatever Maven resolved: the broker, its tools, its log backend. */
const EXPECTED = [
  `kafka_2.13-${KAFKA_VERSION}.jar`,
  `kafka-clients-${KAFKA_VERSION}.jar`,
  `kafka-tools-${KAFKA_VERSION}.jar`,
];

const manifest = z.object({ pom: z.string(), files: z.record(z.string(), z.number()) });
const MANIFEST = 'manifest.json';

/**
 * Makes sure that `libsPath` holds every jar of Kafka, fetching them if it does not. Safe to call
 * from several processes at once: one fetches, the others wait for it.
 * @throws {ConfigError} when Maven is missing or cannot fetch.
 */
export async function ensureKafkaLibs(libs: KafkaLibs): Promise<void> {
  if (await haveKafkaLibs(libs.libsPath)) return;
  const maven = libs.maven ?? (await findMaven());
  await mkdir(dirname(libs.libsPath), { recursive: true });
  const waiting = () => libs.progress('another process is fetching Kafka; waiting for it');
  await withLock(`${libs.libsPath}.lock`, waiting, async () => {
    if (await haveKafkaLibs(libs.libsPath)) return;
    await fetchLibs(maven, libs);
  });
}

async function fetchLibs(maven: string, { libsPath, progress, signal }: KafkaLibs): Promise<void> {
  const started = performance.now();
  progress(
    `fetching Apache Kafka ${KAFKA_VERSION} through Maven: about 90 files, 55 MB, only once`,
  );
  await removeAbandoned(libsPath);
  const folder = await mkdtemp(`${libsPath}.partial-`);
  try {
    await copyDependencies(maven, folder, progress, signal);
    const files = await jarSizes(folder);
    const missing = EXPECTED.filter((name) => files[name] === undefined);
    if (missing.length > 0) throw new Error(`Maven did not bring ${missing.join(', ')}`);
    await writeFile(join(folder, MANIFEST), JSON.stringify({ pom: POM, files }, undefined, 1));
    await replaceFolder(folder, libsPath);
    const bytes = Object.values(files).reduce((sum, size) => sum + size, 0);
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    progress(
      `Apache Kafka ${KAFKA_VERSION}: ${Object.keys(files).length} files, ${Math.round(bytes / 1e6)} MB, in ${seconds} s`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether nothing needs fetching: every file of this pom's manifest is there in its full size. */
export async function haveKafkaLibs(libsPath: string): Promise<boolean> {
  try {
    const written = manifest.parse(JSON.parse(await readFile(join(libsPath, MANIFEST), 'utf8')));
    const present = await jarSizes(libsPath);
    const listed = Object.entries(written.files);
    return written.pom === POM && listed.every(([name, size]) => present[name] === size);
  } catch {
    return false;
  }
}

async function jarSizes(folder: string): Promise<Record<string, number>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.jar')).sort();
  const sized = names.map(async (name) => [name, (await stat(join(folder, name))).size] as const);
  return Object.fromEntries(await Promise.all(sized));
}

/** A damaged folder is moved away first, since a rename never replaces one that holds files. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${from}-old`;
  try {
    await rename(to, old);
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOENT') throw thrown;
  }
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

/** Partial folders of fetches that were killed; the lock says that none of them is under way. */
async function removeAbandoned(libsPath: string): Promise<void> {
  const prefix = `${basename(libsPath)}.partial-`;
  for (const name of await readdir(dirname(libsPath))) {
    if (!name.startsWith(prefix)) continue;
    await rm(join(dirname(libsPath), name), { recursive: true, force: true });
  }
}
