// Java clients wrap snappy blocks in a stream format (magic `\x82SNAPPY\0`, two version words, then
// length-prefixed blocks); librdkafka sends the bare block. Both are read, the former is written.
import snappy from 'snappy';
import { CorruptError } from './corrupt.ts';

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = 16;
/**
 * A block is decompressed whole. Java clients write blocks of 32 kB; a bare block is a whole batch, which
 * snappy shrinks to a twenty-second at best: this much takes a batch of 1.5 MB.
 */
const BLOCK_BYTES_MAX = 33_554_432;

/** Wraps one compressed block the way Java clients expect it. */
export function frameSnappy(block: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + 4);
  MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  header.writeInt32BE(block.length, HEADER_BYTES);
  return Buffer.concat([header, block]);
}

/** How much all blocks say that they inflate to. @throws {CorruptError} when one is cut short. */
export function snappySize(buffer: Buffer): number {
  let size = 0;
  for (const block of snappyBlocks(buffer)) size += blockSize(block);
  return size;
}

/** What framed or bare snappy inflates to, block by block. @throws {Error} at the first damaged block. */
export function* inflateSnappy(buffer: Buffer): Generator<Buffer> {
  for (const block of snappyBlocks(buffer)) {
    const size = blockSize(block);
    if (size > BLOCK_BYTES_MAX) throw new CorruptError(`a snappy block inflates to ${size} bytes`);
    yield snappy.uncompressSync(block) as Buffer;
  }
}

function* snappyBlocks(buffer: Buffer): Generator<Buffer> {
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) {
    yield buffer;
    return;
  }
  for (let at = HEADER_BYTES; at < buffer.length;) {
    // Brokers and Java clients read a stream that follows another one.
    if (buffer.subarray(at, at + MAGIC.length).equals(MAGIC)) {
      at += HEADER_BYTES;
      continue;
    }
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > buffer.length) throw new CorruptError('snappy frame cut short');
    yield buffer.subarray(at, at + length);
    at += length;
  }
}

/** A block begins with its size as a varint. */
function blockSize(block: Buffer): number {
  let size = 0;
  for (let at = 0, scale = 1; at < 5; at += 1, scale *= 0x80) {
    const byte = block.readUInt8(at);
    size += (byte & 0x7f) * scale;
    if (byte < 0x80) return size;
  }
  throw new CorruptError('the size of a snappy block has no end');
}
