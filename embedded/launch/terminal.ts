// What `npm start` shows: lines that stay and one status line below them, which is rewritten in place
// on a terminal and a plain line now and then elsewhere.

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const PLAIN_STATUS_EVERY_MS = 10_000;
const CLEAR_LINE = '\r\x1b[2K';

export class Terminal {
  readonly #output: Output;
  readonly #now: () => number;
  #status = '';
  #plainStatusAtMs: number;

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#plainStatusAtMs = now();
  }

  /** Writes lines that stay, above the status line. */
  say(text: string): void {
    if (this.#status === '') this.#output.write(`${text}\n`);
    else this.#output.write(`${CLEAR_LINE}${text}\n${this.#status}`);
  }

  /** Shows what is going on now; each call replaces the last. */
  status(text: string): void {
    if (this.#output.isTTY === true) {
      // A line that wraps could not be rewritten. Some terminals say they have 0 columns.
      const { columns = 0 } = this.#output;
      this.#status = text.slice(0, (columns > 0 ? columns : 80) - 1);
      this.#output.write(CLEAR_LINE + this.#status);
    } else if (this.#now() - this.#plainStatusAtMs >= PLAIN_STATUS_EVERY_MS) {
      this.#plainStatusAtMs = this.#now();
      this.#output.write(`${text}\n`);
    }
  }

  /** Takes the status line away. */
  clear(): void {
    if (this.#status !== '') this.#output.write(CLEAR_LINE);
    this.#status = '';
  }
}
