// Turns plain lines of a CSV file into events as they go over the wire, from bytes to bytes, compiled from the
// declaration and the file's header. Held by property tests: what it takes is what the slow path would have
// given; what it does not take, it leaves to that (quotes within cells, blanks, other forms of numbers, bad
// values, everything that is not ASCII).
import { csvHeader } from '../streams/csv.ts';
import { scanNumber, scannedInstantMs } from '../streams/exact-number.ts';
import type { Field } from '../streams/field.ts';
import { LAST_INSTANT_MS } from '../streams/instant.ts';
import { isoBytesMs } from '../streams/iso-bytes.ts';
import type { Column } from '../streams/stream.ts';
import { LONGER_MAX, copyDecimal, isCopiedWithin } from './decimal-bytes.ts';
import type { EventPage } from './event-page.ts';
import type { FileSelection } from './file-event.ts';

const [QUOTE, COMMA, LINE_FEED, RETURN, BACKSLASH] = [0x22, 0x2c, 0x0a, 0x0d, 0x5c];
const WORD_BYTES = 4;
const [BLANK, LAST_PRINTABLE] = [0x20, 0x7e];
const [TRUE, FALSE] = [Buffer.from('true'), Buffer.from('false')];

/** A text that is copied four bytes at a time, which takes half as long: what it writes behind itself is overwritten. */
interface Literal {
  readonly words: Int32Array;
  readonly length: number;
}

/** What comes before a value, where its cell is (twice its index), and what it may be. */
interface Step {
  readonly literal: Literal;
  readonly cell: number;
  readonly field: Field;
}

/** How far the file has come in time; shared with the slow path. */
export interface FileOrder {
  lastMs: number;
}

/**
 * A packer for files with this header, undefined for a declaration whose events it cannot write: keys that
 * are no text, names that objects put in another order.
 */
export function csvPackerOf(
  selection: FileSelection,
  header: readonly string[],
): CsvPacker | undefined {
  const { stream } = selection;
  const leaves = stream.leaves.filter((leaf) => header.includes(csvHeader(leaf)));
  const names = leaves.flatMap(({ path }) => path);
  const isOrdered = names.every((name) => !/^\d+$/.test(name) && name !== '__proto__');
  const key = leaves.find(({ name }) => name === stream.key);
  const hasTime = leaves.some(({ name }) => name === stream.eventTime);
  if (!isOrdered || key?.field.kind !== 'text' || !hasTime) return undefined;
  return new CsvPacker(selection, header, leaves);
}

export class CsvPacker {
  readonly #steps: Step[];
  readonly #tail: Literal;
  readonly #literalBytes: number;
  /** Two a cell: where it begins and ends. */
  readonly #cells: Int32Array;
  readonly #keyStep: number;
  readonly #timeStep: number;
  readonly #key: Buffer | undefined;
  readonly #knownKeys: readonly Buffer[];
  /** Where the split line ends. */
  #lineEnd = 0;
  /** The instant that was written last. */
  #instantMs = 0;
  // What the event that was written last is filed under: places in the page.
  #timeMs = 0;
  #keyFrom = 0;
  #keyTo = 0;
  #timeFrom = 0;
  #timeTo = 0;

