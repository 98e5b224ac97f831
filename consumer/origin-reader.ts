// Reads from a record's header which record it was made from, and whether a record made from that one was met before.
import type { Records } from '../platform/kafka/record-batch.ts';
import { OriginBytes } from '../streams/origin-bytes.ts';
import { ORIGIN_HEADER, type Origin } from '../streams/origin.ts';
import { ORIGINS_MAX, originKey, type Origins } from './origins.ts';

const HEADER_NAME = Buffer.from(ORIGIN_HEADER);

export class OriginReader {
  readonly #named = new OriginBytes();
  /** The prefix that the key belongs to. */
  #keyed: Buffer = this.#named.prefix;
  #key = '';

  get sourceBytes(): Buffer {
    return this.#named.sourceBytes;
  }

  get partition(): number {
    return this.#named.partition;
  }

  get offset(): number {
    return this.#named.offset;
  }

  /**
   * Reads the header of a record. False when it does not say of what the record was made, or names yet another
   * origin partition after very many in `met`.
   */
  read(
    records: Pick<Records, 'bytes' | 'findHeader' | 'headerAt' | 'headerEnd'>,
    met: Origins,
  ): boolean {
    if (!records.findHeader(HEADER_NAME)) return false;
    const named = this.#named;
    if (!named.read(records.bytes, records.headerAt, records.headerEnd)) return false;
    if (this.#keyed !== named.prefix) {
      this.#keyed = named.prefix;
      this.#key = originKey(named);
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
    const { offset, partition, source } = this.#named;
    return { source, partition, offset };
  }
}
