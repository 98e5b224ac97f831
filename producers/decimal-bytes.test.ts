// The form in which a number is copied, and its bounds where the digits before the point do not decide.
import { describe, expect, it } from 'vitest';
import { copyDecimal, isCopiedWithin } from './decimal-bytes.ts';

const AT = 3;

/** What is copied of a cell, and whether that is from `min` to `max`; undefined: left to the slow path. */
function copy(cell: string, min = -Infinity, max = Infinity): [string, boolean] | undefined {
  const bytes = Buffer.from(`"${cell}"`);
  // What was in the page before may go on with digits.
  const out = Buffer.alloc(80, '9');
  const end = copyDecimal(bytes, 1, bytes.length - 1, out, AT);
  if (end < 0) return undefined;
  return [out.toString('latin1', AT, end), isCopiedWithin(min, max, out, AT, end)];
}

describe('a copied number', () => {
  it.each([
    ['0.000001', '0.000001'],
    ['0.0000001', undefined],
    ['0.00000010', undefined],
    ['0.0000000', '0'],
    ['-0.0', undefined],
    ['-0', undefined],
    ['-0.5', '-0.5'],
    ['22.50', '22.5'],
    ['1.1E1', '11'],
    ['1.5945120943859746E9', '1594512094.3859746'],
    ['0.1E2', undefined],
    ['12.5E1', undefined],
    ['1.', undefined],
    ['.5', undefined],
  ])('%s has the form of JSON.stringify', (cell, expected) => {
    expect(copy(cell)?.[0]).toBe(expected);
    if (expected !== undefined) expect(expected).toBe(JSON.stringify(Number(cell)));
  });

  it.each([
    ['7', 0, 7, true],
    ['7', 7, 9, true],
    ['7', 8, 9, false],
    ['7.0', 0, 7, true],
    ['6.9', 0, 6.9, true],
    ['6.91', 0, 6.9, false],
    ['6.9', 6.91, 9, false],
    ['-0.5', -0.5, 0, true],
    ['-0.51', -0.5, 0, false],
    ['-7', -7, 0, true],
    ['-7', -6, 0, false],
    ['1.5E3', -Infinity, 1_000, false],
    ['1.5E3', 1_500, 1_500, true],
    ['-1.5E3', -100, Infinity, false],
    ['-1.5E3', -2_000, Infinity, true],
  ])('%s is from %s to %s: %s', (cell, min, max, expected) => {
    expect(copy(cell, min, max)?.[1]).toBe(expected);
  });
});
