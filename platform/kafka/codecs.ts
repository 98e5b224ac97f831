// Compression codecs of Kafka record batches, for the two client libraries. kafkajs knows only gzip and
// wedges a whole group on anything else, so all four are registered before the first connection. What we
// read ourselves, inflate.ts decompresses; whatever else the libraries decompress is bounded here.
import { promisify } from 'node:util';
import { gzip, zstdCompress } from 'node:zlib';
import kafkajs from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { UnavailableError } from '../errors.ts';
import { inflatedWhole } from './inflate.ts';
import { giveBack } from './native-memory.ts';
import type { RawRecordBatch } from './record-batch.ts';
import { frameSnappy } from './snappy-frames.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const compressGzip = promisify(gzip);
const compressZstd = promisify(zstdCompress);

/** Most that a library may be handed for one batch: more than the default limit of our own reading. */
const LIBRARY_BYTES_MAX = 268_435_456;

const codecs: Record<'GZIP' | 'Snappy' | 'LZ4' | 'ZSTD', Codec> = {
  GZIP: { compress: ({ buffer }) => compressGzip(buffer), decompress: bounded(1) },
  Snappy: {
    compress: async ({ buffer }) => frameSnappy(await snappy.compress(buffer)),
    decompress: bounded(2),
  },
  LZ4: { compress: ({ buffer }) => lz4.compressFrame(buffer), decompress: bounded(3) },
  ZSTD: { compress: ({ buffer }) => compressZstd(buffer), decompress: bounded(4) },
};

function bounded(codec: number): Codec['decompress'] {
  return async (buffer) => {
    const inflated = await inflatedWhole(buffer, codec, LIBRARY_BYTES_MAX);
    if (inflated !== undefined) return inflated;
    throw new UnavailableError(`Kafka: a record batch of codec ${codec} is damaged or too large`);
  };
}

/** Registers gzip, snappy, lz4 and zstd with kafkajs. Idempotent. */
export function registerCodecs(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  for (const [name, codec] of Object.entries(codecs)) {
    CompressionCodecs[CompressionTypes[name as keyof typeof codecs]] = () => codec;
  }
}

/** Frees a decompressed buffer, unless it is the batch's own bytes, which came uncompressed. */
export function release({ body }: RawRecordBatch, bytes: Buffer): void {
  if (body.buffer !== bytes.buffer) giveBack(bytes);
}
