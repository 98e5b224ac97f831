// Lets a part's warnings through to the terminal, at most a few in a while; the log file has them all.

const MAX_WARNINGS = 5;
const WINDOW_MS = 10_000;

export class WarningLimit {
  readonly #now: () => number;
  #windowAtMs = -Infinity;
  #taken = 0;
  #withheld = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** The message as it is to be shown; undefined when it is withheld. */
  take(message: string): string | undefined {
    if (this.#now() - this.#windowAtMs >= WINDOW_MS) {
      this.#windowAtMs = this.#now();
      this.#taken = 0;
    }
    this.#taken += 1;
    if (this.#taken > MAX_WARNINGS) {
      this.#withheld += 1;
      return undefined;
    }
    const more = this.#withheld === 0 ? '' : ` (${this.#withheld} more are in its log)`;
    this.#withheld = 0;
    return message + more;
  }
}
