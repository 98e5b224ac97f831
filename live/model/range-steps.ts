// The ranges next to the one that is shown: twice as long, or half its length earlier or later. They stay
// within the times that ClickHouse knows, and a step that reaches now makes a range that goes on with the clock. Pure.
import { LATEST_MS, durationMs, momentMs, rangeMs, type TimeRange } from './time-range.ts';

/** A shorter window would show single milliseconds. */
const SHORTEST_MS = 100;
const LENGTHS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** The range between two moments of a chart, whichever way they were dragged. */
export function rangeBetween(oneMs: number, otherMs: number): TimeRange {
  const middleMs = (oneMs + otherMs) / 2;
  const halfMs = Math.max(Math.abs(oneMs - otherMs), SHORTEST_MS) / 2;
  return absolute(middleMs - halfMs, middleMs + halfMs);
}

/** Twice as long: a range that ends now goes on to, any other grows both ways. Undefined at the bounds. */
export function zoomedOut(range: TimeRange, nowMs: number): TimeRange | undefined {
  const window = rangeMs(range, nowMs);
  if (window === undefined) return undefined;
  const { fromMs, toMs } = window;
  const lengthMs = toMs - fromMs;
  if (range.to === 'now') {
    const [, amount, unit] = /^now-(\d+)([smhdwMy])$/.exec(range.from) ?? [];
    const from = amount === undefined ? undefined : `now-${2 * Number(amount)}${unit!}`;
    if (from !== undefined && momentMs(from, nowMs) !== undefined) return { from, to: 'now' };
  }
  const pastNow = toMs <= nowMs && toMs + lengthMs / 2 > nowMs;
  const endMs = pastNow ? nowMs : toMs + lengthMs / 2;
  const wider = absolute(endMs - 2 * lengthMs, endMs);
  return wider.from === String(fromMs) && wider.to === String(toMs) ? undefined : wider;
}

/** Half a length earlier; undefined when the range begins with 1970. */
export function earlier(range: TimeRange, nowMs: number): TimeRange | undefined {
  const window = rangeMs(range, nowMs);
  if (window === undefined || window.fromMs === 0) return undefined;
  const { fromMs, toMs } = window;
  const stepMs = Math.min(fromMs, (toMs - fromMs) / 2);
  return absolute(fromMs - stepMs, toMs - stepMs);
}

/** Half a length later; undefined when the range ends now or with the last moment there is. */
export function later(range: TimeRange, nowMs: number): TimeRange | undefined {
  const window = rangeMs(range, nowMs);
  if (window === undefined || range.to === 'now' || window.toMs === LATEST_MS) return undefined;
  const { fromMs, toMs } = window;
  const stepMs = Math.min(LATEST_MS - toMs, (toMs - fromMs) / 2);
  return toMs <= nowMs && toMs + stepMs >= nowMs
    ? { from: `now-${lengthText(toMs - fromMs)}`, to: 'now' }
    : absolute(fromMs + stepMs, toMs + stepMs);
}

function absolute(fromMs: number, toMs: number): TimeRange {
  return {
    from: String(Math.max(0, Math.floor(fromMs))),
    to: String(Math.min(LATEST_MS, Math.ceil(toMs))),
  };
}

/** As Grafana writes durations, to the second: `15m`. */
function lengthText(ms: number): string {
  const wholeMs = Math.max(1_000, Math.round(ms / 1_000) * 1_000);
  const [unit, unitMs] = LENGTHS.find(([, each]) => wholeMs % each === 0)!;
  const text = `${wholeMs / unitMs}${unit}`;
  return durationMs(text) === undefined ? `${Math.ceil(wholeMs / 86_400_000)}d` : text;
}
