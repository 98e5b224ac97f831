// Looks through the bytes of a JSON object once: whether it is JSON as JSON.parse sees it, where its declared
// members are, and whether they are what the validator wants. No string, number or object is made. true means that
// JSON.parse and the validator would say the same; false means nothing, and the slow path decides (escapes in
// names or declared texts, a name twice, numbers with an exponent, deep nesting, a bad value, …).
import { isUtf8 } from 'node:buffer';
import { scanNumber, scannedDouble, scannedInstantMs, scannedIsWhole } from './exact-number.ts';
import type { Field } from './field.ts';
import { LAST_INSTANT_MS } from './instant.ts';
import { isoBytesMs } from './iso-bytes.ts';
import { JsonPattern } from './json-pattern.ts';
import type { Column } from './stream.ts';

const [QUOTE, BACKSLASH, COLON, COMMA, MINUS, POINT, ZERO, NINE] = [0x22, 0x5c, 0x3a, 0x2c, 0x2d, 0x2e, 0x30, 0x39]; // prettier-ignore
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [LOWER_E, LOWER_U, PLUS] = [0x65, 0x75, 0x2b];
/** Deeper values are left to the slow path. */
const DEPTH_MAX = 32;
/** So many names are remembered, for {@link JsonScan.hasName}. */
const NAMES_MAX = 128;
/** An event with more values teaches nothing. */
const SCALARS_MAX = 256;
/** Kinds of events that are known at a time. */
const PATTERNS_MAX = 4;
/** A new pattern takes the place of an old one after so many events in a row that none fits. */
const MISSES_MAX = 16;

/** Of each byte: 1 for a blank of JSON, 2 for one that stands for itself within a string. */
const KINDS = new Uint8Array(256);
const [BLANK, PLAIN] = [1, 2];
for (const blank of [0x20, 0x09, 0x0a, 0x0d]) KINDS[blank] = BLANK;
for (let byte = 0x20; byte < 256; byte += 1) {
  if (byte !== QUOTE && byte !== BACKSLASH) KINDS[byte]! |= PLAIN;
}
const ESCAPED = new Set(Buffer.from('"\\/bfnrt'));
const WORDS = ['true', 'false', 'null'].map((word) => Buffer.from(word));

/** Members by name: an index into the columns, or the members within. */
interface Shape {
  readonly names: Buffer[];
  readonly columns: number[];
  readonly shapes: (Shape | undefined)[];
  /** Which name came at which place the last time: events of a topic look alike. */
  readonly expected: number[];
  isMet: boolean;
}

export class JsonScan {
  readonly #fields: readonly Field[];
  readonly #paths: readonly (readonly string[])[];
  readonly #root: Shape;
  /** Of each column where its value is, a text with its quotes; below 0 where there is none. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Of each instant the moment, epoch milliseconds. */
  readonly instantsMs: Float64Array;
  /** Where the closing brace is. */
  brace = 0;
  /** How many members the object has. */
  members = 0;
  readonly #nameFrom = new Int32Array(NAMES_MAX);
  readonly #nameTo = new Int32Array(NAMES_MAX);
  readonly #stack = new Uint8Array(DEPTH_MAX);
  readonly #scalarFrom = new Int32Array(SCALARS_MAX);
  readonly #scalarTo = new Int32Array(SCALARS_MAX);
  #scalars = 0;
  readonly #patterns: JsonPattern[] = [];
  /** The pattern that fitted last: the next event is probably like that. */
  #fitted = 0;
  #misses = 0;
  /** The pattern of the event that was looked through; undefined when none fitted. */
  #pattern: JsonPattern | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  // Records of one batch share their bytes, so the view is made once for thousands of them.
  #viewed: Uint8Array = this.#bytes;
  #view = new DataView(this.#bytes.buffer);
  #end = 0;
  /** The last byte beyond ASCII that was met, 0 for none. */
  #beyondAscii = 0;

  constructor(columns: readonly Column[]) {
    this.#fields = columns.map(({ field }) => field);
    this.#paths = columns.map(({ path }) => path);
    this.#root = shapeOf(columns.map(({ path }, index) => ({ path, index })));
    this.from = new Int32Array(columns.length);
    this.to = new Int32Array(columns.length);
    this.instantsMs = new Float64Array(columns.length);
  }

