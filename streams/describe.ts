// Shows a value that a sender wrote as the beginning of its JSON. Work and text are bounded by the shown
// length, however deep, wide or long the value is.

const DETAIL_CHARS_MAX = 120;

/** What `JSON.stringify` makes of a value that JSON.parse gave, cut to a readable length. */
export function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : cutToDetail(write(value, ''));
}

/** The text, cut to the same length and without half a character at its end. */
export function cutToDetail(text: string): string {
  const shown = text.length > DETAIL_CHARS_MAX ? `${text.slice(0, DETAIL_CHARS_MAX)}…` : text;
  return shown.toWellFormed();
}

/**
 * Adds a value to `text`. Lists and objects add no more members once it is longer than what is shown, and
 * each level of nesting adds a character, so the recursion ends as early as the text does.
 */
function write(value: unknown, text: string): string {
  if (typeof value === 'string') return text + quoted(value);
  if (Array.isArray(value)) return writeArray(value, text);
  if (typeof value === 'object' && value !== null) return writeObject(value, text);
  if (typeof value === 'number' && !Number.isFinite(value)) return `${text}null`;
  return text + String(value);
}

function writeArray(values: readonly unknown[], before: string): string {
  let text = `${before}[`;
  for (let index = 0; index < values.length && text.length <= DETAIL_CHARS_MAX; index += 1) {
    text = write(values[index], index === 0 ? text : `${text},`);
  }
  return `${text}]`;
}

function writeObject(value: object, before: string): string {
  let text = `${before}{`;
  let separator = '';
  for (const name in value) {
    if (text.length > DETAIL_CHARS_MAX) break;
    if (!Object.hasOwn(value, name)) continue;
    text = write((value as Record<string, unknown>)[name], `${text}${separator}${quoted(name)}:`);
    separator = ',';
  }
  return `${text}}`;
}

/** Cut before it is escaped: an escape makes a text longer, and what is cut here is never shown. */
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, DETAIL_CHARS_MAX + 1));
}
