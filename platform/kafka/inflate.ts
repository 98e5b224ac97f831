// Decompresses what the records of a batch are compressed with, never to more than it is allowed: a small
// batch at once, a large one piece by piece. Which of both it is depends on the bytes alone, so that a batch
// that is read again gives the same records.
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGunzip, createZstdDecompress, gunzip, zstdDecompress } from 'node:zlib';
import { CorruptError, isDamage } from './corrupt.ts';
import { inflateLz4, inflatedLz4, lz4Bound } from './lz4-frames.ts';
import { inflateSnappy, snappySize } from './snappy-frames.ts';
import { zstdFrames } from './zstd-frames.ts';

interface Codec {
  /** All of it; undefined when it is more than `bytesMax`, or may be. @throws {Error} when damaged. */
  readonly whole: (bytes: Buffer, bytesMax: number) => Promise<Buffer | undefined> | Buffer | undefined;
  /** Piece by piece. @throws {Error} where the damage is met. */
  readonly pieces: (bytes: Buffer) => Iterable<Buffer> | AsyncIterable<Buffer>;
} // prettier-ignore

const gunzipWhole = promisify(gunzip);
const unzstdWhole = promisify(zstdDecompress);

/** Nothing of it is in memory longer than until it was taken. */
const CHUNK_BYTES = 262_144;
/**
 * A zstd stream may refer back up to 128 MiB, which then stay in memory. Levels up to 20 need 32 MiB at most.
 * Only what inflates to more than fits at once is held to it.
 */
const ZSTD_WINDOW_LOG_MAX = 25;

/** By the codec numbers of the record batch format. */
const codecs: readonly (Codec | undefined)[] = [
  { whole: (bytes) => bytes, pieces: (bytes) => [bytes] },
  {
    whole: (bytes, maxOutputLength) => atMost(gunzipWhole(bytes, { maxOutputLength })),
    pieces: (bytes) => Readable.from([bytes]).pipe(createGunzip({ chunkSize: CHUNK_BYTES })),
  },
  {
    whole: (bytes, bytesMax) => {
      if (snappySize(bytes) > bytesMax) return undefined;
      const blocks = [...inflateSnappy(bytes)];
      return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
    },
    pieces: inflateSnappy,
  },
  {
    whole: (bytes, bytesMax) => (lz4Bound(bytes) > bytesMax ? undefined : inflatedLz4(bytes)),
    pieces: inflateLz4,
  },
  {
    whole: unzstdFrames,
    pieces: unzstdPieces,
  },
];

/**
 * What bytes of codec number `codec` inflate to, if that is at most `bytesMax`; undefined when it is more or
 * when the bytes are damaged: then {@link inflatedPieces} says what there is of it. @throws when memory ran out.
 *
 * lz4 and snappy are undone at once, on the thread that asks: a megabyte takes them less time than handing
 * it to another thread and waiting for it costs, and what threads allocate stays with them (decision 9).
 */
export async function inflatedWhole(
  bytes: Buffer,
  codec: number,
  bytesMax: number,
): Promise<Buffer | undefined> {
  if (codec === 0) return bytes;
  try {
    return await codecs[codec]?.whole(bytes, bytesMax);
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** The same piece by piece, however much it is. @throws {Error} where the damage is met. */
export async function* inflatedPieces(bytes: Buffer, codec: number): AsyncGenerator<Buffer> {
  const known = codecs[codec];
  if (known === undefined) throw new CorruptError(`${codec} is not a known codec`);
  yield* known.pieces(bytes);
}

async function unzstdFrames(bytes: Buffer, bytesMax: number): Promise<Buffer | undefined> {
  const inflated: Buffer[] = [];
  let left = bytesMax;
  for (const frame of zstdFrames(bytes)) {
    // Node refuses a limit of 0.
    const whole = left > 0 ? await unzstdFrame(frame, left) : undefined;
    if (whole === undefined) return undefined;
    inflated.push(whole);
    left -= whole.length;
  }
  return inflated.length === 1 ? inflated[0] : Buffer.concat(inflated);
}

async function* unzstdPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (const frame of zstdFrames(bytes)) {
    // A stream for each of many small frames would cost a chunk of memory for each.
    const whole = await unzstdFrame(frame, CHUNK_BYTES).catch(() => undefined);
    if (whole !== undefined) yield whole;
    else yield* unzstdStream(frame) as AsyncIterable<Buffer>;
  }
}

function unzstdFrame(frame: Buffer, maxOutputLength: number): Promise<Buffer | undefined> {
  return atMost(unzstdWhole(frame, { maxOutputLength }));
}

function unzstdStream(frame: Buffer): Readable {
  const params = { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX };
  return Readable.from([frame]).pipe(createZstdDecompress({ chunkSize: CHUNK_BYTES, params }));
}

async function atMost(inflating: Promise<Buffer>): Promise<Buffer | undefined> {
  try {
    return await inflating;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}
