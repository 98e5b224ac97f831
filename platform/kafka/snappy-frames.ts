// Java clients wrap snappy blocks in a stream format (magic `\x82SNAPPY\0`, two version words, then
// length-prefixed blocks); librdkafka sends the bare block. Both are read, the former is written.

const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const HEADER_BYTES = 16;

/** Wraps one compressed block the way Java clients expect it. */
export function frameSnappy(block: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + 4);
  MAGIC.copy(header);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  header.writeInt32BE(block.length, HEADER_BYTES);
  return Buffer.concat([header, block]);
}

/**
 * The uncompressed bytes of a framed or bare snappy buffer.
 * @throws {RangeError} when a frame's length points past the end.
 */
export function unframeSnappy(buffer: Buffer, uncompress: (block: Buffer) => Buffer): Buffer {
  const blocks = Array.from(snappyBlocks(buffer), uncompress);
  return blocks.length === 1 ? blocks[0]! : Buffer.concat(blocks);
}

function* snappyBlocks(buffer: Buffer): Generator<Buffer> {
  if (!buffer.subarray(0, MAGIC.length).equals(MAGIC)) {
    yield buffer;
    return;
  }
  for (let at = HEADER_BYTES; at < buffer.length;) {
    const length = buffer.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > buffer.length) throw new RangeError('snappy frame cut short');
    yield buffer.subarray(at, at + length);
    at += length;
  }
}
