// The loop of a producer: take what is due, hand it on while the next batch is being read, stop
// when told to. At most one batch is under way and one in hand.
import { ConfigError } from '../platform/errors.ts';
import type { Ledger } from './account.ts';
import type { Ending } from './delivery.ts';
import type { Pace } from './pace.ts';
import type { RowSource } from './row-source.ts';

/** Large enough that a request's fixed cost does not count; kafkajs groups a batch in O(n²). */
export const MAX_BATCH_ROWS = 1_000;

export interface ReplayParts<Event, Sent> {
  readonly source: RowSource<Event>;
  readonly pace: Pace;
  readonly ledger: Ledger;
  /** How many rows to replay in all. */
  readonly limit: number;
  readonly encode: (event: Event) => Sent;
  /** Whether an event is none, but a row that is sent on as it is. Default: none is. */
  readonly isMisfit?: (event: Event) => boolean;
  readonly deliver: (events: readonly Sent[]) => Promise<Ending | undefined>;
  /** Aborts when no more rows are to be taken. */
  readonly stop: AbortSignal;
}

/** Replays until the rows, the limit or the patience end; resolves with why, if not by itself. */
export async function replay<Event, Sent>(
  parts: ReplayParts<Event, Sent>,
): Promise<Ending | undefined> {
  const { deliver, encode, isMisfit, ledger, limit, pace, source, stop } = parts;
  let underWay: Promise<Ending | undefined> = Promise.resolve(undefined);
  try {
    while (ledger.read < limit) {
      const due = await pace.due(Math.min(MAX_BATCH_ROWS, limit - ledger.read), stop);
      const events = due === 0 ? [] : await source.take(due);
      if (events.length === 0) break;
      const misfits = isMisfit === undefined ? 0 : events.filter(isMisfit).length;
      ledger.took(events.length, misfits);
      const ending = await underWay;
      if (ending !== undefined) return ending;
      underWay = deliver(events.map(encode));
    }
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    return (await underWay) ?? thrown;
  }
  return underWay;
}
