// Keeps the broker's loaded classes in an archive beside its jars, so that later starts map them
// instead of loading them: half the start, for one rehearsal per Java. Only ever an optimisation.
import { createHash } from 'node:crypto';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Java } from './java.ts';
import { jvmFor, launchBroker, whenReady } from './launch.ts';
import { withLock } from './lock.ts';
import { freePort } from './ports.ts';
import { ensureStorage } from './storage.ts';

const HEAP_MB = 512;
const STOP_GRACE_MS = 60_000;

/**
 * The archive of `java` for the jars in `libsPath`, made if there is none yet; undefined where this
 * Java cannot make one. Safe to call from several processes at once.
 */
export async function ensureClassArchive(
  java: Java,
  libsPath: string,
  progress: (line: string) => void,
): Promise<string | undefined> {
  const identity = createHash('sha256').update(`${java.path}\n${java.version}`).digest('hex');
  const path = join(libsPath, `classes-${identity.slice(0, 12)}.jsa`);
  if ((await sizeOf(path)) === undefined) {
    await withLock(
      `${path}.lock`,
      () => progress('another process is preparing Kafka; waiting for it'),
      async () => {
        if ((await sizeOf(path)) !== undefined) return;
        progress("preparing Kafka's classes for fast starts, only once");
        await rehearse(java, libsPath, path);
      },
    );
  }
  return (await sizeOf(path)) === 0 ? undefined : path;
}

/** Starts and stops a broker in a temporary folder; the JVM writes the archive as it ends. */
async function rehearse(java: Java, libsPath: string, path: string): Promise<void> {
  const dataPath = await mkdtemp(join(tmpdir(), 'sensorhouse-rehearsal-'));
  const fresh = `${path}.new`;
  try {
    const plain = await jvmFor(java.path, libsPath);
    const clusterId = await ensureStorage(plain, dataPath, libsPath);
    const jvm = { ...plain, flags: [...plain.flags, `-XX:ArchiveClassesAtExit=${fresh}`] };
    const host = '127.0.0.1';
    const address = { host, port: await freePort(host), controllerPort: await freePort(host) };
    const broker = await launchBroker({ jvm, dataPath, address, heapMb: HEAP_MB, overrides: {} });
    await whenReady(broker, address, clusterId);
    await broker.stop(STOP_GRACE_MS);
    // An empty archive says that this Java makes none, so that it is not tried at every start.
    if ((await sizeOf(fresh)) === undefined) await writeFile(fresh, '');
    await rename(fresh, path);
  } finally {
    await rm(dataPath, { recursive: true, force: true });
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
