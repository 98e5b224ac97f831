// Replaces a file so that a reader sees either the old or the new text, whole: it writes a temporary file in
// the same folder, then renames it.
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ConfigError, asError, errorCode } from '../../platform/errors.ts';

/** What a person has to mend before the file can be written. */
const THEIRS = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'EISDIR',
  'EBUSY',
  'ENOTDIR',
  'EEXIST',
  'ENAMETOOLONG',
]);

/**
 * Replaces the file at `path`, making its folder where there is none.
 * @throws {ConfigError} when the path cannot be a file of ours. Other failures (a full disk) as they are.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(text);
      // Renamed before its bytes are on the disk it could be empty after a power loss.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (!THEIRS.has(errorCode(thrown) ?? '')) throw thrown;
    throw new ConfigError(`${path}: cannot be written: ${asError(thrown).message}`, {
      cause: thrown,
    });
  }
}
