// Compression codecs of Kafka record batches. kafkajs knows only gzip and wedges a whole group on
// anything else, so all four are registered before the first connection.
import { promisify } from 'node:util';
import { gunzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { compressionsAlgorithms } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { UnavailableError } from '../errors.ts';
import type { RawRecordBatch } from './record-batch.ts';
import { frameSnappy, unframeSnappy } from './snappy-frames.ts';

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Buffer | Promise<Buffer>;
}

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);
const decompressGzip = promisify(gunzip);

/**
 * lz4 and snappy are undone at once, on the thread that asks: a megabyte takes them less time than handing
 * it to another thread and waiting for it costs, and what threads allocate stays with them (decision 9).
 */
const codecs: Record<'Snappy' | 'LZ4' | 'ZSTD', Codec> = {
  Snappy: {
    compress: async ({ buffer }) => frameSnappy(await snappy.compress(buffer)),
    decompress: unsnapped,
  },
  LZ4: {
    compress: ({ buffer }) => lz4.compressFrame(buffer),
    decompress: (buffer) => lz4.decompressFrameSync(buffer),
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

/** Lets @platformatic/kafka read snappy in the frames of Java clients too. Idempotent. */
export function registerSnappyFrames(): void {
  const reading = compressionsAlgorithms.snappy as {
    decompressSync: (data: Buffer | { readonly buffer: Buffer }) => Buffer;
  };
  reading.decompressSync = (data) => {
    return unsnapped(Buffer.isBuffer(data) ? data : data.buffer);
  };
}

function unsnapped(buffer: Buffer): Buffer {
  return unframeSnappy(buffer, (block) => snappy.uncompressSync(block) as Buffer);
}

/** By the codec numbers of the record batch format. */
const decompressors: readonly Codec['decompress'][] = [
  (buffer) => buffer,
  (buffer) => decompressGzip(buffer),
  (buffer) => codecs.Snappy.decompress(buffer),
  (buffer) => codecs.LZ4.decompress(buffer),
  (buffer) => codecs.ZSTD.decompress(buffer),
];

/**
 * The records of a batch, decompressed.
 * @throws {UnavailableError} when the codec is unknown or the bytes are not of it.
 */
export async function decompressed({ body, codec }: RawRecordBatch): Promise<Buffer> {
  const decompress = decompressors[codec];
  if (decompress === undefined) throw new UnavailableError(`Kafka: unknown codec ${codec}`);
  try {
    return await decompress(body);
  } catch (cause) {
    throw new UnavailableError(`Kafka: a record batch of codec ${codec} is damaged`, { cause });
  }
}

/**
 * Gives a decompressed buffer's memory back at once. V8 does not see what the native codecs allocate and
 * lets it pile up (75 MB with lz4 under a backlog); detaching frees it at the next turn of the loop.
 */
export function release({ body }: RawRecordBatch, bytes: Buffer): void {
  const { buffer } = bytes;
  // Pooled and uncompressed buffers share their memory with others.
  const isAlone = bytes.byteLength === buffer.byteLength && body.buffer !== buffer;
  if (isAlone && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
