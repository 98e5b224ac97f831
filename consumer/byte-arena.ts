// Copies of bytes that are needed for the same time, in a few large buffers that are used again: a buffer each
// would be garbage outside of V8's heap, which it lets pile up to several times of what is in use.

const SLAB_BYTES = 1_048_576;

export class ByteArena {
  readonly #slabs: Buffer[] = [];
  #slab = 0;
  #at = 0;

  /** A copy of `bytes`; it is overwritten after `clear()`. */
  copy(bytes: Uint8Array): Buffer {
    const { length } = bytes;
    if (length > SLAB_BYTES) return Buffer.from(bytes);
    if (this.#at + length > SLAB_BYTES) {
      this.#slab += 1;
      this.#at = 0;
    }
    const slab = (this.#slabs[this.#slab] ??= Buffer.allocUnsafeSlow(SLAB_BYTES));
    const copy = slab.subarray(this.#at, this.#at + length);
    copy.set(bytes);
    this.#at += length;
    return copy;
  }

  /** Nobody needs any of the copies any more; their memory stays. */
  clear(): void {
    this.#slab = 0;
    this.#at = 0;
  }
}