  /** `recordTimeMs` is what the validator gets. */
  scan(bytes: Uint8Array, start: number, end: number, recordTimeMs: number): boolean {
    this.#bytes = bytes;
    this.#end = end;
    if (this.#fits(start) || this.#walk(start)) return this.#areValid(start, recordTimeMs);
    return false;
  }

  /** Whether one of the object's own members has this name. */
  hasName(name: Uint8Array): boolean {
    if (this.#pattern !== undefined) {
      return this.#pattern.names.some((each) => isName(each, name, 0, name.length));
    }
    for (let member = 0; member < this.members; member += 1) {
      const from = this.#nameFrom[member]!;
      if (this.#nameTo[member]! - from === name.length && isAt(this.#bytes, from, name))
        return true;
    }
    return false;
  }

  #areValid(start: number, recordTimeMs: number): boolean {
    if (this.#beyondAscii !== 0 && !isUtf8(this.#bytes.subarray(start, this.#end))) return false;
    for (let index = 0; index < this.#fields.length; index += 1) {
      if (!this.#isValid(index, this.#fields[index]!, recordTimeMs)) return false;
    }
    if (this.#pattern === undefined) this.#learn(start);
    return true;
  }

  /** Looks through the event from its first byte to its last. */
  #walk(start: number): boolean {
    this.#pattern = undefined;
    this.#beyondAscii = 0;
    this.#scalars = 0;
    this.from.fill(-1);
    const open = this.#skipBlanks(start);
    if (open >= this.#end || this.#bytes[open] !== OPEN) return false;
    const behind = this.#object(this.#root, open, true);
    if (behind < 0) return false;
    this.brace = behind - 1;
    return this.#skipBlanks(behind) === this.#end;
  }

  /** Tries the patterns. */
  #fits(start: number): boolean {
    const bytes = this.#bytes;
    if (this.#viewed !== bytes) {
      this.#viewed = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    const patterns = this.#patterns;
    for (let turn = 0; turn < patterns.length; turn += 1) {
      const place = (this.#fitted + turn) % patterns.length;
      const pattern = patterns[place]!;
      if (!this.#isLike(pattern, start)) continue;
      this.#fitted = place;
      this.#misses = 0;
      this.#pattern = pattern;
      this.brace = this.#end - pattern.braceFromEnd;
      this.members = pattern.names.length;
      return true;
    }
    return false;
  }

  #isLike({ columns, literals, tail }: JsonPattern, start: number): boolean {
    const bytes = this.#bytes;
    const base = bytes.byteOffset;
    const end = this.#end;
    this.#beyondAscii = 0;
    this.from.fill(-1);
    let at = start;
    for (let value = 0; value < literals.length; value += 1) {
      const literal = literals[value]!;
      const from = at + literal.length;
      if (from >= end || !literal.isAt(this.#view, base + at)) return false;
      at = this.#scalarEnd(bytes[from]!, from);
      if (at < 0) return false;
      const column = columns[value]!;
      if (column < 0) continue;
      this.from[column] = from;
      this.to[column] = at;
    }
    return at + tail.length === end && tail.isAt(this.#view, base + at);
  }

  /** Takes the event that was walked through for a pattern. */
  #learn(start: number): void {
    this.#misses += 1;
    const isRoom = this.#patterns.length < PATTERNS_MAX;
    if ((!isRoom && this.#misses < MISSES_MAX) || this.#scalars > SCALARS_MAX) return;
    const bytes = this.#bytes;
    const learned = JsonPattern.of({
      bytes,
      from: start,
      to: this.#end,
      scalars: { from: this.#scalarFrom, to: this.#scalarTo, count: this.#scalars },
      columnsFrom: this.from,
      names: Array.from({ length: this.members }, (_, member) => {
        return Buffer.from(bytes.subarray(this.#nameFrom[member], this.#nameTo[member]));
      }),
      brace: this.brace,
    });
    this.#misses = 0;
    const place = isRoom ? this.#patterns.length : (this.#fitted + 1) % PATTERNS_MAX;
    this.#patterns[place] = learned;
    this.#fitted = place;
  }

  #skipBlanks(from: number): number {
    let at = from;
    while (at < this.#end && (KINDS[this.#bytes[at]!]! & BLANK) !== 0) at += 1;
    return at;
  }

  /** One past the object that opens at `open`, or -1. */
  #object(shape: Shape, open: number, isRoot: boolean): number {
    const bytes = this.#bytes;
    const end = this.#end;
    shape.isMet = true;
    for (const inner of shape.shapes) if (inner !== undefined) inner.isMet = false;
    let at = this.#skipBlanks(open + 1);
    if (isRoot) this.members = 0;
    if (at < end && bytes[at] === CLOSE) return at + 1;
    for (let place = 0; ; place += 1) {
      if (at >= end || bytes[at] !== QUOTE) return -1;
      const nameFrom = at + 1;
      at = nameFrom;
      while (at < end && (KINDS[bytes[at]!]! & PLAIN) !== 0) {
        if (bytes[at]! >= 0x80) this.#beyondAscii = bytes[at]!;
        at += 1;
      }
      if (at >= end || bytes[at] !== QUOTE) return -1;
      if (isRoot) {
        if (place === NAMES_MAX) return -1;
        this.#nameFrom[place] = nameFrom;
        this.#nameTo[place] = at;
        this.members = place + 1;
      }
      const known = knownName(shape, bytes, nameFrom, at, place);
      at = this.#skipBlanks(at + 1);
      if (at >= end || bytes[at] !== COLON) return -1;
      at = this.#member(shape, known, this.#skipBlanks(at + 1));
      if (at < 0) return -1;
      at = this.#skipBlanks(at);
      if (at >= end) return -1;
      const next = bytes[at];
      at += 1;
      if (next === CLOSE) return at;
      if (next !== COMMA) return -1;
      at = this.#skipBlanks(at);
    }
  }

  /** One past the value at `from` of the member that has this place in the shape (-1: not declared), or -1. */
  #member(shape: Shape, known: number, from: number): number {
    if (known < 0) return this.#value(from);
    const inner = shape.shapes[known];
    if (inner !== undefined) {
      if (inner.isMet || from >= this.#end || this.#bytes[from] !== OPEN) return -1;
      return this.#object(inner, from, false);
    }
    const column = shape.columns[known]!;
    // Of members with one name the last counts: that is left to JSON.parse.
    if (this.from[column]! >= 0) return -1;
    const end = this.#value(from);
    this.from[column] = from;
    this.to[column] = end;
    return end;
  }

  /** One past the value that begins at `from`, or -1. Nesting is walked without recursion. */
  #value(from: number): number {
    const bytes = this.#bytes;
    const stack = this.#stack;
    let depth = 0;
    let at = from;
    for (;;) {
      if (at >= this.#end) return -1;
      const byte = bytes[at]!;
      if (byte === OPEN || byte === OPEN_LIST) {
        if (depth === DEPTH_MAX) return -1;
        stack[depth++] = byte;
        at = this.#skipBlanks(at + 1);
        const isEmpty = at < this.#end && bytes[at] === (byte === OPEN ? CLOSE : CLOSE_LIST);
        if (!isEmpty) {
          if (byte === OPEN) at = this.#name(at);
          if (at < 0) return -1;
          continue;
        }
        depth -= 1;
        at += 1;
      } else at = this.#scalar(byte, at);
      if (at < 0) return -1;
      for (;;) {
        if (depth === 0) return at;
        at = this.#skipBlanks(at);
        if (at >= this.#end) return -1;
        const isObject = stack[depth - 1] === OPEN;
        const next = bytes[at++];
        if (next === COMMA) {
          at = this.#skipBlanks(at);
          if (isObject) at = this.#name(at);
          if (at < 0) return -1;
          break;
        }
        if (next !== (isObject ? CLOSE : CLOSE_LIST)) return -1;
        depth -= 1;
      }
    }
  }

  /** One past the text, number or word at `at`, or -1; notes where it is. */
  #scalar(byte: number, at: number): number {
    const end = this.#scalarEnd(byte, at);
    if (this.#scalars < SCALARS_MAX) {
      this.#scalarFrom[this.#scalars] = at;
      this.#scalarTo[this.#scalars] = end;
    }
    this.#scalars += 1;
    return end;
  }

  #scalarEnd(byte: number, at: number): number {
    if (byte === QUOTE) return this.#string(at);
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.#number(at);
    for (const word of WORDS) {
      if (word[0] === byte) {
        return at + word.length <= this.#end && isAt(this.#bytes, at, word) ? at + word.length : -1;
      }
    }
    return -1;
  }

  /** Where the value behind a name and its colon begins, or -1. */
  #name(at: number): number {
    if (at >= this.#end || this.#bytes[at] !== QUOTE) return -1;
    const end = this.#string(at);
    if (end < 0) return -1;
    const colon = this.#skipBlanks(end);
    return colon < this.#end && this.#bytes[colon] === COLON ? this.#skipBlanks(colon + 1) : -1;
  }

  #string(open: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let at = open + 1; at < end; at += 1) {
      const byte = bytes[at]!;
      if ((KINDS[byte]! & PLAIN) !== 0) {
        if (byte >= 0x80) this.#beyondAscii = byte;
        continue;
      }
      if (byte === QUOTE) return at + 1;
      if (byte !== BACKSLASH) return -1;
      const escaped = bytes[(at += 1)]!;
      if (at >= end) return -1;
      if (escaped === LOWER_U) {
        for (let digit = 1; digit <= 4; digit += 1) if (!isHex(bytes[at + digit]!)) return -1;
        at += 4;
      } else if (!ESCAPED.has(escaped)) return -1;
    }
    return -1;
  }

  #number(from: number): number {
    const bytes = this.#bytes;
    const first = bytes[from] === MINUS ? from + 1 : from;
    let at = this.#digits(first);
    if (at === first || (bytes[first] === ZERO && at > first + 1)) return -1;
    if (at < this.#end && bytes[at] === POINT) {
      const fraction = at + 1;
      at = this.#digits(fraction);
      if (at === fraction) return -1;
    }
    if (at < this.#end && (bytes[at]! | 0x20) === LOWER_E) {
      const sign = bytes[at + 1];
      const exponent = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
      at = this.#digits(exponent);
      if (at === exponent) return -1;
    }
    return at;
  }

  #digits(from: number): number {
    let at = from;
    while (at < this.#end && this.#bytes[at]! >= ZERO && this.#bytes[at]! <= NINE) at += 1;
    return at;
  }

  #isValid(index: number, field: Field, recordTimeMs: number): boolean {
    const bytes = this.#bytes;
    const from = this.from[index]!;
    const to = this.to[index]!;
    if (from < 0) {
      const isOptional = field.kind === 'instant' && field.absent !== 'reject';
      return isOptional && recordTimeMs >= 0 && this.#paths[index]!.length === 1;
    }
    switch (field.kind) {
      case 'text': {
        if (bytes[from] !== QUOTE || to - from < 3 || to - from - 2 > field.maxBytes) return false;
        for (let at = from + 1; at < to - 1; at += 1) if (bytes[at] === BACKSLASH) return false;
        return true;
      }
      case 'float64': {
        if (scanNumber(bytes, from) !== to) return false;
        const value = scannedDouble(bytes, from, to);
        return value >= field.min && value <= field.max;
      }
      case 'integer': {
        if (scanNumber(bytes, from) !== to || !scannedIsWhole()) return false;
        const value = scannedDouble(bytes, from, to);
        return Number.isSafeInteger(value) && value >= field.min && value <= field.max;
      }
      case 'boolean':
        return bytes[from] === 0x74 || bytes[from] === 0x66;
      case 'instant': {
        const isText = bytes[from] === QUOTE;
        if (!isText && scanNumber(bytes, from) !== to) return false;
        const ms = isText ? isoBytesMs(bytes, from + 1, to - 1) : scannedInstantMs();
        this.instantsMs[index] = ms;
        const isAhead = recordTimeMs >= 0 && ms > recordTimeMs + field.maxAheadMs;
        return ms >= field.minMs && ms <= LAST_INSTANT_MS && !isAhead;
      }
      case 'message':
        return false;
    }
  }
}

/** The place of a name in a shape, -1 for one that is not declared. */
function knownName(
  shape: Shape,
  bytes: Uint8Array,
  from: number,
  to: number,
  place: number,
): number {
  const { expected, names } = shape;
  const guess = place < expected.length ? expected[place]! : -1;
  if (guess >= 0 && isName(names[guess]!, bytes, from, to)) return guess;
  for (let known = 0; known < names.length; known += 1) {
    if (!isName(names[known]!, bytes, from, to)) continue;
    if (place < NAMES_MAX) expected[place] = known;
    return known;
  }
  return -1;
}

function isName(name: Buffer, bytes: Uint8Array, from: number, to: number): boolean {
  return name.length === to - from && isAt(bytes, from, name);
}

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}

function isHex(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}

function shapeOf(members: readonly { path: readonly string[]; index: number }[]): Shape {
  const groups = [...Map.groupBy(members, ({ path }) => path[0]!)];
  return {
    names: groups.map(([name]) => Buffer.from(name)),
    columns: groups.map(([, [first]]) => first!.index),
    shapes: groups.map(([, within]) => {
      if (within[0]!.path.length === 1) return undefined;
      return shapeOf(within.map(({ index, path }) => ({ index, path: path.slice(1) })));
    }),
    expected: Array<number>(NAMES_MAX).fill(-1),
    isMet: false,
  };
}
