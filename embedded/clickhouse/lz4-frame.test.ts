// A compressed body is decompressed whole or refused: by its bound before a byte of it is, and wherever it ends early.
import { compressFrame } from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { decodeLz4Frames } from './lz4-frame.ts';

const MAX = 2 ** 30;
const text = Buffer.from('some text that is compressed, '.repeat(3_000));
const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

async function decoded(body: Buffer, maxBytes = MAX): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of decodeLz4Frames(body, maxBytes)) parts.push(part);
  return Buffer.concat(parts);
}
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'taken',
    (error: unknown) => (error as Error).message,
  );

/** The least limit that a body is not refused for. */
async function boundOf(body: Buffer): Promise<number> {
  let [low, high] = [0, 2 ** 24];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const refused = (await codeOf(decoded(body, middle))).includes('may exceed');
    if (refused) low = middle + 1;
    else high = middle;
  }
  return low;
}

describe('an lz4 body', () => {
  it('is the sum of its frames, whatever is skipped between them', async () => {
    const frame = await compressFrame(text);
    const body = Buffer.concat([skippable, frame, skippable, frame, skippable]);
    expect((await decoded(body)).equals(Buffer.concat([text, text]))).toBe(true);
    expect(await decoded(Buffer.alloc(0))).toHaveLength(0);
  });

  it('is refused when all of its frames together exceed the limit', async () => {
    const frame = await compressFrame(text);
    const one = await boundOf(frame);
    expect(one).toBeGreaterThanOrEqual(text.length);
    expect(await boundOf(Buffer.concat([frame, frame, frame]))).toBe(3 * one);
    expect(await codeOf(decoded(frame, one))).toBe('taken');
    expect(await codeOf(decoded(frame, one - 1))).toContain('may exceed');
  });

  it('is refused wherever it is cut, and for bytes that follow it', async () => {
    const frame = await compressFrame(Buffer.from('short'));
    for (let end = 1; end < frame.length; end += 1) {
      expect(await codeOf(decoded(frame.subarray(0, end))), `cut at ${end}`).not.toBe('taken');
    }
    const followed = Buffer.concat([frame, Buffer.from('rest')]);
    expect(await codeOf(decoded(followed))).toContain(`no frame starts at byte ${frame.length}`);
  });
});
