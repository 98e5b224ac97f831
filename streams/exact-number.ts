// Decimal text to numbers without a string in between, for the hot path. Every answer is exactly
// what JSON.parse (and for instants the validator) would give, or NaN where that cannot be proved
// cheaply; the caller then takes the slow path.
const [MINUS, POINT, ZERO, NINE, UPPER_E, LOWER_E] = [0x2d, 0x2e, 0x30, 0x39, 0x45, 0x65];
const EXACT_INTEGER = 2 ** 53;
/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Splits a double into two halves of 26 bits whose products are exact (Dekker). */
const SPLITTER = 2 ** 27 + 1;
/** Far above the error of the double-double quotient (2^-100), far below half a unit (2^-54). */
const DOUBT = 2 ** -30;

// What scanNumber found; one number is in flight at a time, and an object per number is garbage.
const WHOLE = 0;
const FRACTION = 1;
const scanned = new Float64Array(2);
let decimals = 0;
let negative = false;

/**
 * Scans the JSON number without exponent that starts at `at`. Returns its end, or -1 when there is
 * none; the value is then asked of {@link scannedDouble} or {@link scannedInstantMs}.
 */
export function scanNumber(bytes: Uint8Array, at: number): number {
  negative = bytes[at] === MINUS;
  let index = negative ? at + 1 : at;
  const first = index;
  let byte = bytes[index]!;
  let whole = 0;
  while (byte >= ZERO && byte <= NINE) {
    whole = whole * 10 + (byte - ZERO);
    byte = bytes[++index]!;
  }
  const wholeDigits = index - first;
  if (wholeDigits === 0 || (wholeDigits > 1 && bytes[first] === ZERO)) return -1;
  let fraction = 0;
  decimals = 0;
  if (byte === POINT) {
    const start = ++index;
    byte = bytes[index]!;
    // Up to 15 digits at a time stay exact; more are joined by scannedDouble.
    while (byte >= ZERO && byte <= NINE) {
      fraction = fraction * 10 + (byte - ZERO);
      byte = bytes[++index]!;
    }
    decimals = index - start;
    if (decimals === 0) return -1;
  }
  if (byte === LOWER_E || byte === UPPER_E) return -1;
  scanned[WHOLE] = whole;
  scanned[FRACTION] = fraction;
  return index;
}

/** Whether the scanned number has no fraction but zeros; its double may be whole all the same. */
export function scannedIsWhole(): boolean {
  return scanned[FRACTION] === 0;
}

/**
 * The double nearest to the number that was scanned from `from` to `to`, or NaN. With all digits
 * below 2^53 and a power of ten up to 10^22 both are exact and one division rounds correctly.
 */
export function scannedDouble(bytes: Uint8Array, from: number, to: number): number {
  if (decimals >= POWERS.length) return NaN;
  const power = POWERS[decimals]!;
  const digits = scanned[WHOLE]! * power + scanned[FRACTION]!;
  const value = digits < EXACT_INTEGER ? digits / power : longDouble(bytes, from, to, power);
  return negative ? -value : value;
}

/**
 * Shortest decimal forms have up to 17 digits, one or two more than 2^53 holds. The quotient is then
 * worked out to twice the precision: all digits in two exact parts, divided by the exact power with
 * the remainder divided again. The rest decides how to round unless it is too close to half a unit.
 */
function longDouble(bytes: Uint8Array, from: number, to: number, power: number): number {
  let high = 0;
  let low = 0;
  let lowDigits = 0;
  for (let index = from; index < to; index += 1) {
    const digit = bytes[index]! - ZERO;
    if (digit < 0 || digit > 9) continue;
    if (high < 1e14) high = high * 10 + digit;
    else {
      low = low * 10 + digit;
      lowDigits += 1;
    }
  }
  if (lowDigits > 7) return NaN;
  // digits = high * 10^lowDigits + low, as an unevaluated sum of two doubles.
  const scale = POWERS[lowDigits]!;
  const product = high * scale;
  const sum = product + low;
  const sumError = low - (sum - product) + productError(high, scale, product);
  const quotient = sum / power;
  const back = quotient * power;
  const rest = (sum - back - productError(quotient, power, back) + sumError) / power;
  const value = quotient + rest;
  const margin = Math.abs(value) * DOUBT * 2 ** -52;
  const settled = quotient + (rest - margin) === value && quotient + (rest + margin) === value;
  return settled ? value : NaN;
}

/** `a * b - product`, exactly, where `product` is the rounded product. */
function productError(a: number, b: number, product: number): number {
  const scaledA = SPLITTER * a;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = SPLITTER * b;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return highA * highB - product + highA * lowB + lowA * highB + lowA * lowB;
}

/**
 * Epoch milliseconds of the scanned seconds, or NaN when the digits alone cannot tell. The validator
 * goes through the nearest double to whole microseconds. Below 2^31 s that is exact for up to six
 * decimals; for more it errs by less than 1 µs, so the edges of a millisecond are left to it.
 */
export function scannedInstantMs(): number {
  const whole = scanned[WHOLE]!;
  const fraction = scanned[FRACTION]!;
  if (negative || whole >= 2 ** 31 || decimals > 9) return NaN;
  if (decimals <= 6) return whole * 1_000 + Math.floor((fraction * POWERS[6 - decimals]!) / 1_000);
  const micros = fraction / POWERS[decimals - 6]!;
  const inMilli = micros % 1_000;
  return inMilli < 2 || inMilli > 997 ? NaN : whole * 1_000 + Math.floor(micros / 1_000);
}
