// The order of test files keeps all of them, however few or many of a kind are chosen, and does not let the
// whole programs meet.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spread } from './backend/file-order.ts';

describe('the order of test files', () => {
  it('keeps every file once, and each kind in its order', () => {
    const counts = fc.nat(60);
    fc.assert(
      fc.property(counts, counts, (fewCount, manyCount) => {
        const few = Array.from({ length: fewCount }, (_, at) => `few ${at}`);
        const many = Array.from({ length: manyCount }, (_, at) => `many ${at}`);
        const mixed = spread(few, many);
        expect(mixed.filter((file) => file.startsWith('few'))).toEqual(few);
        expect(mixed.filter((file) => file.startsWith('many'))).toEqual(many);
      }),
    );
  });

  it('puts whole programs at even distances among the others', () => {
    expect(spread(['a', 'b'], ['1', '2', '3', '4'])).toEqual(['a', '1', '2', 'b', '3', '4']);
    expect(spread([], ['1', '2'])).toEqual(['1', '2']);
    expect(spread(['a'], [])).toEqual(['a']);
  });
});
