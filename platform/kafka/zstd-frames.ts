// The frames of zstd-compressed bytes, found without decompressing them. Bytes may hold several frames, and
// skippable ones between them: brokers and Java clients read on after the first, Node's decoder does not.
import { CorruptError } from './corrupt.ts';

const MAGIC = 0xfd2fb528;
/** Any of 16 magic numbers begins a frame that holds no data. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];
const RLE = 1;
const RESERVED = 3;
/** A decoder for each frame: 100,000 frames of ten bytes took 70 s and 570 MB. */
const FRAMES_MAX = 256;

/**
 * The frames of `bytes`, without the skippable ones. A damaged frame reaches to the end of the bytes, so that
 * the decoder meets the damage and names it. @throws {CorruptError} at a frame too many.
 */
export function* zstdFrames(bytes: Buffer): Generator<Buffer> {
  let frames = 0;
  for (let at = 0; at < bytes.length;) {
    const skipped = skippableBytes(bytes, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    frames += 1;
    if (frames > FRAMES_MAX) throw new CorruptError(`it has more than ${FRAMES_MAX} zstd frames`);
    const end = frameEnd(bytes, at) ?? bytes.length;
    yield bytes.subarray(at, end);
    at = end;
  }
}

/** Of the whole skippable frame at `at`; 0 when there is none. */
function skippableBytes(bytes: Buffer, at: number): number {
  if (at + 8 > bytes.length) return 0;
  if ((bytes.readUInt32LE(at) & ~0xf) !== SKIPPABLE_MAGIC) return 0;
  const whole = 8 + bytes.readUInt32LE(at + 4);
  return at + whole > bytes.length ? 0 : whole;
}

/** Undefined when the frame at `at` is damaged or cut short. */
function frameEnd(bytes: Buffer, at: number): number | undefined {
  if (at + 5 > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined;
  const descriptor = bytes[at + 4]!;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const contentSizeBytes =
    descriptor >> 6 === 0 && isSingleSegment ? 1 : CONTENT_SIZE_BYTES[descriptor >> 6]!;
  const windowBytes = isSingleSegment ? 0 : 1;
  let next = at + 5 + windowBytes + DICTIONARY_ID_BYTES[descriptor & 3]! + contentSizeBytes;
  for (let isLast = false; !isLast;) {
    if (next + 3 > bytes.length) return undefined;
    const block = bytes.readUIntLE(next, 3);
    const kind = (block >> 1) & 3;
    if (kind === RESERVED) return undefined;
    next += 3 + (kind === RLE ? 1 : block >> 3);
    isLast = (block & 1) === 1;
  }
  const end = next + ((descriptor & 4) === 0 ? 0 : 4);
  return end > bytes.length ? undefined : end;
}
