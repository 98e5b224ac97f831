// Frames are what the library's own functions for frames read and write, whatever is in them.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import lz4 from 'lz4-napi';
import { describe, expect, it } from 'vitest';
import { inflatedLz4, inflateLz4, lz4Frame } from './lz4-frames.ts';

const MIB = 2 ** 20;
const contents = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  // From what hardly compresses to what does so 200 times.
  fc.tuple(fc.nat(200_000), fc.nat(255), fc.nat(2_000)).map(([length, byte, noise]) => {
    return Buffer.concat([Buffer.alloc(length, byte), randomBytes(noise + 1)]);
  }),
);

describe('an LZ4 frame', () => {
  it('that is written is read by the library', () => {
    fc.assert(
      fc.property(contents, (bytes) => lz4.decompressFrameSync(lz4Frame(bytes)).equals(bytes)),
    );
  });

  it('of the library, or of ours, inflates to what was put into it', () => {
    fc.assert(
      fc.property(contents, fc.boolean(), (bytes, isOurs) => {
        const frame = isOurs ? lz4Frame(bytes) : lz4.compressFrameSync(bytes);
        return (
          inflatedLz4(frame).equals(bytes) && Buffer.concat([...inflateLz4(frame)]).equals(bytes)
        );
      }),
    );
  });

  it('of more than one block is one, too', () => {
    for (const size of [4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB]) {
      for (const bytes of [Buffer.alloc(size, 'abc'), randomBytes(size)]) {
        const frame = lz4Frame(bytes);
        expect(lz4.decompressFrameSync(frame).equals(bytes)).toBe(true);
        expect(inflatedLz4(frame).equals(bytes)).toBe(true);
      }
    }
  });

  it('that is damaged gives an error or other bytes, and never more than its block may hold', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, flip) => {
        const frame = Buffer.from(lz4Frame(bytes));
        const place = 11 + (at % (frame.length - 11));
        frame[place]! ^= flip;
        try {
          expect(inflatedLz4(frame).length).toBeLessThanOrEqual(4 * MIB);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});
