// Explains why a value is not an instant of a field, with the bound or the form that it misses. It agrees
// with the validator about the instants of a field.
import type { InstantField } from './field.ts';
import { LAST_INSTANT_MS, instantMs } from './instant.ts';

export const INSTANT_FORM = 'epoch seconds or an ISO-8601 instant with a zone';

/** Smaller numbers may be seconds of a late year, and milliseconds before 1978 are no telemetry. */
const YEAR_10000_SEC = 253_402_300_800;
const YEAR_2200_SEC = 7_258_118_400;
/** Longer texts get no hint: nothing that resembles a time has so many characters. */
const MAX_HINT_CHARS = 64;
const FINER = [
  ['milliseconds', 1e3],
  ['microseconds', 1e6],
  ['nanoseconds', 1e9],
] as const;

const DIGITS = /^[+-]?\d+(\.\d*)?$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
/** Date, time, fraction, zone as databases and programs write them; Java adds the zone's name in brackets. */
const NEAR_ISO =
  /^(\d{4}-\d\d-\d\d)[T ]+(\d\d:\d\d(?::\d\d)?)(?:[.,](\d+))? ?(Z|UTC|GMT|[+\u2212-]\d\d(?::?\d\d)?)?(?:\[.*\])?$/i;
const OTHER_ORDER = /^\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(\D|$)/;
const LEAP_SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:60/;
/** Days since 1900 of 2000 and 2100: what spreadsheets keep for a date. */
const SPREADSHEET_DAYS = [36_526, 73_051] as const;

/** Why the value is no instant of the field, to follow the value; undefined when it is one. */
export function instantFault(field: InstantField, value: number | string): string | undefined {
  const ms = instantMs(value);
  if (ms === undefined) return `is not ${INSTANT_FORM}${hintFor(value as string)}`;
  if (ms > LAST_INSTANT_MS) {
    const unit = typeof value === 'number' ? finerUnit(value) : undefined;
    if (unit === undefined)
      return `is later than ${shown(LAST_INSTANT_MS)}, the last instant of a table`;
    return `looks like epoch ${unit[0]}; this stream takes epoch seconds: divide by ${unit[1]}`;
  }
  if (ms >= field.minMs) return undefined;
  const moment = typeof value === 'number' ? ` (${shown(ms)})` : '';
  const bound = `is before ${shown(field.minMs)}, the earliest time of this stream`;
  return `${moment} ${bound}${dayNumberHint(value)}`.trimStart();
}

function dayNumberHint(value: number | string): string {
  const [first, last] = SPREADSHEET_DAYS;
  if (typeof value === 'string' || value < first || value >= last) return '';
  return '; if it is the day number of a spreadsheet, export the column as 2026-01-31T12:00:00Z';
}

/** Why an instant lies too far ahead of a record that Kafka takes at `nowMs`; undefined when it does not. */
export function aheadFault(field: InstantField, ms: number, nowMs: number): string | undefined {
  if (ms <= nowMs + field.maxAheadMs) return undefined;
  const hours = Math.round(field.maxAheadMs / 360_000) / 10;
  return `is ${shown(ms)}, more than ${hours} hours ahead of now: the consumer would reject it`;
}

function finerUnit(value: number): (typeof FINER)[number] | undefined {
  if (value < YEAR_10000_SEC) return undefined;
  return FINER.find(([, perSecond]) => value / perSecond <= YEAR_2200_SEC);
}

function hintFor(text: string): string {
  if (text.length > MAX_HINT_CHARS) return '';
  if (DIGITS.test(text)) {
    const unit = finerUnit(Number(text));
    const finer = unit === undefined ? '' : `, and these digits look like epoch ${unit[0]}`;
    return `; epoch seconds are a number without quotes${finer}`;
  }
  if (DATE.test(text)) return `; a date alone is not an instant: write ${text}T00:00:00Z`;
  if (LEAP_SECOND.test(text)) return '; a leap second has no epoch time';
  if (OTHER_ORDER.test(text)) return '; write the year first: 2026-01-31T12:00:00Z';
  return nearHint(text);
}

/** How a time that is nearly right is written. */
function nearHint(text: string): string {
  const [, date, time, fraction, zone] = NEAR_ISO.exec(text) ?? [];
  if (date === undefined || time === undefined) return '';
  const plain = `${date}T${time}${fraction === undefined ? '' : `.${fraction.slice(0, 9)}`}`;
  const suggested = `${plain}${zone === undefined ? 'Z' : isoZone(zone)}`;
  if (instantMs(suggested) === undefined) return '';
  if (zone !== undefined) return `; write ${suggested}`;
  return `; the zone is missing: write ${suggested} if it is UTC, or ${plain}+01:00`;
}

function isoZone(zone: string): string {
  if (!/^[+\u2212-]/.test(zone)) return 'Z';
  const [hours, minutes] = [zone.slice(1, 3), zone.slice(3).replace(':', '')];
  return `${zone.startsWith('+') ? '+' : '-'}${hours}:${minutes === '' ? '00' : minutes}`;
}

/** A moment without the parts that are zero. */
function shown(ms: number): string {
  if (Math.abs(ms) > 8.64e15) return ms < 0 ? 'long before our time' : 'long after our time';
  return new Date(ms)
    .toISOString()
    .replace(/\.000Z$/, 'Z')
    .replace(/T00:00:00Z$/, '');
}
