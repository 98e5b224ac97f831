// Splits a file with one JSON value a line (NDJSON) into its lines without holding more than one.
import { Carry } from './carry.ts';
import { MAX_EVENT_BYTES } from './file-event.ts';
import {
  BYTE_ORDER_MARK,
  type JsonMistake,
  type JsonSplitter,
  type OnValue,
} from './json-splitter.ts';

const LINE_FEED = 10;
const BLANK = /^[ \t\r]*$/;

export class JsonLines implements JsonSplitter {
  readonly #onValue: OnValue;
  readonly #carry = new Carry();
  #line = 1;

  constructor(onValue: OnValue) {
    this.#onValue = onValue;
  }

  feed(chunk: Buffer): JsonMistake | undefined {
    for (let at = 0; at < chunk.length;) {
      const found = chunk.indexOf(LINE_FEED, at);
      const end = found === -1 ? chunk.length : found;
      const part = chunk.subarray(at, end);
      if (this.#carry.bytes + part.length > MAX_EVENT_BYTES) {
        return { place: { line: this.#line }, problem: 'is longer than 1 MiB' };
      }
      if (found === -1) this.#carry.add(part);
      else {
        this.#endLine(part);
        this.#line += 1;
      }
      at = end + 1;
    }
    return undefined;
  }

  finish(): JsonMistake | undefined {
    this.#endLine(Buffer.alloc(0));
    return undefined;
  }

  /** Blank lines are no values. */
  #endLine(last: Buffer): void {
    const whole = this.#carry.take(last);
    const marked = this.#line === 1 && BYTE_ORDER_MARK.every((byte, at) => whole[at] === byte);
    const bytes = marked ? whole.subarray(BYTE_ORDER_MARK.length) : whole;
    const blank = bytes.length < 100 && BLANK.test(bytes.toString('latin1'));
    if (!blank) this.#onValue(bytes, { line: this.#line });
  }
}
