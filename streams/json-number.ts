// Reads how a number is written in JSON text. A double cannot show it: 9007199254740990.5 and
// 0.99999999999999999999 are whole numbers once JSON.parse has rounded them. Linear in the text.

import { stringEnd } from './json-string.ts';

const QUOTE = 0x22;
const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Up to 15 digits survive the way to a double and back, and only a negative exponent gets below the
 * smallest one: no other number is rounded to a whole one.
 */
const ROUNDED = /\d[\d.]{15}|\d[eE]-/;

/** True when a number in `json` may be written with a fraction although its double is a whole one. */
export function mayHideFraction(json: string): boolean {
  return ROUNDED.test(json);
}

/**
 * How the number at `path` is written, undefined when none is there. `json` is valid and holds an
 * object; of members with one name the last counts, as for JSON.parse.
 */
export function numberText(json: string, path: readonly string[]): string | undefined {
  let at = json.indexOf('{');
  for (const name of path) {
    if (json.charCodeAt(at) !== OPEN_BRACE) return undefined;
    at = valueOf(json, at, name);
  }
  NUMBER.lastIndex = at;
  return at < 0 ? undefined : NUMBER.exec(json)?.[0];
}

const NUMBER = /-?\d[\d.eE+-]*/y;

/** Whether a JSON number is whole as it is written: `1.0` and `1e3` are, `0.5` and `1e-400` are not. */
export function isWhole(number: string): boolean {
  const end = number.search(/[eE]/);
  const mantissa = end < 0 ? number : number.slice(0, end);
  const exponent = end < 0 ? 0 : Number(number.slice(end + 1));
  const point = mantissa.indexOf('.');
  const before = point < 0 ? mantissa.length : point;
  const digits = mantissa.replace('.', '');
  return !/[1-9]/.test(digits.slice(Math.max(0, before + exponent)));
}

/** Where the value of the last member `name` of the object that opens at `open` begins, or -1. */
function valueOf(json: string, open: number, name: string): number {
  let found = -1;
  let depth = 0;
  for (let at = open; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(json, at);
      const colon = depth === 1 ? afterColon(json, end) : -1;
      if (colon >= 0 && isName(json.slice(at, end), name)) found = colon;
      at = end - 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) break;
    }
  }
  return found;
}

/** Where a member's value begins when `at` is behind its name; -1 behind any other string. */
function afterColon(json: string, at: number): number {
  const colon = afterBlanks(json, at);
  return json[colon] === ':' ? afterBlanks(json, colon + 1) : -1;
}

function afterBlanks(json: string, from: number): number {
  let at = from;
  while (json.charCodeAt(at) <= 0x20) at += 1;
  return at;
}

function isName(written: string, name: string): boolean {
  if (!written.includes('\\'))
    return written.length === name.length + 2 && written.slice(1, -1) === name;
  return JSON.parse(written) === name;
}
