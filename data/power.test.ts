// The portable arithmetic: right, and the same numbers for ever.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { power } from './power.ts';
import { createRandom } from './random.ts';

test('power agrees with Math.pow to 13 digits', () => {
  const bases = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  const exponents = fc.double({ min: -5, max: 5, noNaN: true });
  fc.assert(
    fc.property(bases, exponents, (base, exponent) => {
      const expected = base ** exponent;
      return Math.abs(power(base, exponent) - expected) <= expected * 1e-13;
    }),
  );
});

test('a seed and a sequence fix the numbers; neighbours are unrelated', () => {
  const first = (seed: number, sequence: number): number[] => {
    const random = createRandom(seed, sequence);
    return Array.from({ length: 4 }, () => random.next());
  };
  expect(first(1, 2)).toEqual(first(1, 2));
  expect(new Set([...first(1, 2), ...first(2, 1), ...first(1, 3)]).size).toBe(12);
});

test('the bell has mean 0 and standard deviation 1', () => {
  const random = createRandom(7, 0);
  const values = Array.from({ length: 100_000 }, random.bell);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(variance).toBeCloseTo(1, 1);
});
