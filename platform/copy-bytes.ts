// Copies bytes the faster way: by a loop or by a call into native code.

/** Below this a loop is faster. */
const LOOP_COPY_BYTES = 48;

/** Copies `from` to `to` of `source` to `at`; returns the end of the copy. */
export function copyTo(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const length = to - from;
  if (length >= LOOP_COPY_BYTES) {
    target.set(source.subarray(from, to), at);
    return at + length;
  }
  let end = at;
  for (let index = from; index < to; index += 1) target[end++] = source[index]!;
  return end;
}
