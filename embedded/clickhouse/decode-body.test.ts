// A body counts only when it is whole and within its limit, as it comes and as it is.
import { Readable } from 'node:stream';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { checkEncoding, decodeBody } from './decode-body.ts';

const CONTENT = Buffer.alloc(1_000, 'a');

async function decoded(sent: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const source = Readable.from([sent.subarray(0, 20), sent.subarray(20)]);
  for await (const chunk of decodeBody(source, encoding, maxBytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a body', () => {
  it.each([
    ['identity', CONTENT],
    ['gzip', gzipSync(CONTENT)],
  ])('of %s may be as large as the limit', async (encoding, sent) => {
    expect(await decoded(sent, encoding, CONTENT.length)).toEqual(CONTENT);
    await expect(decoded(sent, encoding, CONTENT.length - 1)).rejects.toThrow('exceeds 999 bytes');
  });

  it('may not be larger than the limit before it is decompressed', async () => {
    // Nothing compresses random bytes: the packed form is the larger one.
    const sent = gzipSync(Buffer.from('a'));
    await expect(decoded(sent, 'gzip', sent.length - 1)).rejects.toThrow('exceeds');
    expect(await decoded(sent, 'gzip', sent.length)).toEqual(Buffer.from('a'));
  });

  it.each([
    ['is cut off', 'gzip', gzipSync(CONTENT).subarray(0, -1), 'does not decompress'],
    [
      'goes on',
      'gzip',
      Buffer.concat([gzipSync(CONTENT), Buffer.from('x')]),
      'does not decompress',
    ],
    ['goes on', 'deflate', Buffer.concat([deflateSync(CONTENT), Buffer.from('x')]), 'bytes follow'],
  ])('that %s is refused: %s', async (_, encoding, sent, text) => {
    await expect(decoded(sent, encoding, 10_000)).rejects.toThrow(text);
  });

  it('of no bytes is one, whatever its encoding', async () => {
    expect(await decoded(Buffer.alloc(0), 'gzip', 10)).toHaveLength(0);
  });

  it('of an unknown encoding is refused before it is read', () => {
    for (const known of ['', 'identity', 'lz4', 'gzip', 'zstd']) checkEncoding(known);
    expect(() => checkEncoding('snappy')).toThrow("Unknown Content-Encoding 'snappy'");
  });
});
