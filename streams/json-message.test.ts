// What the bytes of a message are as JSON, and that finding out takes one pass, whatever they are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from './json-message.ts';
import { numberText } from './json-number.ts';
import { withoutNotFinite } from './not-finite.ts';

function reasonOf(text: string | Buffer): string | undefined {
  const parsed = parseMessage(Buffer.from(text));
  return 'reason' in parsed ? parsed.reason : undefined;
}

describe('parseMessage', () => {
  it('ignores one byte order mark before the document', () => {
    expect(parseMessage(Buffer.from('\ufeff{"a":"\ufeff"}'))).toEqual({
      value: { a: '\ufeff' },
      text: '{"a":"\ufeff"}',
    });
    expect(reasonOf('\ufeff\ufeff{}')).toBe('invalid_json');
    expect(reasonOf('\ufeff')).toBe('invalid_json');
    expect(reasonOf(Buffer.from([0xef, 0xbb]))).toBe('invalid_utf8');
  });

  it.each([
    ['not_finite', '{"a":NaN}'],
    ['not_finite', '[-Infinity,nan,inf,"\\"NaN"]'],
    ['not_finite', '{"NaN":NaN}'],
    ['invalid_json', '{"a":NaNa}'],
    ['invalid_json', '{"a":"NaN}'],
    ['invalid_json', '{"a":"x" NaN}'],
    ['invalid_json', '{"a":"NaN",}'],
    [undefined, '{"a":"NaN"}'],
  ])('is %s for %s', (reason, text) => expect(reasonOf(text)).toBe(reason));
});

/** A text that counts the characters that are looked at, one by one or by a search. */
class Counted extends String {
  steps = 0;
  override charCodeAt(at: number): number {
    this.steps += 1;
    return super.charCodeAt(at);
  }
  override indexOf(wanted: string, from = 0): number {
    const found = super.indexOf(wanted, from);
    this.steps += (found < 0 ? this.length : found + 1) - from;
    return found;
  }
  override slice(from: number, to: number): string {
    this.steps += Math.max(0, to - from);
    return super.slice(from, to);
  }
}

/** `{"a":…}` is what a megabyte of log lines in JSON in JSON looks like. */
const pieces = fc.constantFrom(
  '"',
  '\\',
  '\\"',
  '{\\"a\\":1.5},',
  '[',
  '{"a":',
  'NaN',
  '"NaN',
  'x',
  '-',
  ' ',
);
const hostile = fc
  .tuple(fc.array(pieces, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 40 }))
  .map(([some, times]) => `NaN${some.join('').repeat(times)}`);

describe('the search for NaN and Infinity', () => {
  it('looks at each character a fixed number of times, whatever the text is', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
        const counted = new Counted(text);
        withoutNotFinite(counted as unknown as string);
        expect(counted.steps).toBeLessThanOrEqual(4 * text.length + 10);
      }),
    );
  });

  it('ends for a megabyte of whatever stopped it before', () => {
    for (const piece of ['{\\"ts\\":1,\\"a\\":\\"NaN\\"},', '"', '\\"', '\\', 'NaN', '"NaN']) {
      expect(reasonOf(piece.repeat(1_000_000 / piece.length))).toBe('invalid_json');
    }
  });
});

it('the search for a number looks at each character a fixed number of times for each name of its path', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.integer({ min: 1, max: 30 }), (value, times) => {
      const counted = new Counted(
        `{"o":{"x":[${Array<string>(times).fill(value).join(',')}],"n":1}}`,
      );
      expect(numberText(counted as unknown as string, ['o', 'n'])).toBe('1');
      expect(counted.steps).toBeLessThanOrEqual(8 * counted.length);
    }),
  );
});
