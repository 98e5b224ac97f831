// Splits the plain lines of a CSV file: every cell quoted and none with a quote in it, or no quote at
// all. That is nearly every line there is, at a fifth of what csv-parse takes; the first line that
// is anything else, and all after it, are left to csv-parse.

/** A line that grows beyond this without an end is not plain. */
const MAX_LINE_BYTES = 65_536;
const LINE_FEED = 10;
const UTF16_MARKS = new Set([0xfffe, 0xfeff]);

export class PlainCsv {
  /** Lines taken so far, blank ones included. */
  lines = 0;
  readonly #onRecord: (cells: string[], line: number) => void;
  #carry: Buffer = Buffer.alloc(0);
  #atStart = true;

  /** `line` counts from 1. */
  constructor(onRecord: (cells: string[], line: number) => void) {
    this.#onRecord = onRecord;
  }

  /**
   * Takes the lines that this chunk completes. Returns undefined, or what it did not take, from the
   * start of a line: then it must not be fed again.
   */
  feed(chunk: Buffer): Buffer | undefined {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    if (this.#atStart && bytes.length >= 2 && UTF16_MARKS.has(bytes.readUInt16BE(0))) return bytes;
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    this.#carry = bytes.subarray(end);
    if (end > 0) {
      const rest = this.#takeText(bytes.toString('utf8', 0, end - 1));
      if (rest !== undefined) return Buffer.concat([Buffer.from(`${rest}\n`), this.#carry]);
    }
    return this.#carry.length > MAX_LINE_BYTES ? this.#carry : undefined;
  }

  /** Takes a last line without an end, or returns it. */
  finish(): Buffer | undefined {
    if (this.#carry.length === 0) return undefined;
    return this.#takeText(this.#carry.toString()) === undefined ? undefined : this.#carry;
  }

  /** Takes lines until one is not plain and returns that one with all after it. */
  #takeText(given: string): string | undefined {
    const text = this.#atStart ? given.replace(/^\ufeff/, '') : given;
    this.#atStart = false;
    const lines = text.split('\n');
    for (const [index, line] of lines.entries()) {
      const cells = plainCells(line.endsWith('\r') ? line.slice(0, -1) : line);
      if (cells === undefined) return lines.slice(index).join('\n');
      this.lines += 1;
      if (cells.length > 0) this.#onRecord(cells, this.lines);
    }
    return undefined;
  }
}

/** The cells of a line without its end; none for a blank line, undefined for one that is not plain. */
export function plainCells(line: string): string[] | undefined {
  if (line === '') return [];
  const parts = line.split('"');
  if (parts.length === 1) return line.includes('\r') ? undefined : line.split(',');
  // "a","b" falls apart into nothing, a, comma, b, nothing. A doubled quote leaves an empty part
  // where a comma has to be, and a quote that is not closed an even number of parts.
  const last = parts.length - 1;
  if (last % 2 !== 0 || parts[0] !== '' || parts[last] !== '') return undefined;
  const cells = [parts[1]!];
  for (let at = 2; at < last; at += 2) {
    if (parts[at] !== ',') return undefined;
    cells.push(parts[at + 1]!);
  }
  return cells;
}
