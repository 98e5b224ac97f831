// Copies of bytes with the same lifetime, in a few large buffers that are used again: one buffer for each
// copy would be garbage outside of V8's heap, which grows to several times the used size.

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
