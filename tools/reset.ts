// The program behind `npm run reset`: deletes the data and logs of the embedded mode after asking, and
// keeps downloads by default. Never while something runs on them.
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { flagOption, type CommandLine, type Given } from '../platform/command-line.ts';
import { ConfigError } from '../platform/errors.ts';
import { oneShot, runProgram } from '../platform/service.ts';
import { lockHolder } from '../embedded/clickhouse/engine.ts';
import { folderHolder } from '../embedded/kafka/claim.ts';
import { claimHome } from '../embedded/launch/claim.ts';
import { foldersOf, launchVariables, type Folders } from '../embedded/launch/config.ts';

export const resetCommand = {
  command: 'npm run reset',
  about: 'Deletes the data and logs in SENSORHOUSE_DIR (.sensorhouse) after asking.',
  options: {
    yes: flagOption('do not ask', { short: 'y' }),
    all: flagOption('delete downloads and caches, too'),
  },
  variables: { SENSORHOUSE_DIR: launchVariables.SENSORHOUSE_DIR },
  exitCodes: { 0: 'deleted, or there was nothing', 1: 'the answer was no' },
} as const satisfies CommandLine;

async function reset({ values }: Given<typeof resetCommand>): Promise<number> {
  const { all, yes } = values;
  const folders = foldersOf();
  const doomed = await present(folders, all);
  if (doomed.length === 0) {
    process.stdout.write(`There is nothing to delete in ${folders.home}\n`);
    return 0;
  }
  await refuseWhileUsed(folders);
  if (!yes && !(await agreed(folders, doomed))) {
    process.stdout.write('Nothing was deleted\n');
    return 1;
  }
  // Also keeps a start out while the files go.
  const claim = await claimHome(folders.home, '', (line) => process.stdout.write(`${line}\n`));
  try {
    await refuseWhileUsed(folders);
    for (const name of doomed) {
      await rm(join(folders.home, name), { recursive: true, force: true });
    }
  } finally {
    await claim.release();
  }
  process.stdout.write(`Deleted ${doomed.join(', ')} in ${folders.home}\n`);
  await rmdir(folders.home).catch(() => undefined); // if it is empty now
  return 0;
}

/** Only what is ours by name: the folder may be a mistyped one. */
async function present({ home }: Folders, all: boolean): Promise<string[]> {
  const names = await readdir(home).catch(() => []);
  const ours = all
    ? /^(kafka|clickhouse|logs|kafka-libs-.*|node-cache)$/
    : /^(kafka|clickhouse|logs)$/;
  return names.filter((name) => ours.test(name)).sort();
}

async function refuseWhileUsed({ clickhouse, kafka }: Folders): Promise<void> {
  const holders = [
    ['Kafka', await folderHolder(kafka)],
    ['ClickHouse', lockHolder(clickhouse)],
  ] as const;
  for (const [what, pid] of holders) {
    if (pid === undefined) continue;
    throw new ConfigError(`${what} runs on these data (process ${pid}): stop it first`);
  }
}

async function agreed({ home }: Folders, doomed: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new ConfigError('there is no terminal to ask on: add --yes to delete without asking');
  }
  const sizes = await Promise.all(doomed.map((name) => bytesOf(join(home, name))));
  const megabytes = Math.ceil(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
  process.stdout.write(`Delete ${doomed.join(', ')} in ${home} (${megabytes} MB)? [y/N] `);
  // Not as a terminal: Ctrl+C stays a signal.
  const lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) return /^y(es)?$/i.test(line.trim());
  return false;
}

async function bytesOf(path: string): Promise<number> {
  try {
    const entry = await stat(path);
    if (!entry.isDirectory()) return entry.size;
    const names = await readdir(path);
    const sizes = await Promise.all(names.map((name) => bytesOf(join(path, name))));
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0;
  }
}

if (import.meta.main) {
  await runProgram(resetCommand, (given) => Promise.resolve(oneShot(reset(given))));
}
