// Makes text of others safe to print: it cannot start a line, move a cursor, change colours or reverse the
// order of letters, in a terminal or in a log file.

/** Controls, formats (bidi marks, zero width), line and paragraph separators, lone surrogates, unassigned. */
export const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const UNSAFE_WITHIN_LINES = /(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu;

/** One line of text, with everything unsafe as `\u{…}`. */
export function visible(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Text whose line breaks are its author's; everything else that is unsafe as `\u{…}`. */
export function visibleLines(text: string): string {
  return text.replace(UNSAFE_WITHIN_LINES, escaped);
}

/** JSON text that parses to the same value and holds nothing unsafe but the line break at its end. */
export function visibleJson(json: string): string {
  return json.replace(UNSAFE_WITHIN_LINES, (character) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}

/** Every text within a value made {@link visible}, names of properties included; stacks keep lines. */
export function visibleDeep(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return name === 'stack' ? visibleLines(value) : visible(value);
  if (Array.isArray(value)) return value.map((each) => visibleDeep(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [visible(key), visibleDeep(each, key)]),
  );
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
