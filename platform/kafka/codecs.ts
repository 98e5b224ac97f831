// Compression codecs of Kafka record batches. kafkajs knows only gzip and wedges a whole group on
// anything else, so all four are registered before the first connection.
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { frameSnappy, unframeSnappy } from './snappy-frames.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);

const codecs: Record<'Snappy' | 'LZ4' | 'ZSTD', Codec> = {
  Snappy: {
    compress: async ({ buffer }) => frameSnappy(await snappy.compress(buffer)),
    decompress: (buffer) =>
      unframeSnappy(buffer, async (block) => Buffer.from(await snappy.uncompress(block))),
  },
  LZ4: {
    compress: ({ buffer }) => lz4.compressFrame(buffer),
    decompress: (buffer) => lz4.decompressFrame(buffer),
  },
  ZSTD: {
    compress: ({ buffer }) => compressZstd(buffer),
    decompress: (buffer) => decompressZstd(buffer),
  },
};

/** Registers snappy, lz4 and zstd with kafkajs. Idempotent. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  for (const [name, codec] of Object.entries(codecs)) {
    CompressionCodecs[CompressionTypes[name as keyof typeof codecs]] = () => codec;
  }
}
