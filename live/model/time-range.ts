// Reads time ranges as Grafana writes them (`now-15m`, `now/d`, milliseconds, ISO), durations (`5s`), and
// chooses the width of one point on a time axis. Pure; days and longer begin at midnight UTC.
import { timeText } from './units.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  M: 2_592_000_000,
  y: 31_536_000_000,
};
const RELATIVE = /^now(?:([+-])(\d{1,6})([smhdwMy]))?(?:\/([smhdwMy]))?$/;
/** Beyond these ClickHouse's DateTime64 has no values. */
export const LATEST_MS = Date.UTC(2299, 0, 1);

export interface TimeRange {
  readonly from: string;
  readonly to: string;
}

/** Milliseconds of a duration such as `5s` or `1m`; undefined for what is none. */
export function durationMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,6})(ms|[smhdwMy])$/.exec(text.replace(/^>/, '')) ?? [];
  return amount === undefined ? undefined : Number(amount) * UNIT_MS[unit!]!;
}

/** The moment a text names at `nowMs`; `end` rounds up. Undefined for what names none. */
export function momentMs(text: string, nowMs: number, end = false): number | undefined {
  const relative = RELATIVE.exec(text);
  if (relative !== null) {
    const [, sign, amount, unit, round] = relative;
    const shift = amount === undefined ? 0 : Number(amount) * UNIT_MS[unit!]!;
    const at = sign === '-' ? nowMs - shift : nowMs + shift;
    return inBounds(round === undefined ? at : rounded(at, round, end));
  }
  if (/^\d{1,15}$/.test(text)) return inBounds(Number(text));
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  return inBounds(Date.parse(/[zZ]|[+-]\d{2}:?\d{2}$/.test(text.slice(10)) ? text : utc(text)));
}

function utc(text: string): string {
  return text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`;
}

function inBounds(ms: number): number | undefined {
  return Number.isFinite(ms) && ms >= 0 && ms <= LATEST_MS ? ms : undefined;
}

function rounded(ms: number, unit: string, end: boolean): number {
  const date = new Date(ms);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const more = end ? 1 : 0;
  if (unit === 'y') return Date.UTC(year + more, 0) - more;
  if (unit === 'M') return Date.UTC(year, month + more) - more;
  const width = UNIT_MS[unit]!;
  // 1970 began on a Thursday; weeks begin on Mondays.
  const offset = unit === 'w' ? 4 * UNIT_MS['d']! : 0;
  return Math.floor((ms - offset) / width) * width + offset + more * width - more;
}

/** Both ends of a range at `nowMs`, undefined when one is no moment or they are the wrong way round. */
export function rangeMs(
  { from, to }: TimeRange,
  nowMs: number,
): { fromMs: number; toMs: number } | undefined {
  const fromMs = momentMs(from, nowMs);
  const toMs = momentMs(to, nowMs, true);
  if (fromMs === undefined || toMs === undefined || fromMs >= toMs) return undefined;
  return { fromMs, toMs };
}

const STEPS_MS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((s) => s * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((m) => m * 60_000),
  ...[1, 2, 3, 6, 12].map((h) => h * 3_600_000),
  ...[1, 7, 30, 365].map((d) => d * 86_400_000),
];

/** The readable step nearest to a range divided by its points, and not below `minMs`. */
export function intervalMs(lengthMs: number, points: number, minMs: number): number {
  const wanted = Math.max(minMs, lengthMs / Math.max(1, points));
  const step = STEPS_MS.find((each, i) => wanted < (each + (STEPS_MS[i + 1] ?? Infinity)) / 2)!;
  return Math.max(minMs, step);
}

const WORDS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  M: 'month',
  y: 'year',
};

/** A range in words: `Last 15 minutes`, or both ends. */
export function rangeInWords({ from, to }: TimeRange): string {
  const [, amount, unit] = /^now-(\d+)([smhdwMy])$/.exec(from) ?? [];
  if (to === 'now' && amount !== undefined) {
    const word = WORDS[unit!]!;
    return amount === '1' ? `Last ${word}` : `Last ${amount} ${word}s`;
  }
  const shown = (text: string): string => {
    const ms = /^now/.test(text) ? undefined : momentMs(text, 0);
    return ms === undefined ? text : timeText(ms).slice(0, 16);
  };
  return `${shown(from)} to ${shown(to)}`;
}
