import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable, printableJson } from './printable.ts';

const anyText = fc.string({ unit: 'binary' });

describe('printable', () => {
  it.each([
    ['\u001b[2Jx', '\\u{1b}[2Jx'],
    ['a\r\n{"level":"error"}', 'a\\u{d}\\u{a}{"level":"error"}'],
    ['\u009b31m', '\\u{9b}31m'],
    ['\u202egnp.exe', '\\u{202e}gnp.exe'],
    ['\u2028', '\\u{2028}'],
    ['\\u{1b}', '\\\\u{1b}'],
    ['日本 é 🙂', '日本 é 🙂'],
  ])('shows %j as %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves nothing that a terminal acts on', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('printableJson', () => {
  it('parses to the same, and has no controls but its own line breaks', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = printableJson([{ text }]);
        expect(JSON.parse(json)).toEqual([{ text }]);
        expect(json.split('\n')).toHaveLength(5);
        expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
