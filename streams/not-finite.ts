// Finds the bare NaN and Infinity that Python and others write in place of JSON numbers, so that such a
// message gets a reason of its own. One pass: it reads each string once, closed or not.
import { stringEnd } from './json-string.ts';

const NOT_FINITE = /-?\b(?:NaN|Infinity|nan|inf)\b/g;
const HAS_NOT_FINITE = /NaN|Infinity|nan|inf/;

/** The text with 0 for each bare NaN and Infinity, undefined when it has none outside of its strings. */
export function withoutNotFinite(text: string): string | undefined {
  if (!HAS_NOT_FINITE.test(text)) return undefined;
  const parts: string[] = [];
  for (let from = 0; from < text.length;) {
    const quote = text.indexOf('"', from);
    const open = quote < 0 ? text.length : quote;
    parts.push(text.slice(from, open).replace(NOT_FINITE, '0'));
    from = open === text.length ? open : stringEnd(text, open);
    parts.push(text.slice(open, from));
  }
  return parts.join('');
}
