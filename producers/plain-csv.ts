// Splits the plain lines of a CSV file: every cell quoted and none with a quote in it, or no quote at all.
// Nearly every line is plain, at a fifth of the cost of csv-parse; from the first other line on, csv-parse
// takes over.

import { Carry } from './carry.ts';

/** A line that grows beyond this without an end is not plain. */
const MAX_LINE_BYTES = 65_536;
const LINE_FEED = 10;
const BLANK = 32;

export class PlainCsv {
  /** Lines taken so far, blank ones included. */
  lines = 0;
  readonly #onRecord: (cells: string[], line: number) => void;
  readonly #takeLine: TakeLine | undefined;
  readonly #carry = new Carry();
  #atStart = true;

  /** `line` counts from 1. What `takeLine` takes is not split. */
  constructor(onRecord: (cells: string[], line: number) => void, takeLine?: TakeLine) {
    this.#onRecord = onRecord;
    this.#takeLine = takeLine;
  }

  /**
   * Takes the lines that this chunk completes. Returns undefined, or what it did not take, from the
   * start of a line: then it must not be fed again.
   */
  feed(chunk: Buffer): Buffer | undefined {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end === 0) {
      this.#carry.add(chunk);
    } else if (this.#takeLine !== undefined) {
      const lines = this.#carry.take(chunk.subarray(0, end));
      const rest = this.#takeBytes(lines, this.#takeLine);
      if (rest !== undefined) return Buffer.concat([rest, chunk.subarray(end)]);
      this.#carry.add(chunk.subarray(end));
    } else {
      const text = this.#carry.take(chunk.subarray(0, end - 1)).toString();
      const rest = this.#takeText(text);
      if (rest !== undefined) return Buffer.concat([Buffer.from(`${rest}\n`), chunk.subarray(end)]);
      this.#carry.add(chunk.subarray(end));
    }
    return this.#carry.bytes > MAX_LINE_BYTES ? this.#carry.take(NOTHING) : undefined;
  }

  /** Takes a last line without an end, or returns it. */
  finish(): Buffer | undefined {
    if (this.#carry.bytes === 0) return undefined;
    const line = this.#carry.take(NOTHING);
    return this.#takeText(line.toString()) === undefined ? undefined : line;
  }

  /** The same of bytes that end with a line, each of which is offered to `takeLine` first. */
  #takeBytes(bytes: Buffer, takeLine: TakeLine): Buffer | undefined {
    for (let at = 0; at < bytes.length;) {
      const taken = this.#atStart ? -1 : takeLine(bytes, at, bytes.length, this.lines + 1);
      if (taken >= 0) {
        this.lines += 1;
        at = taken;
        continue;
      }
      const end = bytes.indexOf(LINE_FEED, at);
      if (this.#takeText(bytes.toString('utf8', at, end)) !== undefined) return bytes.subarray(at);
      at = end + 1;
    }
    return undefined;
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

const NOTHING = Buffer.alloc(0);

/** Takes the line that begins at `from`, its line feed included, and returns its end; -1 when it does not. */
export type TakeLine = (bytes: Buffer, from: number, to: number, line: number) => number;

/**
 * The cells of a line without its end, trimmed unless they stand in quotes; none for a line of blanks,
 * undefined for one that is not plain.
 */
export function plainCells(line: string): string[] | undefined {
  const parts = line.split('"');
  if (parts.length === 1) {
    if (line.includes('\r')) return undefined;
    const cells = line.split(',');
    for (let at = 0; at < cells.length; at += 1) cells[at] = trimmed(cells[at]!);
    return cells.length === 1 && cells[0] === '' ? [] : cells;
  }
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

/** Most cells have no blanks around them, and letters and digits show that without a look at all blanks. */
function trimmed(cell: string): string {
  const first = cell.charCodeAt(0);
  const last = cell.charCodeAt(cell.length - 1);
  return isPlain(first) && isPlain(last) ? cell : cell.trim();
}

function isPlain(code: number): boolean {
  return code > BLANK && code < 0x7f;
}
