// The log file of one part: empty at every start and never larger than two files of 8 MB.
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export const MAX_LOG_BYTES = 8 * 1024 * 1024;

export class LogFile implements Disposable {
  readonly path: string;
  readonly #maxBytes: number;
  #file: number;
  #bytes = 0;

  /** Begins the file again; its folder is created. */
  constructor(path: string, maxBytes = MAX_LOG_BYTES) {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(`${path}.1`, { force: true });
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#file = openSync(path, 'w');
  }

  /** Appends a line. A full disk does not end the program that writes the log. */
  write(line: string): void {
    const bytes = Buffer.from(line.endsWith('\n') ? line : `${line}\n`);
    try {
      if (this.#bytes + bytes.length > this.#maxBytes && this.#bytes > 0) this.#turn();
      this.#bytes += writeSync(this.#file, bytes);
    } catch {
      // The line is lost; warnings still reach the terminal.
    }
  }

  #turn(): void {
    closeSync(this.#file);
    renameSync(this.path, `${this.path}.1`);
    this.#file = openSync(this.path, 'w');
    this.#bytes = 0;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
