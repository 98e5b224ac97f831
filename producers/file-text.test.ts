// The text of a file, however its bytes are cut into pieces: the same characters from each encoding, and
// the first byte that is no text refused with its line and a way out, after all text before it.
import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { textOf, type FileEncoding } from './file-text.ts';

interface Read {
  readonly text: string;
  readonly error?: Error;
}

async function read(bytes: Buffer, step: number, encoding?: FileEncoding): Promise<Read> {
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += step) {
      yield await Promise.resolve(Buffer.from(bytes.subarray(at, at + step)));
    }
  }
  const got: Buffer[] = [];
  try {
    for await (const piece of textOf(pieces(), 'f.csv', encoding)) got.push(piece);
    return { text: Buffer.concat(got).toString() };
  } catch (thrown) {
    return { text: Buffer.concat(got).toString(), error: thrown as Error };
  }
}

const characters = fc.constantFrom('a', ',', '\n', 'ü', '€', '😀', '\u0000', '\ufffd', '\u001a');
const text = fc.string({ unit: characters, minLength: 2 }).map((end) => `id${end}`);
const step = fc.integer({ min: 1, max: 9 });
const withoutCtrlZ = (given: string): string => given.replace(/\x1a$/, '');

function utf16be(given: string): Buffer {
  return Buffer.from(given, 'utf16le').swap16();
}

describe('textOf', () => {
  it('gives the same text from UTF-8 and UTF-16, however its bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(text, step, async (given, size) => {
        const expected = { text: withoutCtrlZ(given) };
        expect(await read(Buffer.from(given), size)).toEqual(expected);
        const wide = Buffer.from(given, 'utf16le');
        expect(await read(wide, size, 'utf-16le')).toEqual(expected);
        expect(await read(utf16be(given), size, 'utf-16be')).toEqual(expected);
        const marked = { text: `\ufeff${expected.text}` };
        expect(await read(Buffer.from(`\ufeff${given}`, 'utf16le'), size)).toEqual(marked);
        expect(await read(utf16be(`\ufeff${given}`), size)).toEqual(marked);
      }),
    );
  });

  it('reads Latin-1 as Windows-1252', async () => {
    const bytes = Buffer.from('K\xfcche \x80\x85\n', 'latin1');
    for (const encoding of ['latin1', 'windows-1252'] as const) {
      expect(await read(bytes, 1, encoding)).toEqual({ text: 'Küche €…\n' });
    }
  });

  it('refuses the first byte that is not UTF-8 with its line, wherever pieces are cut', async () => {
    const bytes = fc.tuple(text, fc.uint8Array({ minLength: 1, maxLength: 4 }), text);
    await fc.assert(
      fc.asyncProperty(bytes, step, async ([before, wrong, after], size) => {
        const whole = Buffer.concat([Buffer.from(before), wrong, Buffer.from(after)]);
        fc.pre(!isUtf8(whole));
        const got = await read(whole, size);
        expect(got.error).toBeInstanceOf(ConfigError);
        const valid = Buffer.from(got.text);
        expect(whole.subarray(0, valid.length)).toEqual(valid);
        const next = whole[valid.length]!;
        // A Ctrl-Z before the bad byte is held back.
        fc.pre(next !== 0x1a);
        const line = got.text.split(got.text.includes('\n') ? '\n' : '\r').length;
        const byte = next.toString(16).toUpperCase();
        expect(got.error!.message).toBe(
          `f.csv line ${line}: the byte 0x${byte} is not UTF-8 text; ` +
            'if the file is Latin-1 or Windows-1252, use --encoding latin1 or DATA_ENCODING=latin1',
        );
        // No more of it would have been text: with any ending of ours the next character stays wrong.
        const three = whole.subarray(0, valid.length + 4);
        expect(isUtf8(three)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a character cut at the end', Buffer.from('id\nKü').subarray(0, 5), undefined, 'line 2: the byte 0xC3 is not'],
    ['UTF-16 without a mark', Buffer.from('id,ts\n', 'utf16le'), undefined, 'line 1: looks like UTF-16 without a byte order mark; use --encoding utf-16le or'],
    ['big UTF-16 without a mark', utf16be('id,ts\n'), undefined, 'use --encoding utf-16be or'],
    ['UTF-16 that ends in half', Buffer.from('\ufeffid\nab', 'utf16le').subarray(0, 11), undefined, 'line 2: the file ends in the middle of a character'],
    ['half a pair', Buffer.from('\ufeffid\n\ud83dab', 'utf16le'), undefined, 'line 2: half a character stands alone'],
    ['UTF-8 that is called latin1', Buffer.from('\ufeffid\n'), 'latin1' as const, 'begins with the byte order mark of UTF-8, not with latin1 text; leave --encoding'],
    ['UTF-16 that is called latin1', Buffer.from('\ufeffid\n', 'utf16le'), 'latin1' as const, 'begins with the byte order mark of UTF-16LE'],
    ['lines that end as on an old Mac', Buffer.from('id\rx\r\xff', 'latin1'), undefined, 'line 3: the byte 0xFF'],
  ])('refuses %s', async (_name, bytes, encoding, message) => {
    for (const size of [1, 2, 100]) {
      const { error } = await read(bytes, size, encoding);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error!.message).toContain(message);
    }
  }); // prettier-ignore

  it('leaves out a Ctrl-Z that ends the file, and no other', async () => {
    expect(await read(Buffer.from('a\x1ab\n\x1a'), 1)).toEqual({ text: 'a\x1ab\n' });
  });
});
