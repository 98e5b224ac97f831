// Offsets without a record among those that were read: compaction, aborted transactions and the markers of
// all transactions leave them. They are recorded before their batch's rows: that they have no record stays
// true whatever becomes of the batch, so saying it again after a crash changes nothing.
import type { Span } from './batch.ts';
import { describeGap, NOT_IN_LOG } from './gap.ts';
import type { FloorRow } from './ledger.ts';

/** A fact is a line of text for a person, too; a compacted batch can leave thousands of ranges. */
const MAX_RANGES = 1_000;

/** The facts to record for a batch; its partitions have landed up to where it begins. */
export function absentFacts(spans: ReadonlyMap<number, Span>): FloorRow[] {
  return [...spans].flatMap(([partition, { absent, first }]) => {
    return Array.from({ length: Math.ceil(absent.length / MAX_RANGES) }, (_, at) => {
      const ranges = absent.slice(at * MAX_RANGES, (at + 1) * MAX_RANGES);
      const detail = describeGap(ranges, 'had no record when their neighbours were read');
      return { partition, offset: first, reason: NOT_IN_LOG, detail };
    });
  });
}
