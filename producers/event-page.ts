// The rows of a piece of a file, in file order. Those that are events in the form that goes over the wire lie
// in one buffer, without an object for each; all others are kept as they were read.
import type { FileEvent } from './file-event.ts';

/** Places in `bytes`: the key, the whole event, and in it the event's time. */
const PLACES = 6;
const FIRST_ROWS = 512;
const FIRST_BYTES = 65_536;
const UNIT = 4_096;

export class EventPage {
  length = 0;
  bytes: Buffer = Buffer.allocUnsafeSlow(0);
  /** The same bytes, to write words. */
  view = new DataView(this.bytes.buffer);
  /** Where the bytes that are taken end. */
  end = 0;
  #places: Int32Array;
  /** Room to begin with, so that it need not grow. */
  readonly #firstBytes: number;
  readonly #others = new Map<number, FileEvent>();

  /** `like`: a page that was filled before from as much of the same file. */
  constructor(like?: EventPage) {
    this.#firstBytes = Math.max(FIRST_BYTES, roomFor(like?.end ?? 0));
    this.#places = new Int32Array(roomFor(PLACES * (like?.length ?? 0)));
  }

  /** Adds a row that is kept as it was read. */
  add(event: FileEvent): void {
    this.#others.set(this.length, event);
    this.length += 1;
  }

  /** The row as it was read; undefined for one that lies in the buffer. */
  other(row: number): FileEvent | undefined {
    return this.#others.get(row);
  }

  /** How many of some rows do not fit the stream. */
  misfits(from: number, to: number): number {
    let misfits = 0;
    for (const [row, { misfit }] of this.#others) {
      if (row >= from && row < to && misfit !== undefined) misfits += 1;
    }
    return misfits;
  }

  /** The rows that were kept as they were read; all of them, where nothing is packed. */
  others(): FileEvent[] {
    return [...this.#others.values()];
  }

  /** Makes sure that `more` bytes fit behind `end`. */
  reserve(more: number): void {
    const needed = this.end + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(
      Math.max(needed, this.#firstBytes, 2 * this.bytes.length),
    );
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** Adds the event that was written from `end` on to `to`. Without a time, `timeFrom` is below 0. */
  pack(to: number, keyFrom: number, keyTo: number, timeFrom: number, timeTo: number): void {
    const at = this.length * PLACES;
    while (at + PLACES > this.#places.length) this.#grow();
    const places = this.#places;
    places[at] = keyFrom;
    places[at + 1] = keyTo;
    places[at + 2] = this.end;
    places[at + 3] = to;
    places[at + 4] = timeFrom;
    places[at + 5] = timeTo;
    this.end = to;
    this.length += 1;
  }

  #grow(): void {
    const larger = new Int32Array(Math.max(FIRST_ROWS * PLACES, 2 * this.#places.length));
    larger.set(this.#places);
    this.#places = larger;
  }

  keyFrom(row: number): number {
    return this.#places[row * PLACES]!;
  }

  keyTo(row: number): number {
    return this.#places[row * PLACES + 1]!;
  }

  from(row: number): number {
    return this.#places[row * PLACES + 2]!;
  }

  to(row: number): number {
    return this.#places[row * PLACES + 3]!;
  }

  timeFrom(row: number): number {
    return this.#places[row * PLACES + 4]!;
  }

  timeTo(row: number): number {
    return this.#places[row * PLACES + 5]!;
  }
}

/** A little more than there was, in whole units of memory. */
function roomFor(size: number): number {
  return Math.ceil((size * 1.1) / UNIT) * UNIT;
}
