// Writes JSON on one line without parsing it: numbers keep their digits, strings their bytes.
import { stringEnd } from '../streams/json-string.ts';

/** JSON that is right, without the blanks around it and, if it has several lines, between its tokens. */
export function onOneLine(json: string): string {
  const text = json.trim();
  if (!text.includes('\n') && !text.includes('\r')) return text;
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (isBlank(character)) {
      parts.push(text.slice(from, at));
      while (isBlank(text[at + 1])) at += 1;
      from = at + 1;
    }
  }
  parts.push(text.slice(from));
  return parts.join('');
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t';
}
