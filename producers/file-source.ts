// Reads a file's bytes piece by piece, unpacked when it is gzip, and turns every way a file can fail into
// one line that names it. Only regular files are read: a pipe may never end or never begin.
import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip, type Gunzip } from 'node:zlib';
import { ConfigError, asError, errorCode } from '../platform/errors.ts';
import { KIND_BYTES, isGzip, notEvents, notEventsInside } from './file-kind.ts';

const CHUNK_BYTES = 262_144;
const LINE_FEED = 10;
const GZIP_NAME = /\.gz$/i;

const SAVE_FIRST = 'save its output to a file, and replay that file';
const REASONS: Record<string, string> = {
  ENOENT: 'the file does not exist',
  EACCES: 'this user may not read it',
  EISDIR: 'the path is a folder',
  ENXIO: `the path is a socket or a device; ${SAVE_FIRST}`,
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  Z_BUF_ERROR: 'the gzip file is cut short',
  Z_DATA_ERROR: 'the file is not a valid gzip file',
};

/** Where a reader stands in the file as it lies on disk. */
export interface FilePosition {
  readBytes: number;
  sizeBytes: number;
}

/**
 * The unpacked bytes of the file; `position` is kept up to date while they are read. `told` begins the
 * message of a failure.
 * @throws {ConfigError} when the file is missing, unreadable, no regular file, not the gzip it claims to
 * be, or changed under the reader so that its end is no end of a row.
 */
export async function* readFileBytes(
  path: string,
  position: FilePosition,
  told = 'DATA_PATH: cannot read',
): AsyncGenerator<Buffer> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe that nobody writes to would wait for ever without this flag.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    const refusal = kindRefused(stats);
    if (refusal !== undefined) throw new ConfigError(`${told} ${path}: ${refusal}`);
    position.readBytes = 0;
    position.sizeBytes = stats.size;
    yield* unpacked(file, path, position, told);
  } catch (thrown) {
    throw thrown instanceof ConfigError ? thrown : fileError(path, thrown, told);
  } finally {
    await file?.close();
  }
}

async function* unpacked(
  file: FileHandle,
  path: string,
  position: FilePosition,
  told: string,
): AsyncGenerator<Buffer> {
  const beginning = Buffer.alloc(KIND_BYTES);
  const { bytesRead } = await file.read(beginning, 0, KIND_BYTES, 0);
  const refusal = notEvents(beginning.subarray(0, bytesRead));
  if (refusal !== undefined) throw new ConfigError(`${told} ${path}: ${refusal}`);
  const packed = file.createReadStream({
    highWaterMark: CHUNK_BYTES,
    autoClose: false,
    start: 0,
  });
  if (!GZIP_NAME.test(path) && !isGzip(beginning)) {
    yield* plain(packed, file, path, position, told);
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  let isFirst = true;
  for await (const chunk of ungzipped(packed, gunzip, position)) {
    const inside = isFirst ? notEventsInside(chunk) : undefined;
    if (inside !== undefined) throw new ConfigError(`${told} ${path}: ${inside}`);
    isFirst = false;
    yield chunk;
  }
  // zlib stops in silence at bytes that are no further gzip member.
  const rest = packed.bytesRead - gunzip.bytesWritten;
  if (rest > 0) throw new ConfigError(`${told} ${path}: ${rest} bytes follow the gzip data`);
}

async function* ungzipped(
  packed: Readable & { bytesRead: number },
  gunzip: Gunzip,
  position: FilePosition,
): AsyncGenerator<Buffer> {
  // The callback's error also ends the iteration below, which is where it is told.
  const bytes = pipeline(packed, gunzip, () => undefined);
  for await (const chunk of bytes) {
    position.readBytes = packed.bytesRead;
    yield chunk as Buffer;
  }
}

/** The bytes as they lie there, and a check at the end that they were a whole file. */
async function* plain(
  bytes: Readable & { bytesRead: number },
  file: FileHandle,
  path: string,
  position: FilePosition,
  told: string,
): AsyncGenerator<Buffer> {
  let last = LINE_FEED;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    position.readBytes = bytes.bytesRead;
    last = chunk.at(-1) ?? last;
    yield chunk;
  }
  const { size } = await file.stat();
  if (bytes.bytesRead < position.sizeBytes) {
    throw new ConfigError(
      `${told} ${path}: the file became shorter during the replay; replay it again`,
    );
  }
  if (size !== position.sizeBytes && last !== LINE_FEED) {
    const problem = 'the file grew during the replay, and its last line has no end yet';
    throw new ConfigError(`${told} ${path}: ${problem}; replay it when it is complete`);
  }
}

/** Why a file of this kind is not read, undefined when it is. */
function kindRefused(stats: Stats): string | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return REASONS['EISDIR'];
  if (stats.isFIFO()) return `the path is a pipe; ${SAVE_FIRST}`;
  return `the path is a device; ${SAVE_FIRST}`;
}

function fileError(path: string, thrown: unknown, told: string): ConfigError {
  const cause = asError(thrown);
  const reason = REASONS[errorCode(thrown) ?? ''] ?? cause.message;
  return new ConfigError(`${told} ${path}: ${reason}`, { cause });
}
