// Damage in compressed bytes is told from memory that ran out and from mistakes in the program.
import { expect, it } from 'vitest';
import { CorruptError, isDamage } from './corrupt.ts';

const coded = (code: string): Error => Object.assign(new Error('x'), { code });

it.each([new CorruptError('x'), coded('Z_DATA_ERROR'), coded('ERR_OUT_OF_RANGE'), new Error('x')])(
  'takes %s for damage',
  (error) => {
    expect(isDamage(error)).toBe(true);
  },
);

it.each([
  // What V8 throws for a buffer that it cannot allocate.
  new RangeError('Array buffer allocation failed'),
  new TypeError('x is not a function'),
  coded('ERR_MEMORY_ALLOCATION_FAILED'),
  coded('Z_MEM_ERROR'),
  coded('ZSTD_error_memory_allocation'),
])('does not take %s for damage', (error) => {
  expect(isDamage(error)).toBe(false);
});
