// Notes and logs a landed batch: the new position of each partition, the flush's line, and a warning for
// every range of unreadable records.
import { lagOf } from '../platform/kafka/partition-owner.ts';
import type { Logger } from '../platform/log.ts';
import type { Stream } from '../streams/stream.ts';
import type { Batch } from './batch.ts';
import { flushLine } from './flush-line.ts';
import type { LaneMetrics } from './metrics.ts';
import type { Taken } from './table-takeover.ts';

export function noteLanded(
  batch: Batch,
  { ownership, states }: Taken,
  durationMs: number,
  parts: { readonly logger: Logger; readonly metrics: LaneMetrics; readonly stream: Stream },
): void {
  const { logger, metrics, stream } = parts;
  for (const [partition, { next, rows, unreadable }] of batch.spans) {
    for (const { first, last, why } of unreadable) {
      const where = `partition ${partition} of ${ownership.source}`;
      const text = `${where}: the records at offsets ${first} to ${last} cannot be read and are passed over: ${why}`;
      logger.error({ partition, first, last, why }, text);
    }
    const state = states.get(partition);
    if (state === undefined) continue;
    state.landed = next;
    if (rows === 0) state.recorded = next;
  }
  const lag = lagOf(states.values());
  metrics.flushed(batch, durationMs);
  metrics.lag(lag);
  const { fields, text } = flushLine(batch, metrics.table, durationMs, lag);
  logger.info({ stream: stream.name, ...fields }, text);
}
