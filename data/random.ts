// Random numbers that are the same on every machine: integer arithmetic only, seeded. Nothing here
// or in its users calls Math.random, Math.log, Math.sin or Math.pow, whose last bits may differ.

export interface Random {
  /** Uniform in [0, 1). */
  next: () => number;
  /** True with probability `share`. */
  chance: (share: number) => boolean;
  /** Bell-shaped around 0 with standard deviation 1, never beyond ±3.5. */
  bell: () => number;
}

// Four uniforms sum to a variance of 4/12.
const BELL_SCALE = Math.sqrt(3);

/**
 * A generator for one independent sequence: the same `seed` and `sequence` always give the same
 * numbers. Both are unsigned 32-bit integers. (The small fast counter generator, sfc32.)
 */
export function createRandom(seed: number, sequence: number): Random {
  let a = seed >>> 0;
  let b = sequence >>> 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = (): number => {
    const mixed = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + mixed) | 0;
    return (mixed >>> 0) / 0x1_0000_0000;
  };
  // Until the seed has spread through all words, near seeds give near numbers.
  for (let round = 0; round < 20; round += 1) next();
  return {
    next,
    chance: (share) => next() < share,
    bell: () => (next() + next() + next() + next() - 2) * BELL_SCALE,
  };
}
