// Moments on the wire: epoch seconds as a number, or an ISO-8601 instant with its zone. Both become
// epoch milliseconds, cut (not rounded) after the third decimal.

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})$/;
/** The last moment that a DateTime64(3) column holds. */
export const LAST_INSTANT_MS = Date.UTC(2299, 11, 31, 23, 59, 59, 999);
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Epoch milliseconds of a wire value, or undefined when it is no instant. */
export function instantMs(value: number | string): number | undefined {
  return typeof value === 'number' ? secondsToMs(value) : isoToMs(value);
}

/**
 * Epoch seconds to milliseconds. A double near 1.6e9 resolves 0.24 µs, so the value is first taken
 * to whole microseconds: 1594512094.385 is stored below .385 and plain truncation would give .384.
 */
export function secondsToMs(seconds: number): number {
  return Math.floor(Math.round(seconds * 1e6) / 1e3);
}

function isoToMs(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute] = match.slice(1, 6).map(Number);
  const second = Number(match[6] ?? 0);
  const inRange =
    month! >= 1 && month! <= 12 && day! >= 1 && day! <= lastDay(year!, month!) &&
    hour! <= 23 && minute! <= 59 && second <= 59; // prettier-ignore
  const offsetMs = zoneMs(match[8]!);
  if (!inRange || offsetMs === undefined) return undefined;
  const fractionMs = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  return Date.UTC(year!, month! - 1, day, hour, minute, second, fractionMs) - offsetMs;
}

function lastDay(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && !leap ? 28 : DAYS_IN_MONTH[month - 1]!;
}

function zoneMs(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
