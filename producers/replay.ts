// The loop of a producer: take the rows that are due, pass them on while the next batch is being read, stop
// on request. At most one batch is on its way and one in hand.
import { ConfigError } from '../platform/errors.ts';
import type { Ledger } from './account.ts';
import type { Ending } from './delivery.ts';
import type { Pace } from './pace.ts';
import type { Page, Rows, RowSource } from './row-source.ts';

/** Small enough that a stop is heard soon; requests gather more of them than one. */
export const MAX_BATCH_ROWS = 1_000;

export interface ReplayParts<P extends Page> {
  readonly source: RowSource<P>;
  readonly pace: Pace;
  readonly ledger: Ledger;
  /** How many rows to replay in all. */
  readonly limit: number;
  /** How many rows are no events, but are sent on as they are. Default: none. */
  readonly misfits?: (rows: Rows<P>) => number;
  readonly deliver: (rows: readonly Rows<P>[]) => Promise<Ending | undefined>;
  /** Aborts when no more rows are to be taken. */
  readonly stop: AbortSignal;
}

/** Replays until the rows, the limit or the patience end; resolves with why, if not by itself. */
export async function replay<P extends Page>(parts: ReplayParts<P>): Promise<Ending | undefined> {
  const { deliver, ledger, limit, misfits = () => 0, pace, source, stop } = parts;
  let underWay: Promise<Ending | undefined> = Promise.resolve(undefined);
  try {
    while (ledger.read < limit) {
      const due = await pace.due(Math.min(MAX_BATCH_ROWS, limit - ledger.read), stop);
      const rows = due === 0 ? [] : await source.take(due);
      if (rows.length === 0) break;
      for (const some of rows) ledger.took(some.to - some.from, misfits(some));
      const ending = await underWay;
      if (ending !== undefined) return ending;
      underWay = deliver(rows);
    }
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return (await underWay) ?? thrown;
  }
  return underWay;
}
