// Prints events instead of sending them: one `[DRY-RUN] {json}` line each on stdout, at the reader's pace. A
// reader that went away (`… | head`) is a value, not a failure.
import type { Writable } from 'node:stream';
import { visible } from '../platform/visible.ts';
import type { KeyedValue } from './row-records.ts';

const PREFIX = '[DRY-RUN] ';

export class DryRun {
  readonly #output: Writable;
  #closed = false;

  constructor(output: Writable) {
    this.#output = output;
    // Without a listener a closed pipe would end the process with a stack trace.
    output.on('error', () => (this.#closed = true));
  }

  /**
   * Prints each event as one line, and a row that does not fit behind where it is from and what is wrong
   * with it; false when nobody reads any more and they may be lost.
   */
  async print(events: readonly KeyedValue[]): Promise<boolean> {
    if (this.#closed || this.#output.destroyed) return false;
    const text = events.map((event) => `${PREFIX}${shown(event)}\n`).join('');
    return new Promise((resolve) => {
      this.#output.write(text, (error) => resolve(error === null || error === undefined));
    });
  }
}

function shown({ headers, value }: KeyedValue): string {
  if (headers === undefined) return value;
  const { source_file: file, source_line: line, source_problem: problem } = headers;
  return visible(`[DEAD LETTER: ${file} line ${line}: ${problem}] ${value}`);
}
