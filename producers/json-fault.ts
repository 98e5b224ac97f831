// Explains why a text is not JSON, or what the author probably wrote instead of events, in one pass over it.
// The parser alone decides whether a text is JSON.
import type { Event } from './file-event.ts';

/** Deeper than any event; recursion over this many levels fits on every stack. */
const MAX_DEPTH = 1_000;
const JQ_LINES = 'jq -c . FILE writes them so';

interface Shape {
  readonly maxDepth: number;
  /** Whether a bracket or quote stays open. */
  readonly open: boolean;
  /** Whether an object or array begins behind the end of the first one. */
  readonly several: boolean;
  readonly notFinite: boolean;
}

/** True when a text nests so deep that recursion over its value might not fit on the stack. */
export function isTooDeep(text: string, maxDepth = MAX_DEPTH): boolean {
  return text.length > 2 * maxDepth && shapeOf(text).maxDepth > maxDepth;
}

export const TOO_DEEP = `nests deeper than ${MAX_DEPTH} levels`;

/** What is wrong with a text that is not JSON, to follow it; `within` is an array or the file's lines. */
export function syntaxHint(text: string, within: 'array' | 'lines'): string {
  const { notFinite, open, several } = shapeOf(text);
  if (notFinite) return 'JSON has no NaN and no Infinity: leave the member out';
  if (within === 'array') {
    return several
      ? 'a comma is missing between two elements'
      : 'a file must hold an array of objects, or one object a line';
  }
  if (text.includes('"FeatureCollection"')) {
    return "this looks like GeoJSON: jq -c '.features[]' FILE writes one feature a line";
  }
  if (open)
    return `it does not end on this line: each line must hold one whole object; ${JQ_LINES}`;
  if (several) return `several objects share this line: each must have its own; ${JQ_LINES}`;
  return 'a file must hold an array of objects, or one object a line';
}

/** Where the events may be, when a value is an object that wraps them. */
export function wrapperHint(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const wrapping = Object.entries(value as Event).find(([, member]) => {
    const first: unknown = Array.isArray(member) ? member[0] : undefined;
    return typeof first === 'object' && first !== null && !Array.isArray(first);
  });
  if (wrapping === undefined) return '';
  const name = JSON.stringify(wrapping[0].slice(0, 60));
  return `; member ${name} holds an array of objects: jq -c '.[${name}][]' FILE writes one a line`;
}

function shapeOf(text: string): Shape {
  let depth = 0;
  let maxDepth = 0;
  let inString = false;
  let ended = false;
  let several = false;
  let notFinite = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      several ||= ended;
      depth += 1;
      maxDepth = Math.max(maxDepth, depth);
    } else if (character === '}' || character === ']') {
      depth -= 1;
      ended ||= depth === 0;
    } else if (character === 'N' || character === 'I') {
      notFinite ||= text.startsWith('NaN', at) || text.startsWith('Infinity', at);
    }
  }
  return { maxDepth, open: inString || depth > 0, several, notFinite };
}