  constructor(
    { key, knownKeys = [], stream }: FileSelection,
    header: readonly string[],
    leaves: readonly Column[],
  ) {
    const literals = template(leaves).map(literalOf);
    this.#steps = leaves.map((leaf, index) => {
      const cell = 2 * header.indexOf(csvHeader(leaf));
      return { literal: literals[index]!, cell, field: leaf.field };
    });
    this.#tail = literals.at(-1)!;
    this.#literalBytes = literals.reduce(
      (sum, { length }) => sum + length + LONGER_MAX + 2,
      WORD_BYTES,
    );
    this.#cells = new Int32Array(2 * header.length);
    this.#keyStep = leaves.findIndex(({ name }) => name === stream.key);
    this.#timeStep = leaves.findIndex(({ name }) => name === stream.eventTime);
    this.#key = key === undefined ? undefined : Buffer.from(key);
    this.#knownKeys = knownKeys.map((known) => Buffer.from(known));
  }

  /**
   * Takes the line that begins at `from` and ends before `to`, its line feed included, into the page unless it
   * is another key's; returns the end of the line. -1: nothing was taken, and nothing is said about it.
   */
  take(
    bytes: Uint8Array,
    from: number,
    to: number,
    page: EventPage,
    order: FileOrder,
    nowMs: number,
  ): number {
    const isPlain =
      bytes[from] === QUOTE ? this.#splitQuoted(bytes, from, to) : this.#split(bytes, from, to);
    if (!isPlain) return -1;
    const end = this.#lineEnd;
    page.reserve(end - from + this.#literalBytes);
    if (this.#key !== undefined && !this.#isKey(bytes, this.#key)) {
      return this.#passOver(bytes, page, order) ? end : -1;
    }
    const eventEnd = this.#write(bytes, page, nowMs);
    if (eventEnd < 0) return -1;
    if (this.#key !== undefined) {
      if (this.#timeMs < order.lastMs) return -1;
      order.lastMs = this.#timeMs;
    }
    page.pack(eventEnd, this.#keyFrom, this.#keyTo, this.#timeFrom, this.#timeTo);
    return end;
  }

  /** A line all of whose cells stand in quotes. */
  #splitQuoted(bytes: Uint8Array, from: number, to: number): boolean {
    const cells = this.#cells;
    let at = from;
    for (let cell = 0; ; cell += 2) {
      if (cell === cells.length || bytes[at] !== QUOTE) return false;
      at += 1;
      cells[cell] = at;
      while (at < to && bytes[at] !== QUOTE) {
        if (bytes[at] === LINE_FEED) return false;
        at += 1;
      }
      if (at >= to) return false;
      cells[cell + 1] = at;
      const next = bytes[at + 1];
      at += 2;
      if (next === COMMA) continue;
      if (next === RETURN && bytes[at] === LINE_FEED) at += 1;
      else if (next !== LINE_FEED) return false;
      this.#lineEnd = at;
      return cell + 2 === cells.length && at <= to;
    }
  }

  /** A line without quotes. */
  #split(bytes: Uint8Array, from: number, to: number): boolean {
    const cells = this.#cells;
    let at = from;
    for (let cell = 0; ; cell += 2) {
      if (cell === cells.length) return false;
      cells[cell] = at;
      let byte = bytes[at];
      while (at < to && byte !== COMMA && byte !== LINE_FEED) {
        if (byte === QUOTE || (byte === RETURN && bytes[at + 1] !== LINE_FEED)) return false;
        byte = bytes[++at];
      }
      if (at >= to) return false;
      const isLast = byte === LINE_FEED;
      cells[cell + 1] = isLast && at > from && bytes[at - 1] === RETURN ? at - 1 : at;
      at += 1;
      if (!isLast) continue;
      this.#lineEnd = at;
      return cell + 2 === cells.length;
    }
  }

  /** True for a row of another known key at its right place in time. */
  #passOver(bytes: Uint8Array, page: EventPage, order: FileOrder): boolean {
    let isKnown = false;
    for (const key of this.#knownKeys) isKnown ||= this.#isKey(bytes, key);
    if (!isKnown) return false;
    const step = this.#steps[this.#timeStep]!;
    const end = this.#writeInstant(bytes, step, page.bytes, page.end, LAST_INSTANT_MS);
    if (end < 0 || this.#instantMs < order.lastMs) return false;
    order.lastMs = this.#instantMs;
    return true;
  }

  #isKey(bytes: Uint8Array, wanted: Buffer): boolean {
    const { cell } = this.#steps[this.#keyStep]!;
    const from = this.#cells[cell]!;
    const { length } = wanted;
    if (this.#cells[cell + 1]! - from !== length) return false;
    for (let index = 0; index < length; index += 1) {
      if (bytes[from + index] !== wanted[index]) return false;
    }
    return true;
  }

  /** Writes the event of the split line behind the page's end; returns its end or -1. */
  #write(bytes: Uint8Array, page: EventPage, nowMs: number): number {
    const steps = this.#steps;
    const out = page.bytes;
    const { view } = page;
    let at = page.end;
    for (let index = 0; index < steps.length; index += 1) {
      const step = steps[index]!;
      at = copyLiteral(step.literal, view, at);
      const from = at;
      at = this.#writeValue(bytes, step, out, at, nowMs);
      if (at < 0) return -1;
      if (index === this.#keyStep) {
        this.#keyFrom = from + 1;
        this.#keyTo = at - 1;
      } else if (index === this.#timeStep) {
        this.#timeMs = this.#instantMs;
        this.#timeFrom = from;
        this.#timeTo = at;
      }
    }
    return copyLiteral(this.#tail, view, at);
  }

  #writeValue(bytes: Uint8Array, step: Step, out: Buffer, at: number, nowMs: number): number {
    const { cell, field } = step;
    const from = this.#cells[cell]!;
    const to = this.#cells[cell + 1]!;
    switch (field.kind) {
      case 'text':
        return to - from > field.maxBytes ? -1 : writeText(bytes, from, to, out, at);
      case 'float64': {
        const end = copyDecimal(bytes, from, to, out, at);
        return end >= 0 && isCopiedWithin(field.min, field.max, out, at, end) ? end : -1;
      }
      case 'integer': {
        for (let index = from; index < to; index += 1) if (bytes[index] === 0x2e) return -1;
        const end = copyDecimal(bytes, from, to, out, at);
        return end >= 0 && isCopiedWithin(field.min, field.max, out, at, end) ? end : -1;
      }
      case 'boolean':
        return writeBoolean(bytes, from, to, out, at);
      case 'instant':
        return this.#writeInstant(bytes, step, out, at, nowMs);
      case 'message':
        return -1;
    }
  }

  /** Writes a time as the cell has it: seconds, or an ISO-8601 instant. Notes which moment it is. */
  #writeInstant(bytes: Uint8Array, step: Step, out: Buffer, at: number, maxMs: number): number {
    const { cell, field } = step;
    if (field.kind !== 'instant') return -1;
    const from = this.#cells[cell]!;
    const to = this.#cells[cell + 1]!;
    let end = copyDecimal(bytes, from, to, out, at);
    if (end >= 0) {
      // What was in the page before may go on with digits.
      out[end] = COMMA;
      this.#instantMs = scanNumber(out, at) === end ? scannedInstantMs() : NaN;
    } else {
      this.#instantMs = isoBytesMs(bytes, from, to);
      end = writeText(bytes, from, to, out, at);
    }
    return this.#instantMs >= field.minMs && this.#instantMs <= maxMs ? end : -1;
  }
}

