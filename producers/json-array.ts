// Splits a JSON array into its elements without holding more than one of them: it follows strings,
// escapes and brackets, and leaves it to the parser whether an element is JSON.
import { Carry } from './carry.ts';
import { MAX_EVENT_BYTES } from './file-event.ts';
import {
  BYTE_ORDER_MARK,
  type JsonMistake,
  type JsonPlace,
  type JsonSplitter,
  type OnValue,
} from './json-splitter.ts';

const LINE_FEED = 10;
const QUOTE = 34;
const COMMA = 44;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const BLANK = new Set([9, 10, 13, 32]);

type State = 'before the array' | 'before an element' | 'in an element' | 'after the array';

export class JsonArray implements JsonSplitter {
  readonly #onValue: OnValue;
  readonly #carry = new Carry();
  #state: State = 'before the array';
  #offset = 0;
  #line = 1;
  /** Of the element that comes or is under way. */
  #element = 1;
  #elementLine = 1;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(onValue: OnValue) {
    this.#onValue = onValue;
  }

  feed(chunk: Buffer): JsonMistake | undefined {
    for (let at = 0; at < chunk.length;) {
      if (this.#isInElement()) {
        const end = this.#elementEnd(chunk, at);
        const part = chunk.subarray(at, end);
        if (this.#carry.bytes + part.length > MAX_EVENT_BYTES) {
          return this.#mistake('is longer than 1 MiB; a quote or bracket may not be closed');
        }
        if (end === chunk.length) this.#carry.add(part);
        else this.#endElement(part, chunk[end]!);
        at = end + 1;
      } else if (this.#isBlank(chunk[at]!, this.#offset + at)) {
        if (chunk[at] === LINE_FEED) this.#line += 1;
        at += 1;
      } else {
        const mistake = this.#between(chunk[at]!);
        if (mistake !== undefined) return mistake;
        // The first byte of an element is looked at again, as one of the element.
        if (!this.#isInElement()) at += 1;
      }
    }
    this.#offset += chunk.length;
    return undefined;
  }

  finish(): JsonMistake | undefined {
    if (this.#state === 'after the array') return undefined;
    if (this.#state === 'before the array') return this.#outside('the file is empty');
    if (this.#state === 'before an element') this.#elementLine = this.#line;
    return this.#mistake('is cut short: the array is not closed');
  }

  /** A byte outside of elements that is not blank. */
  #between(byte: number): JsonMistake | undefined {
    switch (this.#state) {
      case 'before the array':
        if (byte !== OPEN_BRACKET) return this.#outside('the file has no array');
        this.#state = 'before an element';
        return undefined;
      case 'before an element':
        if (byte !== CLOSE_BRACKET) {
          this.#state = 'in an element';
          this.#elementLine = this.#line;
          return undefined;
        }
        if (this.#element > 1) return this.#outside('a comma stands before the end of the array');
        this.#state = 'after the array';
        return undefined;
      case 'in an element':
        return undefined;
      case 'after the array':
        return this.#outside('something follows the end of the array');
    }
  }

  /** Where the element ends that `from` is in, or the end of the chunk. */
  #elementEnd(chunk: Buffer, from: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let at = from;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at]!;
      if (byte === LINE_FEED) this.#line += 1;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if (depth > 0) {
        if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
      } else if (byte === COMMA || byte === CLOSE_BRACKET) break;
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return at;
  }

  #endElement(last: Buffer, byte: number): void {
    this.#onValue(this.#carry.take(last), this.#place());
    this.#element += 1;
    this.#state = byte === COMMA ? 'before an element' : 'after the array';
  }

  #isInElement(): boolean {
    return this.#state === 'in an element';
  }

  #isBlank(byte: number, offset: number): boolean {
    return BLANK.has(byte) || (offset < 3 && byte === BYTE_ORDER_MARK[offset]);
  }

  #place(): JsonPlace {
    return { element: this.#element, line: this.#elementLine };
  }

  #mistake(problem: string): JsonMistake {
    return { place: this.#place(), problem };
  }

  #outside(problem: string): JsonMistake {
    return { place: { line: this.#line }, problem };
  }
}
