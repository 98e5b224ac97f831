// Undoes a request's Content-Encoding. A body counts only when it is whole: cut-off streams, bytes
// after the compressed data and unknown codings are errors, never a shorter body.
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import { asError } from '../../platform/errors.ts';
import { exception } from './exception.ts';
import { decodeLz4Frames } from './lz4-frame.ts';

type Decompressor = Transform & { bytesWritten: number };
const DECOMPRESSORS: Readonly<Record<string, () => Decompressor>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** @throws {ClickHouseException} when the coding is not one of those this server undoes. */
export function checkEncoding(encoding: string): void {
  if (encoding === 'identity' || encoding === '' || encoding === 'lz4') return;
  if (DECOMPRESSORS[encoding] !== undefined) return;
  const text = `Unknown Content-Encoding '${encoding}': identity, gzip, deflate, br, zstd and lz4 are understood`;
  throw exception('UNKNOWN_COMPRESSION_METHOD', text, 415);
}

/**
 * The decoded body, chunk by chunk; at most `maxBytes` of it, before and after decompression.
 * @throws {ClickHouseException} when it is not whole or too large; the source's error when that fails.
 */
export async function* decodeBody(
  source: AsyncIterable<unknown>,
  encoding: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  checkEncoding(encoding);
  const raw = limited(source, maxBytes);
  const make = DECOMPRESSORS[encoding];
  if (make !== undefined) yield* limited(decompressed(raw, make(), encoding), maxBytes);
  else if (encoding === 'lz4') yield* lz4(raw, maxBytes);
  else yield* raw;
}

async function* limited(source: AsyncIterable<unknown>, maxBytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) {
      throw exception('QUERY_IS_TOO_LARGE', `The request body exceeds ${maxBytes} bytes`);
    }
    yield chunk;
  }
}

async function* decompressed(
  source: AsyncIterable<Buffer>,
  through: Decompressor,
  encoding: string,
): AsyncGenerator<Buffer> {
  let received = 0;
  let sourceError: unknown;
  const counted = async function* (): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source) {
        received += chunk.length;
        yield chunk;
      }
    } catch (thrown) {
      sourceError = thrown;
      throw thrown;
    }
  };
  const feeding = pipeline(counted, through);
  feeding.catch(() => undefined);
  try {
    for await (const chunk of through as AsyncIterable<Buffer>) yield chunk;
    await feeding;
  } catch (cause) {
    if (sourceError !== undefined) throw asError(sourceError);
    if (received === 0) return;
    throw Object.assign(damaged(encoding, 'it does not decompress'), { cause });
  }
  if (through.bytesWritten !== received)
    throw damaged(encoding, 'bytes follow the compressed data');
}

async function* lz4(source: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  yield* decodeLz4Frames(Buffer.concat(chunks), maxBytes);
}

function damaged(encoding: string, why: string): Error {
  return exception('INCORRECT_DATA', `The ${encoding} request body is damaged: ${why}`);
}
