// Takes values of a JSON file as events, from bytes to bytes: the bytes of the file go over the wire. It
// takes only values that the slow path would send unchanged, and leaves the rest to that path.
import { JsonScan } from '../streams/json-scan.ts';
import type { FileOrder } from './csv-packer.ts';
import type { EventPage } from './event-page.ts';
import type { FileSelection } from './file-event.ts';

const [TAB, LINE_FEED, RETURN, BLANK] = [0x09, 0x0a, 0x0d, 0x20];

/** A packer for the stream's events, undefined where their keys are no texts. */
export function jsonPackerOf(selection: FileSelection): JsonPacker | undefined {
  const { key, leaves } = selection.stream;
  const isText = leaves.find(({ name }) => name === key)?.field.kind === 'text';
  return isText ? new JsonPacker(selection) : undefined;
}

export class JsonPacker {
  readonly #scan: JsonScan;
  readonly #keyAt: number;
  readonly #timeAt: number;
  readonly #instants: readonly number[];
  readonly #key: Buffer | undefined;
  readonly #knownKeys: readonly Buffer[];

  constructor({ key, knownKeys = [], stream }: FileSelection) {
    const { leaves } = stream;
    this.#scan = new JsonScan(leaves);
    this.#keyAt = leaves.findIndex(({ name }) => name === stream.key);
    this.#timeAt = leaves.findIndex(({ name }) => name === stream.eventTime);
    this.#instants = [...leaves.keys()].filter((at) => leaves[at]!.field.kind === 'instant');
    this.#key = key === undefined ? undefined : Buffer.from(key);
    this.#knownKeys = knownKeys.map((known) => Buffer.from(known));
  }

  /** Takes a value into the page unless it has another key; false: nothing was taken, and nothing is said. */
  take(bytes: Buffer, page: EventPage, order: FileOrder, nowMs: number): boolean {
    const scan = this.#scan;
    let from = 0;
    let to = bytes.length;
    while (from < to && isBlank(bytes[from]!)) from += 1;
    while (to > from && isBlank(bytes[to - 1]!)) to -= 1;
    // Whether a time lies too far ahead is asked below: the file is read before Kafka gives its events a time.
    if (!scan.scan(bytes, from, to, Infinity) || scan.from[this.#timeAt]! < 0) return false;
    for (const at of this.#instants) {
      if (scan.from[at]! >= 0 && scan.instantsMs[at]! > nowMs) return false;
    }
    // What stands on several lines is put on one by the slow path.
    if (hasByte(bytes, LINE_FEED, from, to) || hasByte(bytes, RETURN, from, to)) return false;
    const keyFrom = scan.from[this.#keyAt]! + 1;
    const keyTo = scan.to[this.#keyAt]! - 1;
    if (this.#key !== undefined) {
      const isOwn = isAt(bytes, keyFrom, keyTo, this.#key);
      if (!isOwn && !this.#knownKeys.some((known) => isAt(bytes, keyFrom, keyTo, known)))
        return false;
      const ms = scan.instantsMs[this.#timeAt]!;
      if (ms < order.lastMs) return false;
      order.lastMs = ms;
      if (!isOwn) return true;
    }
    page.reserve(to - from);
    const moved = page.end - from;
    bytes.copy(page.bytes, page.end, from, to);
    const [timeFrom, timeTo] = [scan.from[this.#timeAt]!, scan.to[this.#timeAt]!];
    page.pack(
      page.end + to - from,
      keyFrom + moved,
      keyTo + moved,
      timeFrom + moved,
      timeTo + moved,
    );
    return true;
  }
}

function isBlank(byte: number): boolean {
  return byte === BLANK || byte === TAB || byte === RETURN || byte === LINE_FEED;
}

/** `bytes` ends soon after `to`, so that looking to its end costs nothing. */
function hasByte(bytes: Buffer, byte: number, from: number, to: number): boolean {
  const at = bytes.indexOf(byte, from);
  return at >= 0 && at < to;
}

function isAt(bytes: Buffer, from: number, to: number, wanted: Buffer): boolean {
  return to - from === wanted.length && bytes.compare(wanted, 0, wanted.length, from, to) === 0;
}
