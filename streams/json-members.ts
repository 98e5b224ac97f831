// Adds members to a JSON object by writing them into its text. All other bytes stay unchanged, because a
// number that is parsed and printed again may be another number.
import { stringEnd } from './json-string.ts';

export type JsonValue = string | number | boolean | null;

/**
 * The text of `object` with `added` as its last members. `text` is UTF-8 that parses to `object`; a
 * member of it that has the name of an added one is taken out.
 */
export function withMembers(
  text: Buffer,
  object: Readonly<Record<string, unknown>>,
  added: Readonly<Record<string, JsonValue>>,
): Buffer {
  const names = Object.keys(added);
  const replaced = names.filter((name) => Object.hasOwn(object, name));
  const rest = replaced.length === 0 ? text : without(text.toString('utf8'), replaced);
  const end = rest.lastIndexOf('}');
  const alone = Object.keys(object).length === replaced.length;
  const members = JSON.stringify(added).slice(1, -1);
  const written = alone || members === '' ? members : `,${members}`;
  return Buffer.concat([rest.subarray(0, end), Buffer.from(written), rest.subarray(end)]);
}

function without(text: string, names: readonly string[]): Buffer {
  const begin = text.indexOf('{') + 1;
  const kept = writtenMembers(text, begin).filter((member) => !names.includes(nameOf(member)));
  return Buffer.from(text.slice(0, begin) + kept.join(',') + text.slice(text.lastIndexOf('}')));
}

/** The members of the object that begins at `begin` of valid JSON, each with the space around it. */
function writtenMembers(text: string, begin: number): string[] {
  const members: string[] = [];
  let inString = false;
  let depth = 1;
  for (let at = begin, from = begin; depth > 0; at += 1) {
    const character = text[at]!;
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
      continue;
    }
    if (character === '"') inString = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0 || (depth === 1 && character === ',')) {
      members.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return members;
}

function nameOf(member: string): string {
  const open = member.indexOf('"');
  return JSON.parse(member.slice(open, stringEnd(member, open))) as string;
}
