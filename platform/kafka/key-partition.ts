// The partition of a key, as Java's default partitioner computes it (murmur2): every Kafka client puts the
// same key into the same partition.

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;
const SHIFT = 24;

/** The partition of the key in bytes `from` to `to`. */
export function partitionOfKey(
  bytes: Uint8Array,
  from: number,
  to: number,
  partitions: number,
): number {
  return (murmur2(bytes, from, to) & 0x7fffffff) % partitions;
}

function murmur2(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const words = from + (length & ~3);
  let hash = SEED ^ length;
  for (let at = from; at < words; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, MIX);
    word = Math.imul(word ^ (word >>> SHIFT), MIX);
    hash = Math.imul(hash, MIX) ^ word;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= bytes[words + 2]! << 16;
  if (rest >= 2) hash ^= bytes[words + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[words]!, MIX);
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return hash ^ (hash >>> 15);
}
