// Prints events instead of sending them: one `[DRY-RUN] {json}` line each on stdout, waiting while
// the reader is slow. A reader that went away (`… | head`) is a value, not a failure.
import type { Writable } from 'node:stream';

const PREFIX = '[DRY-RUN] ';

export class DryRun {
  readonly #output: Writable;
  #closed = false;

  constructor(output: Writable) {
    this.#output = output;
    // Without a listener a closed pipe would end the process with a stack trace.
    output.on('error', () => (this.#closed = true));
  }

  /** Prints each event as one line; false when nobody reads any more and they may be lost. */
  async print(events: readonly string[]): Promise<boolean> {
    if (this.#closed || this.#output.destroyed) return false;
    const text = events.map((json) => `${PREFIX}${json}\n`).join('');
    return new Promise((resolve) => {
      this.#output.write(text, (error) => resolve(error === null || error === undefined));
    });
  }
}
