// Reads how far the log of each partition reaches, for everybody who compares a position with the log.
//
// The order of the questions decides whether a comparison can lie. Positions, commits and logs only grow, so
// read the position FIRST and the log AFTERWARDS: then `position <= end` always holds on a healthy system, and
// a position beyond the end is a real loss. The other order finds a loss whenever something arrives in between.
import type { Admin } from 'kafkajs';

/** The part of a partition's log that may be read. */
export interface LogRange {
  /** Offset of the first record. */
  readonly begin: number;
  /** One past the last record that may be read: the last stable offset. An open transaction lies beyond it. */
  readonly end: number;
}

/** Asks kafkajs, which asks for what a reader of committed records may read. Throws what kafkajs throws. */
export async function readLogRanges(
  admin: Pick<Admin, 'fetchTopicOffsets'>,
  topic: string,
): Promise<Map<number, LogRange>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(
    offsets.map(({ high, low, partition }) => {
      const end = Number(high);
      // kafkajs asks for `high` first: retention may have passed it before `low` was asked for.
      return [partition, { begin: Math.min(Number(low), end), end }];
    }),
  );
}
