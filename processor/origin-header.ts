// The headers of a record that is made from another one, as bytes. For most records only the place in the log
// differs, so they are written over the previous ones.
import { headerBlock } from '../platform/kafka/record-batch-writer.ts';
import { ORIGIN_HEADER, writeOrigin } from '../streams/origin.ts';

const ZERO = 0x30;
/** As many digits as a safe integer has. */
const DIGITS_MAX = 16;

/** Writes the block of the one header that names a record of one partition. */
export class OriginHeader {
  readonly #source: string;
  readonly #partition: number;
  /** By the number of digits of the offset. */
  readonly #blocks: (Buffer | undefined)[] = Array<undefined>(DIGITS_MAX + 1).fill(undefined);
  #digits = 1;
  /** The smallest offset of one digit more. */
  #limit = 10;

  constructor(source: string, partition: number) {
    this.#source = source;
    this.#partition = partition;
  }

  /** Valid until the next call. */
  at(offset: number): Buffer {
    while (offset >= this.#limit) {
      this.#digits += 1;
      this.#limit *= 10;
    }
    if (this.#digits > 1 && offset < this.#limit / 10) {
      this.#digits = String(offset).length;
      this.#limit = 10 ** this.#digits;
    }
    const block = (this.#blocks[this.#digits] ??= this.#block(offset));
    let rest = offset;
    const first = block.length - this.#digits;
    for (let place = block.length - 1; place >= first; place -= 1) {
      const next = Math.floor(rest / 10);
      block[place] = ZERO + (rest - 10 * next);
      rest = next;
    }
    return block;
  }

  #block(offset: number): Buffer {
    const place = { source: this.#source, partition: this.#partition, offset };
    return headerBlock([[ORIGIN_HEADER, Buffer.from(writeOrigin(place))]]);
  }
}
