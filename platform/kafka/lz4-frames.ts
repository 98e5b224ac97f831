// The LZ4 frame format, walked block by block, so that a frame can be decompressed with bounded memory. The
// library decompresses whole frames only, and to any size. Kafka's clients write one frame a batch.
import lz4 from 'lz4-napi';
import { CorruptError } from './corrupt.ts';

const MAGIC = 0x184d2204;
const BLOCK_BYTES = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];
/** No LZ4 block can hold more per compressed byte. */
const MAX_RATIO = 255;
const UNCOMPRESSED = 0x80000000;
/** A block may refer to this much of what lies before it. */
const DICTIONARY_BYTES = 65_536;

interface Block {
  /** Its compressed bytes. */
  readonly bytes: Buffer;
  readonly isCompressed: boolean;
}

interface Frame {
  readonly blockBytesMax: number;
  readonly blocksAreIndependent: boolean;
  readonly blocks: Iterable<Block>;
}

/** At most how much a frame inflates to. @throws {CorruptError} when it is damaged. */
export function lz4Bound(bytes: Buffer): number {
  const { blockBytesMax, blocks } = frameOf(bytes);
  let bound = 0;
  for (const block of blocks) bound += Math.min(blockBytesMax, block.bytes.length * MAX_RATIO);
  return bound;
}

/** What a frame inflates to, block by block. @throws {Error} at the first block that is damaged. */
export function* inflateLz4(bytes: Buffer): Generator<Buffer> {
  const { blockBytesMax, blocks, blocksAreIndependent } = frameOf(bytes);
  const sized = Buffer.allocUnsafe(4 + blockBytesMax);
  sized.writeUInt32LE(blockBytesMax);
  let before: Buffer | undefined;
  for (const { bytes: block, isCompressed } of blocks) {
    block.copy(sized, 4);
    const piece = isCompressed
      ? lz4.uncompressSync(sized.subarray(0, 4 + block.length), before)
      : block;
    yield piece;
    if (!blocksAreIndependent) before = ending(before, piece);
  }
}

function ending(before: Buffer | undefined, piece: Buffer): Buffer {
  if (before === undefined || piece.length >= DICTIONARY_BYTES) {
    return Buffer.from(piece.subarray(-DICTIONARY_BYTES));
  }
  return Buffer.concat([before.subarray(piece.length - DICTIONARY_BYTES), piece]);
}

function frameOf(bytes: Buffer): Frame {
  if (bytes.readUInt32LE(0) !== MAGIC) throw new CorruptError('no LZ4 frame begins here');
  const flags = bytes.readUInt8(4);
  const blockBytesMax = BLOCK_BYTES[(bytes.readUInt8(5) >> 4) & 7]!;
  if (flags >> 6 !== 1 || blockBytesMax === 0) throw new CorruptError('unknown LZ4 frame version');
  if ((flags & 1) !== 0) throw new CorruptError('the LZ4 frame needs a dictionary');
  const first = 7 + ((flags & 8) === 0 ? 0 : 8);
  const blocks = blocksOf(bytes, first, (flags & 16) === 0 ? 0 : 4, blockBytesMax);
  return { blockBytesMax, blocksAreIndependent: (flags & 32) !== 0, blocks };
}

function* blocksOf(
  bytes: Buffer,
  first: number,
  checksumBytes: number,
  blockBytesMax: number,
): Generator<Block> {
  for (let at = first; ;) {
    const word = bytes.readUInt32LE(at);
    if (word === 0) return;
    const isCompressed = word < UNCOMPRESSED;
    const length = isCompressed ? word : word - UNCOMPRESSED;
    const end = at + 4 + length;
    if (end > bytes.length) throw new CorruptError('an LZ4 block is cut short');
    if (length > blockBytesMax)
      throw new CorruptError('an LZ4 block is larger than its frame allows');
    yield { bytes: bytes.subarray(at + 4, end), isCompressed };
    at = end + checksumBytes;
  }
}
