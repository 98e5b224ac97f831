// Numbers read from bytes are the very doubles that JSON.parse gives, also at the limits of a double.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanNumber, scannedDouble, scannedInstantMs } from './exact-number.ts';
import { secondsToMs } from './instant.ts';

function read(text: string): number {
  const bytes = Buffer.from(`${text},`);
  return scanNumber(bytes, 0) === text.length ? scannedDouble(bytes, 0, text.length) : NaN;
}

// So many numbers are compared that `expect` for each would take longer than reading them.
const plain = (text: string): boolean => !/e/i.test(text);

describe('scannedDouble', () => {
  it('takes nearly every double of everyday size, exactly', () => {
    let taken = 0;
    let seen = 0;
    const everyday = fc.double({ min: 1e-6, max: 1e15, noNaN: true });
    fc.assert(
      fc.property(everyday, fc.boolean(), (value, negate) => {
        const text = String(negate ? -value : value);
        if (!plain(text)) return true;
        const found = read(text);
        seen += 1;
        if (Number.isNaN(found)) return true;
        taken += 1;
        return Object.is(found, Number(text));
      }),
      { numRuns: 30_000 },
    );
    expect(taken / seen).toBeGreaterThan(0.95);
  });

  it('rounds any digits as JSON.parse does, or leaves them', () => {
    const digits = (max: number): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength: max });
    fc.assert(
      fc.property(digits(12), digits(22), (whole, fraction) => {
        const text = `${whole.replace(/^0+(?=\d)/, '')}.${fraction}`;
        const found = read(text);
        return Number.isNaN(found) || Object.is(found, Number(text));
      }),
      { numRuns: 30_000 },
    );
  });

  it('rounds the neighbourhood of halfway points as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.bigInt(2n ** 53n, 2n ** 56n), fc.nat(20), (digits, places) => {
        const text = String(digits).padStart(places + 1, '0');
        const at = text.length - places;
        const decimal = places === 0 ? text : `${text.slice(0, at)}.${text.slice(at)}`;
        const found = read(decimal);
        return Number.isNaN(found) || Object.is(found, Number(decimal));
      }),
      { numRuns: 30_000 },
    );
  });

  it.each(['', '-', '01', '1.', '.5', '+1', '1e5', '1E5', '0x1', '1_0', '--1'])(
    'leaves %s alone',
    (text) => {
      expect(read(text)).toBeNaN();
    },
  );
});

describe('scannedInstantMs', () => {
  it('agrees with the validator wherever it answers', () => {
    const wholes = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    const fractions = fc.string({
      unit: fc.constantFrom(...'0123456789'.split('')),
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(wholes, fractions, (whole, fraction) => {
        const text = `${whole}.${fraction}`;
        const bytes = Buffer.from(`${text} `);
        if (scanNumber(bytes, 0) !== text.length) return false;
        const found = scannedInstantMs();
        return Number.isNaN(found) || Object.is(found, secondsToMs(Number(text)));
      }),
      { numRuns: 50_000 },
    );
  });
});
