// The command that writes the sensor CSV (`npm run data`): the small committed file, the full-size
// one beside it, or any part of it anywhere. The file appears under its name only when complete.
import { createWriteStream } from 'node:fs';
import { lstat, rename, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ConfigError, errorCode } from '../platform/errors.ts';
import { run } from '../platform/service.ts';
import { HELP, readOptions, type GenerateOptions } from './generate-options.ts';
import { csvChunks } from './sensor-csv.ts';

/**
 * Writes the file that `options` describe, compressed if its name ends in `.gz`.
 * @returns its size in bytes.
 * @throws {ConfigError} if it cannot be written there.
 */
export async function writeSensorCsv({ rows, seed, out }: GenerateOptions): Promise<number> {
  await refuseSpecialFile(out);
  const partial = `${out}.partial`;
  const chunks = Readable.from(csvChunks(seed, rows));
  const file = createWriteStream(partial);
  try {
    if (out.endsWith('.gz')) await pipeline(chunks, createGzip(), file);
    else await pipeline(chunks, file);
    await rename(partial, out);
    return (await stat(out)).size;
  } catch (cause) {
    await rm(partial, { force: true });
    const code = errorCode(cause);
    if (code === undefined) throw cause;
    throw new ConfigError(`--out: cannot write ${JSON.stringify(out)} (${code})`, { cause });
  }
}

/** Only a plain file may be replaced: never a folder, a device, or a link such as /dev/stdout. */
async function refuseSpecialFile(out: string): Promise<void> {
  const existing = await lstat(out).catch(() => undefined);
  if (existing === undefined || existing.isFile()) return;
  throw new ConfigError(
    `--out: ${JSON.stringify(out)} is not a plain file, nor a new path for one`,
  );
}

async function main(args: string[]): Promise<void> {
  const options = readOptions(args, (name) => join(import.meta.dirname, name));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const size = await writeSensorCsv(options);
  const shown = relative(process.cwd(), options.out);
  process.stdout.write(`Wrote ${shown}: ${(size / 1e6).toFixed(1)} MB\n`);
}

if (import.meta.main) {
  await run(async () => {
    await main(process.argv.slice(2));
    return { ended: Promise.resolve(0), [Symbol.asyncDispose]: () => Promise.resolve() };
  });
}
