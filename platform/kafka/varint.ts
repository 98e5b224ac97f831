// Zigzag varints of the record format, written; exact for whole numbers up to 2^52 either way.

/** Writes `value` at `at`; returns the end. */
export function varintAt(bytes: Uint8Array, at: number, value: number): number {
  let end = at;
  if (value >= 0 && value < 2 ** 30) {
    let rest = value << 1;
    while (rest >= 0x80) {
      bytes[end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[end] = rest;
    return end + 1;
  }
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  while (rest >= 0x80) {
    bytes[end++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[end] = rest;
  return end + 1;
}

/** How many bytes {@link varintAt} writes for a length. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value * 2; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}
