// Copies stay what they were until all are given back, whatever their sizes.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteArena } from './byte-arena.ts';

it('keeps copies apart and uses their memory again', () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 1_200_000 }));
  const arena = new ByteArena();
  fc.assert(
    fc.property(fc.array(size, { maxLength: 30 }), (sizes) => {
      arena.clear();
      const sources = sizes.map((length, at) => Buffer.alloc(length, at + 1));
      const copies = sources.map((source) => arena.copy(source));
      for (const [at, copy] of copies.entries()) expect(copy.equals(sources[at]!)).toBe(true);
      arena.clear();
      const small = Buffer.from('x');
      const [first] = [arena.copy(small), arena.clear()];
      expect(arena.copy(small).buffer).toBe(first.buffer);
    }),
    { numRuns: 50 },
  );
});
