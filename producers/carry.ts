// The bytes of a value that spans several chunks, kept in one buffer that doubles: work and memory are linear
// in the bytes, however many chunks they come in.

export class Carry {
  #kept: Buffer = Buffer.alloc(0);
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy: the chunk is not ours. */
  add(part: Buffer): void {
    const needed = this.#bytes + part.length;
    if (needed > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#kept.length));
      this.#kept.copy(larger, 0, 0, this.#bytes);
      this.#kept = larger;
    }
    part.copy(this.#kept, this.#bytes);
    this.#bytes = needed;
  }

  /** What was kept and `last`; nothing is kept any more. */
  take(last: Buffer): Buffer {
    if (this.#bytes === 0) return last;
    this.add(last);
    const whole = this.#kept.subarray(0, this.#bytes);
    this.#kept = Buffer.alloc(0);
    this.#bytes = 0;
    return whole;
  }
}
