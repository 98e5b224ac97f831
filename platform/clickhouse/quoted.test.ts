// What is quoted ends where it should and means what was written.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoted, quotedName } from './quoted.ts';

const meant = (inside: string): string =>
  inside.replace(/\\(.)/gs, (_, character: string) => (character === '0' ? '\0' : character));

describe.each([
  ['a literal', quoted, "'"],
  ['a name', quotedName, '`'],
] as const)('%s', (_, write, mark) => {
  it('has one end and means the text', () => {
    const text = fc.array(fc.oneof(fc.constantFrom("'", '`', '\\', '\0', '0', '\n'), fc.string()));
    fc.assert(
      fc.property(text, (parts) => {
        const written = write(parts.join(''));
        expect(written.at(0)).toBe(mark);
        expect(written.at(-1)).toBe(mark);
        const inside = written.slice(1, -1);
        expect(inside.replace(/\\./gs, '')).not.toMatch(new RegExp(`[\\\\\0${mark}]`));
        expect(meant(inside)).toBe(parts.join(''));
      }),
    );
  });
});
