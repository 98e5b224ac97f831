// Bytes to compare with, four at a time: half the bytes of an event are the names of its members.

export class Literal {
  readonly length: number;
  readonly #words: Int32Array;
  readonly #rest: Uint8Array;

  constructor(bytes: Buffer) {
    this.length = bytes.length;
    const words = bytes.length >>> 2;
    this.#words = Int32Array.from({ length: words }, (_, word) => bytes.readInt32LE(4 * word));
    this.#rest = Uint8Array.from(bytes.subarray(4 * words));
  }

  /** True when the literal stands at byte `at` of `view`, which must reach that far. */
  isAt(view: DataView, at: number): boolean {
    const words = this.#words;
    let next = at;
    for (let word = 0; word < words.length; word += 1, next += 4) {
      if (view.getInt32(next, true) !== words[word]) return false;
    }
    const rest = this.#rest;
    for (let index = 0; index < rest.length; index += 1) {
      if (view.getUint8(next + index) !== rest[index]) return false;
    }
    return true;
  }
}
