// Names the consumer's bottleneck from two readings of its /metrics. Pure.

/** What is read, summed over streams; times in seconds. */
export interface Reading {
  readonly atMs: number;
  readonly consumed: number;
  readonly lag: number;
  readonly decode: number;
  readonly insert: number;
  readonly wait: number;
}

const LINE =
  /^sensorhouse_consumer_(records_consumed_total|lag_records|busy_seconds_total)\{(.*)\} (\S+)/;

/** Reads the text of /metrics. */
export function readMetrics(text: string, atMs: number): Reading {
  const sums: Record<string, number> = {};
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const key = /stage="(\w+)"/.exec(labels)?.[1] ?? name;
    sums[key] = (sums[key] ?? 0) + Number(value);
  }
  const of = (key: string): number => sums[key] ?? 0;
  return {
    atMs,
    consumed: of('records_consumed_total'),
    lag: of('lag_records'),
    decode: of('decode'),
    insert: of('insert'),
    wait: of('wait'),
  };
}

export type Stage = 'fetch' | 'decode' | 'insert';

/** Held back for more than this share of the time, fetching is not what is slow. */
const HELD_BACK = 0.15;
/** An insert is under way nearly all the time: what waits was fetched, and is not inserted yet. */
const ALWAYS_INSERTING = 0.9;

/**
 * The stage that limits a consumer that is behind, undefined for one that keeps up; with one line that
 * gives the shares.
 */
export function bottleneck(
  before: Reading,
  after: Reading,
): { readonly stage: Stage | undefined; readonly line: string } {
  const seconds = Math.max(0.001, (after.atMs - before.atMs) / 1_000);
  const share = (key: 'decode' | 'insert' | 'wait'): number => {
    return Math.min(1, Math.max(0, after[key] - before[key]) / seconds);
  };
  const [decode, insert, wait] = [share('decode'), share('insert'), share('wait')];
  const rate = Math.round((after.consumed - before.consumed) / seconds);
  const fetch = Math.max(0, 1 - decode - wait);
  const percent = (of: number): string => `${Math.round(of * 100)} %`;
  const shares =
    `decode (validate, encode) ${percent(decode)}, insert ${percent(insert)}, ` +
    `held back by inserts ${percent(wait)}, fetch and idle ${percent(fetch)}`;
  const figures = `${rate} records/s, lag ${after.lag}; ${shares}`;
  if (after.lag <= Math.max(rate, 1)) return { stage: undefined, line: `keeps up: ${figures}` };
  const stage = slowest({ decode, fetch, insert, wait });
  return { stage, line: `${stage} is the bottleneck: ${figures}` };
}

function slowest({ decode, fetch, insert, wait }: Record<Stage | 'wait', number>): Stage {
  if (wait > HELD_BACK && wait > decode / 2) return 'insert';
  if (decode > fetch) return 'decode';
  return insert > ALWAYS_INSERTING ? 'insert' : 'fetch';
}
