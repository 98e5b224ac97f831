// Reads from a record's header which record it was made from, without an object or a string for each: those of
// one origin partition follow one another, so that mostly only the digits of the offset are new.
import type { Records } from '../platform/kafka/record-batch.ts';
import { ORIGIN_HEADER, readOrigin, type Origin } from '../streams/origin.ts';
import { ORIGINS_MAX, originKey, type Origins } from './origins.ts';

const HEADER_NAME = Buffer.from(ORIGIN_HEADER);
const [SLASH, ZERO, NINE] = [0x2f, 0x30, 0x39];
const OFFSET_DIGITS_MAX = 16;

export class OriginReader {
  /** UTF-8. */
  sourceBytes: Buffer = Buffer.alloc(0);
  partition = 0;
  offset = 0;
  /** What stood before the offset in the header that was read last. */
  #prefix: Buffer = Buffer.alloc(0);
  #source = '';
  #key = '';

  /**
   * Reads the header of a record. False when it does not say of what the record was made, or names yet another
   * origin partition after very many in `met`.
   */
  read(
    records: Pick<Records, 'bytes' | 'findHeader' | 'headerAt' | 'headerEnd'>,
    met: Origins,
  ): boolean {
    if (!records.findHeader(HEADER_NAME)) return false;
    const { bytes, headerAt, headerEnd } = records;
    if (
      !this.#readOffset(bytes, headerAt, headerEnd) &&
      !this.#readWhole(bytes, headerAt, headerEnd)
    ) {
      return false;
    }
    return met.size < ORIGINS_MAX || met.has(this.#key);
  }

  /** Notes the origin that was read; true when a record made from it, or from a later one, was met before. */
  isDuplicate(met: Origins): boolean {
    const greatest = met.get(this.#key) ?? -1;
    if (this.offset <= greatest) return true;
    met.set(this.#key, this.offset);
    return false;
  }

  origin(): Origin {
    return { source: this.#source, partition: this.partition, offset: this.offset };
  }

  /** False when the header does not begin as the one before, or its offset is left to {@link readOrigin}. */
  #readOffset(bytes: Buffer, from: number, to: number): boolean {
    const prefix = this.#prefix;
    const digits = to - from - prefix.length;
    if (prefix.length === 0 || digits < 1 || digits > OFFSET_DIGITS_MAX) return false;
    for (let index = 0; index < prefix.length; index += 1) {
      if (bytes[from + index] !== prefix[index]) return false;
    }
    let offset = 0;
    for (let at = from + prefix.length; at < to; at += 1) {
      const byte = bytes[at]!;
      if (byte < ZERO || byte > NINE) return false;
      offset = offset * 10 + byte - ZERO;
    }
    if (!Number.isSafeInteger(offset)) return false;
    this.offset = offset;
    return true;
  }

  #readWhole(bytes: Buffer, from: number, to: number): boolean {
    const header = bytes.subarray(from, to);
    const origin = readOrigin(header.toString());
    if (origin === undefined) return false;
    this.offset = origin.offset;
    this.partition = origin.partition;
    this.#source = origin.source;
    this.sourceBytes = Buffer.from(origin.source);
    this.#key = originKey(origin);
    this.#prefix = Buffer.from(header.subarray(0, header.lastIndexOf(SLASH) + 1));
    return true;
  }
}
