// Copies a decimal number from a CSV cell in the form in which JSON.stringify writes its double. It handles numbers
// for which the digits alone decide that form; every other number goes to the slow path.

const [MINUS, POINT, ZERO, NINE, LOWER_E] = [0x2d, 0x2e, 0x30, 0x39, 0x65];
/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** So many digits survive the way to a double and back. */
const EXACT_DIGITS = 15;
const EXPONENT_MAX = 15;
/** JSON.stringify writes smaller ones with an exponent. */
const PLAIN_MIN = 1e-6;
/** Far above the error of a value that is worked out in doubles, relative to it. */
const ERROR = 1e-14;

/** Most bytes that a copy is longer than its cell. */
export const LONGER_MAX = EXPONENT_MAX + 1;

/** The value of the last number that was copied, within {@link ERROR}. One is in flight at a time. */
const copied = new Float64Array(1);
let isExact = false;

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
  for (; at < to && isDigit(bytes[at]!); at += 1) {
    whole = whole * 10 + (bytes[at]! - ZERO);
    out[end++] = bytes[at]!;
  }
  const digits = at - first;
  if (digits === 0 || digits > EXACT_DIGITS || (digits > 1 && bytes[first] === ZERO)) return -1;
  copied[0] = whole;
  isExact = true;
  if (at < to) end = copyFraction(bytes, at, to, out, end, digits);
  if (end < 0) return -1;
  const value = copied[0];
  // A zero with a sign is written without it.
  if (isNegative && value === 0) return -1;
  if (value !== 0 && value < PLAIN_MIN) return -1;
  if (isNegative) copied[0] = -value;
  return end;
}

/** The same of what comes behind the whole part: a fraction, and perhaps an exponent that moves the point. */
function copyFraction(
  bytes: Uint8Array,
  pointAt: number,
  to: number,
  out: Uint8Array,
  position: number,
  wholeDigits: number,
): number {
  if (bytes[pointAt] !== POINT) return -1;
  let end = position;
  let at = pointAt + 1;
  let fraction = 0;
  out[end++] = POINT;
  for (; at < to && isDigit(bytes[at]!); at += 1) {
    fraction = fraction * 10 + (bytes[at]! - ZERO);
    out[end++] = bytes[at]!;
  }
  const decimals = at - pointAt - 1;
  if (decimals === 0 || decimals >= POWERS.length) return -1;
  const whole = copied[0]!;
  const value = whole + fraction / POWERS[decimals]!;
  copied[0] = value;
  isExact = fraction === 0;
  if (at < to) {
    const exponent = exponentAt(bytes, at, to);
    // With one digit before the point, moving it gives no zeros in front.
    if (exponent < 0 || wholeDigits !== 1 || whole === 0) return -1;
    copied[0] = value * POWERS[exponent]!;
    end = movePoint(out, position, end, exponent);
  }
  return withoutZeros(out, position, end);
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

/** Whether the last number that was copied surely is from `min` to `max`. */
export function isCopiedWithin(min: number, max: number): boolean {
  const value = copied[0]!;
  const error = isExact ? 0 : Math.abs(value) * ERROR;
  return value - error >= min && value + error <= max;
}
