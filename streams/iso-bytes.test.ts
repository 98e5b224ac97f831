// An instant that is read from bytes is the one that instant.ts reads from the text, or left to it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { instantMs } from './instant.ts';
import { isoBytesMs } from './iso-bytes.ts';

const digit = fc.nat(9).map(String);
const two = (max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max }).map((number) => String(number).padStart(2, '0'));
const fraction = fc.oneof(
  fc.constant(''),
  fc.string({ unit: digit, maxLength: 11 }).map((digits) => `.${digits}`),
);
const shaped = fc
  .tuple(fc.integer({ min: 0, max: 9_999 }), two(13), two(32), two(24), two(60), two(60), fraction)
  .map(([year, month, day, hour, minute, second, rest]) => {
    return `${String(year).padStart(4, '0')}-${month}-${day}T${hour}:${minute}:${second}${rest}Z`;
  });
const broken = fc
  .tuple(shaped, fc.nat(35), fc.constantFrom('', 'x', '-', ':', ' ', '9', 'é'))
  .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1));

it('agrees with instant.ts about the same text, or gives no answer', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.oneof(shaped, broken), fc.nat(4), (text, before) => {
      const bytes = Buffer.from(`${'1'.repeat(before)}${text}9`);
      const ms = isoBytesMs(bytes, before, bytes.length - 1);
      if (Number.isNaN(ms)) return;
      read += 1;
      expect(ms).toBe(instantMs(text));
    }),
    { numRuns: 3_000 },
  );
  expect(read).toBeGreaterThan(500);
});

it('reads the forms that devices write', () => {
  for (const text of [
    '2024-03-04T00:17:56Z',
    '2026-11-27T23:59:59.999Z',
    '2000-01-31T10:00:00.1234567Z',
  ])
    // prettier-ignore
    expect(isoBytesMs(Buffer.from(text), 0, text.length)).toBe(instantMs(text));
});
