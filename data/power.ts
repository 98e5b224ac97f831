// Raises to a real power with nothing but + - * /, which IEEE 754 defines to the last bit. The gas
// curves need powers, and Math.pow may round differently from one machine to the next.

const LN_2 = 0.6931471805599453;
const SQRT_2 = 1.4142135623730951;
const TERMS = 22;

/** `base` to the power `exponent`, to about 14 digits, identical everywhere. `base` must be > 0. */
export function power(base: number, exponent: number): number {
  return exponential(exponent * logarithm(base));
}

function logarithm(value: number): number {
  let mantissa = value;
  let binaryExponent = 0;
  for (; mantissa > SQRT_2; binaryExponent += 1) mantissa /= 2;
  for (; mantissa < SQRT_2 / 2; binaryExponent -= 1) mantissa *= 2;
  // ln m = 2 artanh((m - 1) / (m + 1)), which converges fast this near to 1.
  const ratio = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let term = TERMS; term >= 0; term -= 1) sum = sum * ratio * ratio + 1 / (2 * term + 1);
  return 2 * ratio * sum + binaryExponent * LN_2;
}

function exponential(value: number): number {
  const doublings = Math.round(value / LN_2);
  const rest = value - doublings * LN_2;
  let result = 1;
  for (let term = TERMS; term >= 1; term -= 1) result = 1 + (result * rest) / term;
  for (let step = 0; step < doublings; step += 1) result *= 2;
  for (let step = 0; step > doublings; step -= 1) result /= 2;
  return result;
}
