// Copies a decimal number from a CSV cell in the form in which JSON.stringify writes its double. It handles numbers
// for which the digits alone decide that form; every other number goes to the slow path.

const [MINUS, POINT, ZERO, NINE, LOWER_E] = [0x2d, 0x2e, 0x30, 0x39, 0x65];
/** So many digits survive the way to a double and back. */
const EXACT_DIGITS = 15;
const EXPONENT_MAX = 15;
const DECIMALS_MAX = 22;
/** JSON.stringify writes numbers with more zeros behind the point with an exponent. */
const PLAIN_DECIMALS = 6;
/** Most bytes that a copy is longer than its cell. */
export const LONGER_MAX = EXPONENT_MAX + 1;

/** Bounds of the last number that was copied, from its whole part alone. One number is in flight at a time. */
const bounds = new Float64Array(2);
const [LOWEST, HIGHEST] = [0, 1];

/** Copies the number in bytes `from` to `to` to `position` of `out`; returns the end of the copy or -1. */
export function copyDecimal(
  bytes: Uint8Array,
  from: number,
  to: number,
  out: Uint8Array,
  position: number,
): number {
  let at = from;
  let end = position;
  const isNegative = bytes[at] === MINUS;
  if (isNegative) out[end++] = bytes[at++]!;
  const first = at;
  let whole = 0;
  let byte = bytes[at]!;
  while (at < to && byte >= ZERO && byte <= NINE) {
    whole = whole * 10 + (byte - ZERO);
    out[end++] = byte;
    byte = bytes[++at]!;
  }
  const digits = at - first;
  if (digits === 0 || digits > EXACT_DIGITS || (digits > 1 && bytes[first] === ZERO)) return -1;
  if (at === to) {
    // A zero with a sign is written without it.
    if (isNegative && whole === 0) return -1;
    bounds[LOWEST] = bounds[HIGHEST] = isNegative ? -whole : whole;
    return end;
  }
  bounds[LOWEST] = isNegative ? -whole - 1 : whole;
  bounds[HIGHEST] = isNegative ? -whole : whole + 1;
  if (whole === 0 && isTiny(bytes, at + 1, to, isNegative)) return -1;
  return copyFraction(bytes, at, to, out, end, digits === 1 && whole !== 0);
}

/** Whether a number below 1 with these decimals is written in another form: with an exponent, or without a sign. */
function isTiny(bytes: Uint8Array, from: number, to: number, isNegative: boolean): boolean {
  let at = from;
  while (at < to && bytes[at] === ZERO) at += 1;
  const isZero = at === to || !isDigit(bytes[at]!);
  return isZero ? isNegative : at - from >= PLAIN_DECIMALS;
}

/** The same of what comes behind the whole part: a fraction, and perhaps an exponent that moves the point. */
function copyFraction(
  bytes: Uint8Array,
  pointAt: number,
  to: number,
  out: Uint8Array,
  position: number,
  mayMove: boolean,
): number {
  if (bytes[pointAt] !== POINT) return -1;
  let end = position;
  let at = pointAt + 1;
  out[end++] = POINT;
  let byte = bytes[at]!;
  while (at < to && byte >= ZERO && byte <= NINE) {
    out[end++] = byte;
    byte = bytes[++at]!;
  }
  const decimals = at - pointAt - 1;
  if (decimals === 0 || decimals > DECIMALS_MAX) return -1;
  if (at < to) {
    const exponent = exponentAt(bytes, at, to);
    // With one digit before the point, moving it gives no zeros in front.
    if (exponent < 0 || !mayMove) return -1;
    bounds[LOWEST] = -Infinity;
    bounds[HIGHEST] = Infinity;
    end = movePoint(out, position, end, exponent);
    return withoutZeros(out, position, end);
  }
  return out[end - 1] === ZERO ? withoutZeros(out, position, end) : end;
}

/** The exponent from 1 to {@link EXPONENT_MAX} that fills bytes `from` to `to`, or -1. */
function exponentAt(bytes: Uint8Array, from: number, to: number): number {
  if ((bytes[from]! | 0x20) !== LOWER_E || from + 1 === to || to - from > 3) return -1;
  let exponent = 0;
  for (let at = from + 1; at < to; at += 1) {
    if (!isDigit(bytes[at]!)) return -1;
    exponent = exponent * 10 + (bytes[at]! - ZERO);
  }
  return exponent >= 1 && exponent <= EXPONENT_MAX ? exponent : -1;
}

/** Moves the point at `point` so many digits to the right, and writes zeros where there are no more. */
function movePoint(out: Uint8Array, point: number, end: number, digits: number): number {
  let moved = 0;
  for (; moved < digits && point + moved + 1 < end; moved += 1) {
    out[point + moved] = out[point + moved + 1]!;
  }
  if (moved === digits) {
    out[point + moved] = POINT;
    return end;
  }
  for (; moved < digits; moved += 1) out[point + moved] = ZERO;
  return point + moved;
}

/** Zeros at the end of a fraction say nothing. `from` is at or before the point, if there is one. */
function withoutZeros(out: Uint8Array, from: number, to: number): number {
  let point = from;
  while (point < to && out[point] !== POINT) point += 1;
  if (point === to) return to;
  let end = to;
  while (out[end - 1] === ZERO) end -= 1;
  return end - 1 === point ? point : end;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** Whether the last number that was copied, to bytes `from` to `to` of `out`, is from `min` to `max`. */
export function isCopiedWithin(
  min: number,
  max: number,
  out: Buffer,
  from: number,
  to: number,
): boolean {
  if (bounds[LOWEST]! >= min && bounds[HIGHEST]! <= max) return true;
  const value = Number(out.toString('latin1', from, to));
  return value >= min && value <= max;
}
