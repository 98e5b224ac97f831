// How a number is written, which its double no longer says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWhole, mayHideFraction, numberText } from './json-number.ts';

const digits = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: 1, maxLength });
/** Numbers as JSON may write them, near whole ones and far from them. */
const numbers = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constantFrom('0', '9007199254740990', '9007199254740991'), fc.maxSafeNat().map(String)),
    fc.oneof(fc.constant(''), digits(25), fc.constantFrom('0', '000', '5', '9'.repeat(20), `${'0'.repeat(30)}1`)),
    fc.oneof(fc.constant(undefined), fc.integer({ min: -340, max: 30 })),
    fc.constantFrom('e', 'E', 'e+', 'E+'),
  )
  .map(([sign, whole, fraction, exponent, e]) => {
    const power = exponent === undefined ? '' : exponent < 0 ? `${e[0]}${exponent}` : `${e}${exponent}`;
    return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}${power}`;
  }); // prettier-ignore

/** By integers of any size: the digits are divided by the power of ten that the point stands for. */
function isWholeByDivision(number: string): boolean {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().replace(/^-/, '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const power = fraction.length - Number(exponent);
  return power <= 0 || BigInt(whole + fraction) % 10n ** BigInt(power) === 0n;
}

describe('isWhole', () => {
  it.each([
    ['9007199254740990.5', false],
    ['0.99999999999999999999', false],
    ['1e-400', false],
    ['40.5', false],
    ['1e3', true],
    ['1.0', true],
    ['-0', true],
    ['0e-5', true],
    ['1200e-2', true],
    ['1.5e1', true],
    ['1e99999999999999999999', true],
    ['1e-99999999999999999999', false],
  ])('of %s is %s', (number, whole) => expect(isWhole(number)).toBe(whole));

  it('is what division says, for any number', () => {
    fc.assert(
      fc.property(numbers, (number) => {
        expect(isWhole(number)).toBe(isWholeByDivision(number));
      }),
    );
  });
});

it('only a number that may hide a fraction has one although its double is whole', () => {
  fc.assert(
    fc.property(numbers, (number) => {
      const hides = Number.isSafeInteger(Number(number)) && !isWhole(number);
      if (hides) expect(mayHideFraction(`{"n":${number}}`)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
  expect(mayHideFraction('{"n":40.5,"ts":1594512094.385,"big":1e300}')).toBe(false);
});

describe('numberText', () => {
  it('is the text of the number that JSON.parse takes, for any object', () => {
    // No name is a backslash: once V8 13.6 has parsed one, JSON.parse takes names that are written with an
    // escape for it.
    const name = fc.constantFrom('n', 'm', '"', 'n:', '\u00e4', '{');
    const member = fc.tuple(name, fc.oneof(numbers, fc.json({ maxDepth: 2 })), fc.boolean());
    const blank = fc.constantFrom('', ' ', '\n\t');
    const escaped = (text: string): string =>
      Array.from(
        { length: text.length },
        (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
      ).join('');
    fc.assert(
      fc.property(fc.array(member), blank, name, (members, space, wanted) => {
        const written = members.map(([own, value, plain]) => {
          const text = plain ? JSON.stringify(own) : `"${escaped(own)}"`;
          return `${text}${space}:${space}${value}`;
        });
        for (const json of [`${space}{${written.join(`${space},`)}}`]) {
          const inner = `{"o":1,"o":${json},"x":${json}}`;
          const value = (JSON.parse(json) as Record<string, unknown>)[wanted];
          const text = numberText(json, [wanted]);
          expect(text === undefined ? undefined : Number(text)).toBe(
            typeof value === 'number' ? value : undefined,
          );
          expect(numberText(inner, ['o', wanted])).toBe(text);
        }
      }),
    );
  });
});
