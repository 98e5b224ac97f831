// A seeded generator: everything that a simulated history leaves to chance comes from here, so that the same
// seed gives the same history.

export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0, below 1 (mulberry32). */
  float(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to `below` - 1. */
  int(below: number): number {
    return Math.floor(this.float() * below);
  }

  /** A number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + this.float() * (high - low);
  }

  happens(probability: number): boolean {
    return this.float() < probability;
  }
}
