// Simulated records in Kafka's format, as the code under test reads them.
import { ORIGIN_HEADER } from '../../streams/origin.ts';
import type { LogRecord, Message } from './topic.ts';

/** What a batch of some thousand short records takes at most. */
const scratch = Buffer.alloc(262_144);
const NO_KEY = -1;

function textOf({ good, id }: Message): string {
  return good ? `{"id":${id}}` : `{"id":"${id}"}`;
}

/** An event, or a message that is none. */
export function valueOf(message: Message): Buffer {
  return Buffer.from(textOf(message));
}

/** The records of a batch that begins at `base`: no keys, and origins as the only headers. */
export function encoded(records: readonly LogRecord[], base: number): Buffer {
  let at = 0;
  for (const { good, id, offset, origin } of records) {
    const value = textOf({ good, id });
    const header = origin === undefined ? 0 : bytesOf(ORIGIN_HEADER) + bytesOf(origin);
    const length =
      2 + varintBytes(offset - base) + varintBytes(NO_KEY) + bytesOf(value) + 1 + header;
    at = zigzag(at, length);
    scratch[at++] = 0; // attributes
    at = zigzag(at, 0); // timestamp delta
    at = zigzag(at, offset - base);
    at = zigzag(at, NO_KEY);
    at = text(at, value);
    at = zigzag(at, origin === undefined ? 0 : 1);
    if (origin === undefined) continue;
    at = text(at, ORIGIN_HEADER);
    at = text(at, origin);
  }
  return Buffer.from(scratch.subarray(0, at));
}

/** ASCII with its length in front. */
function bytesOf(ascii: string): number {
  return varintBytes(ascii.length) + ascii.length;
}

function text(at: number, ascii: string): number {
  const from = zigzag(at, ascii.length);
  return from + scratch.write(ascii, from, 'latin1');
}

function varintBytes(value: number): number {
  const coded = value < 0 ? -2 * value - 1 : 2 * value;
  return coded < 0x80 ? 1 : 2;
}

/** Writes one of one or two bytes; returns where it ends. */
function zigzag(at: number, value: number): number {
  const coded = value < 0 ? -2 * value - 1 : 2 * value;
  if (coded < 0x80) {
    scratch[at] = coded;
    return at + 1;
  }
  scratch[at] = (coded % 0x80) | 0x80;
  scratch[at + 1] = coded >>> 7;
  return at + 2;
}
