// Checks, before anything starts, that this machine has the programs that the stack needs, and fetches those
// that are fetched once. A missing program is one message with its remedy.
import { realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { ConfigError } from '../../platform/errors.ts';
import { openSelection } from '../../producers/selection.ts';
import { ensureKafkaLibs, haveKafkaLibs } from '../kafka/artifacts.ts';
import { ensureClassArchive } from '../kafka/class-archive.ts';
import { findJava, findMaven, type Java } from '../kafka/java.ts';
import { portInUse } from '../kafka/ports.ts';
import { HOST, type LaunchConfig } from './config.ts';

/**
 * Finds the engine, Java and, if Kafka is still to be fetched, Maven: whatever runs embedded. Undefined
 * when Kafka does not.
 * @throws {ConfigError} naming the first that is missing.
 */
export async function checkMachine({
  bootstrap,
  clickhouse,
  folders,
}: LaunchConfig): Promise<Java | undefined> {
  if (clickhouse === undefined) requireEngine();
  if (bootstrap !== undefined) return undefined;
  const java = await findJava();
  if (!(await haveKafkaLibs(folders.kafkaLibs))) await findMaven();
  return java;
}

/** @throws {ConfigError} when the ClickHouse engine is not installed. */
export function requireEngine(): void {
  try {
    createRequire(import.meta.url).resolve('chdb');
  } catch (cause) {
    throw new ConfigError(
      "ClickHouse's engine (the optional npm package chdb, about 550 MB) is not installed: run `npm ci` again " +
        '(Linux with glibc, or macOS), or use Docker: docker compose up -d',
      { cause },
    );
  }
}

/**
 * Opens what the producers will replay, so that it reports a mistake in it before a server runs.
 * @throws {ConfigError} naming file, line and column.
 */
export async function checkFiles({ producers }: LaunchConfig): Promise<void> {
  for (const producer of producers) {
    const { source } = await openSelection(producer);
    await source[Symbol.asyncDispose]();
  }
}

/** Kafka looks at its own port: an old broker of ours may have to leave it first. */
export async function checkPorts(config: LaunchConfig): Promise<void> {
  const { clickhouse, clickhousePort, livePort, metricsPort, once, sink } = config;
  const ports = {
    ...(clickhouse === undefined ? { CLICKHOUSE_PORT: clickhousePort } : {}),
    ...(sink ? { METRICS_PORT: metricsPort } : {}),
    ...(once ? {} : { LIVE_PORT: livePort }),
  };
  for (const [name, port] of Object.entries(ports)) {
    if (!(await portInUse(HOST, port))) continue;
    throw new ConfigError(
      `${name}: ${HOST}:${port} is in use by another program; stop it or set ${name} to a free port`,
    );
  }
}

/** Fetches Kafka and prepares it for fast starts; `progress` gets a line for every step. */
export async function fetchOnce(
  { folders: { kafkaLibs: libsPath } }: LaunchConfig,
  java: Java,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await ensureKafkaLibs({ libsPath, progress, signal });
  await ensureClassArchive(java, await realpath(libsPath), progress);
}
