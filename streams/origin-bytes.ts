// Reads the header that names an origin from its bytes, without an object or a string for each: those of one origin
// partition follow one another, so that mostly only the digits of the offset are new. Says what readOrigin says.
import { readOrigin } from './origin.ts';

const [SLASH, ZERO, NINE] = [0x2f, 0x30, 0x39];
const OFFSET_DIGITS_MAX = 16;

export class OriginBytes {
  source = '';
  /** The source in UTF-8. */
  sourceBytes: Buffer = Buffer.alloc(0);
  partition = 0;
  offset = 0;
  /** What stood before the offset in the header that was read last; another object when source or partition are new. */
  prefix: Buffer = Buffer.alloc(0);

  /** Reads bytes `from` to `to`; false, with everything as before, when they name no origin. */
  read(bytes: Buffer, from: number, to: number): boolean {
    return this.#readOffset(bytes, from, to) || this.#readWhole(bytes.subarray(from, to));
  }

  /** False when the header does not begin as the one before, or its offset is left to readOrigin. */
  #readOffset(bytes: Buffer, from: number, to: number): boolean {
    const { prefix } = this;
    const digits = to - from - prefix.length;
    if (prefix.length === 0 || digits < 1 || digits > OFFSET_DIGITS_MAX) return false;
    for (let index = 0; index < prefix.length; index += 1) {
      if (bytes[from + index] !== prefix[index]) return false;
    }
    let offset = 0;
    for (let at = from + prefix.length; at < to; at += 1) {
      const byte = bytes[at]!;
      if (byte < ZERO || byte > NINE) return false;
      offset = offset * 10 + (byte - ZERO);
    }
    if (!Number.isSafeInteger(offset)) return false;
    this.offset = offset;
    return true;
  }

  #readWhole(header: Buffer): boolean {
    const origin = readOrigin(header.toString());
    if (origin === undefined) return false;
    this.offset = origin.offset;
    this.partition = origin.partition;
    this.source = origin.source;
    this.sourceBytes = Buffer.from(origin.source);
    this.prefix = Buffer.from(header.subarray(0, header.lastIndexOf(SLASH) + 1));
    return true;
  }
}