function writeText(bytes: Uint8Array, from: number, to: number, out: Buffer, at: number): number {
  if (to === from || bytes[from] === BLANK || bytes[to - 1] === BLANK) return -1;
  let end = at;
  out[end++] = QUOTE;
  for (let index = from; index < to; index += 1) {
    const byte = bytes[index]!;
    if (byte < BLANK || byte > LAST_PRINTABLE || byte === BACKSLASH || byte === QUOTE) return -1;
    out[end++] = byte;
  }
  out[end++] = QUOTE;
  return end;
}

function writeBoolean(
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Buffer,
  at: number,
): number {
  const isOne = to - from === 1 && bytes[from] === 0x31;
  if (isOne || isWord(bytes, from, to, TRUE)) return copy(TRUE, out, at);
  const isZero = to - from === 1 && bytes[from] === 0x30;
  return isZero || isWord(bytes, from, to, FALSE) ? copy(FALSE, out, at) : -1;
}

function isWord(bytes: Uint8Array, from: number, to: number, word: Buffer): boolean {
  if (to - from !== word.length) return false;
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[from + index] !== word[index]) return false;
  }
  return true;
}

function literalOf(text: string): Literal {
  const bytes = Buffer.from(text);
  const words = new Int32Array(Math.ceil(bytes.length / WORD_BYTES));
  const padded = Buffer.alloc(words.length * WORD_BYTES);
  bytes.copy(padded);
  for (let at = 0; at < words.length; at += 1) words[at] = padded.readInt32LE(at * WORD_BYTES);
  return { words, length: bytes.length };
}

function copyLiteral({ length, words }: Literal, out: DataView, at: number): number {
  for (let index = 0; index < words.length; index += 1) {
    out.setInt32(at + index * WORD_BYTES, words[index]!, true);
  }
  return at + length;
}

function copy(source: Buffer, out: Buffer, at: number): number {
  for (let index = 0; index < source.length; index += 1) out[at + index] = source[index]!;
  return at + source.length;
}

/** The texts around the values of leaves in wire order: one before each, one behind the last. */
function template(leaves: readonly Column[]): string[] {
  const texts: string[] = [];
  let text = '{';
  let open: readonly string[] = [];
  let isFirst = true;
  for (const { path } of leaves) {
    const parents = path.slice(0, -1);
    let shared = 0;
    while (shared < open.length && open[shared] === parents[shared]) shared += 1;
    text += '}'.repeat(open.length - shared);
    if (!isFirst) text += ',';
    for (const parent of parents.slice(shared)) text += `${JSON.stringify(parent)}:{`;
    texts.push(`${text}${JSON.stringify(path.at(-1))}:`);
    [text, open, isFirst] = ['', parents, false];
  }
  return [...texts, `${'}'.repeat(open.length)}}`];
}
