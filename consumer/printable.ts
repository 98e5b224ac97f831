// Makes text from messages safe to show: nothing in it can move a cursor, change colours, start a new line
// or turn the order of letters around.

/** Controls, formats (bidi marks, zero width), line and paragraph separators, lone surrogates, unassigned. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** The text with everything unsafe as `\u{…}`, and a backslash doubled so that this can be told apart. */
export function printable(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** JSON of a value, indented, in which everything unsafe is escaped; it parses to the same value. */
export function printableJson(value: unknown): string {
  // Line breaks of the layout are the only controls that JSON.stringify leaves.
  return JSON.stringify(value, undefined, 2).replace(UNSAFE, (character) => {
    if (character === '\n') return character;
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
