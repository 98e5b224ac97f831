// Reads a file's bytes piece by piece, unpacked when its name ends in .gz, and turns every way a file
// can fail into one line that names it.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ConfigError, asError, errorCode } from '../platform/errors.ts';

const CHUNK_BYTES = 262_144;

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read by this user',
  EISDIR: 'it is a folder',
  Z_BUF_ERROR: 'the gzip file is cut short',
  Z_DATA_ERROR: 'it is no valid gzip file',
};

/** Where a reader stands in the file as it lies on disk. */
export interface FilePosition {
  readBytes: number;
  sizeBytes: number;
}

/**
 * The unpacked bytes of the file; `position` is kept up to date while they are read. `told` begins the
 * message of a failure.
 * @throws {ConfigError} when the file is missing, unreadable or not the gzip it claims to be.
 */
export async function* readFileBytes(
  path: string,
  position: FilePosition,
  told = 'DATA_PATH: cannot read',
): AsyncGenerator<Buffer> {
  try {
    position.readBytes = 0;
    position.sizeBytes = (await stat(path)).size;
    const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    const bytes = path.endsWith('.gz')
      ? // The callback's error also ends the iteration below, which is where it is told.
        pipeline(file, createGunzip({ chunkSize: CHUNK_BYTES }), () => undefined)
      : file;
    for await (const chunk of bytes) {
      position.readBytes = file.bytesRead;
      yield chunk as Buffer;
    }
  } catch (thrown) {
    throw fileError(path, thrown, told);
  }
}

function fileError(path: string, thrown: unknown, told: string): ConfigError {
  const cause = asError(thrown);
  const reason = REASONS[errorCode(thrown) ?? ''] ?? cause.message;
  return new ConfigError(`${told} ${path}: ${reason}`, { cause });
}
