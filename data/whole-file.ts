// Writes a generated file so that it appears under its name only when it is complete, compressed if the name
// ends in .gz, and replaces nothing but a plain file.
import { createWriteStream } from 'node:fs';
import { lstat, rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { ConfigError, errorCode } from '../platform/errors.ts';

/**
 * Writes `chunks`, as fast as the disk takes them.
 * @returns the file's size in bytes.
 * @throws {ConfigError} if it cannot be written there.
 */
export async function writeWhole(out: string, chunks: Iterable<string>): Promise<number> {
  await refuseSpecialFile(out);
  const partial = `${out}.partial`;
  const text = Readable.from(chunks);
  const file = createWriteStream(partial);
  try {
    if (out.endsWith('.gz')) await pipeline(text, createGzip(), file);
    else await pipeline(text, file);
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
