// The output of `npm start`: lines that stay and one status line below them, which is rewritten in place on a
// terminal and printed now and then elsewhere.
import { styleText } from 'node:util';

/** Which colours tell parts from one another; red and yellow are for what is wrong. */
const COLOURS = ['cyan', 'magenta', 'green', 'blue'] as const;

export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
  write(text: string): unknown;
}

const PLAIN_STATUS_EVERY_MS = 10_000;
const CLEAR_LINE = '\r\x1b[2K';

export class Terminal {
  readonly #output: Output;
  readonly #now: () => number;
  #status = '';
  #plainStatusAtMs: number;
  readonly #labels = new Map<string, string>();

  constructor(output: Output, now: () => number = () => performance.now()) {
    this.#output = output;
    this.#now = now;
    this.#plainStatusAtMs = now();
  }

  /** Whether colours are shown: on a terminal, unless NO_COLOR says otherwise. */
  get coloured(): boolean {
    return this.#output.isTTY === true && (this.#output.hasColors?.() ?? false);
  }

  /** What begins the lines of a part: its name, in a colour of its own. */
  label(name: string): string {
    if (!this.coloured) return `${name}:`;
    const known = this.#labels.get(name);
    if (known !== undefined) return known;
    const colour = COLOURS[this.#labels.size % COLOURS.length]!;
    const label = styleText(colour, `${name}:`, { validateStream: false });
    this.#labels.set(name, label);
    return label;
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
