// The LZ4 frame format, read and written block by block. The library's own functions for frames decompress to any
// size and fill 12 MB of fresh memory for each: 200 MB/s, where blocks take 1,500. Kafka's clients write one frame
// a batch.
import lz4 from 'lz4-napi';
import { CorruptError } from './corrupt.ts';
import { giveBack } from './native-memory.ts';

const MAGIC = 0x184d2204;
const BLOCK_BYTES = [0, 0, 0, 0, 1 << 16, 1 << 18, 1 << 20, 1 << 22];
/** No LZ4 block can hold more per compressed byte. */
const MAX_RATIO = 255;
const UNCOMPRESSED = 0x80000000;
/** A block may refer to this much of what lies before it. */
const DICTIONARY_BYTES = 65_536;
/** The library fills the memory for a block beforehand; most events compress less than this. */
const USUAL_RATIO = 12;
/** Magic number, one block of at most 4 MiB that needs no other, no checksum but that of these flags. */
const HEAD = Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]);
const END_MARK = Buffer.alloc(4);
const WRITTEN_BLOCK_BYTES = BLOCK_BYTES[7]!;

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

/** `bytes` as one frame. */
export function lz4Frame(bytes: Buffer): Buffer {
  if (bytes.length > WRITTEN_BLOCK_BYTES) return lz4.compressFrameSync(bytes);
  // The library puts the size of the contents in front, as many bytes as a frame has for that of the block.
  const block = lz4.compressSync(bytes);
  const length = block.length - 4;
  const isSmaller = length < bytes.length;
  block.writeUInt32LE(isSmaller ? length : UNCOMPRESSED + bytes.length);
  const frame = isSmaller
    ? Buffer.concat([HEAD, block, END_MARK])
    : Buffer.concat([HEAD, block.subarray(0, 4), bytes, END_MARK]);
  giveBack(block);
  return frame;
}

/** What a frame inflates to, at once. @throws {Error} when it is damaged. */
export function inflatedLz4(bytes: Buffer): Buffer {
  const pieces = [...inflateLz4(bytes)];
  if (pieces.length === 1) return pieces[0]!;
  const whole = Buffer.concat(pieces);
  pieces.forEach(giveBack);
  return whole;
}

/** What a frame inflates to, block by block. @throws {Error} at the first block that is damaged. */
export function* inflateLz4(bytes: Buffer): Generator<Buffer> {
  const { blockBytesMax, blocks, blocksAreIndependent } = frameOf(bytes);
  let before: Buffer | undefined;
  for (const { bytes: block, isCompressed } of blocks) {
    const piece = isCompressed ? inflatedBlock(block, blockBytesMax, before) : block;
    yield piece;
    if (!blocksAreIndependent) before = ending(before, piece);
  }
}

/** @throws {Error} when it is damaged, or inflates to more than `bytesMax`. */
function inflatedBlock(block: Buffer, bytesMax: number, before: Buffer | undefined): Buffer {
  // In front the library wants the size, of which it needs to know only that it is enough.
  const sized = Buffer.allocUnsafe(4 + block.length);
  block.copy(sized, 4);
  const usual = USUAL_RATIO * block.length;
  if (usual < bytesMax) {
    sized.writeUInt32LE(usual);
    try {
      return lz4.uncompressSync(sized, before);
    } catch {
      // Too little, or damaged: the next attempt tells.
    }
  }
  sized.writeUInt32LE(Math.min(bytesMax, MAX_RATIO * block.length));
  return lz4.uncompressSync(sized, before);
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
