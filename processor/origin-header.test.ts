// The origin that is written over the one before says what the text of the new one would say.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { headerBlock } from '../platform/kafka/record-batch-writer.ts';
import { ORIGIN_HEADER, writeOrigin } from '../streams/origin.ts';
import { OriginHeader } from './origin-header.ts';

it('names each offset as it would be named alone, in any order', () => {
  const edges = [0, 9, 10, 99, 100, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER];
  const offset = fc.oneof(fc.nat(120), fc.maxSafeNat(), fc.constantFrom(...edges));
  fc.assert(
    fc.property(fc.array(offset, { maxLength: 30 }), (offsets) => {
      const header = new OriginHeader('raw@id', 12);
      for (const each of offsets) {
        const text = writeOrigin({ source: 'raw@id', partition: 12, offset: each });
        const block = headerBlock([[ORIGIN_HEADER, Buffer.from(text)]]);
        expect(Buffer.compare(header.at(each), block)).toBe(0);
      }
    }),
  );
});
