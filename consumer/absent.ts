// Records offsets that were read without a record: compaction, aborted transactions and transaction markers
// leave them. The consumer writes these facts before the rows of their batch: they stay true whatever happens
// to the batch, so writing them again after a crash changes nothing. The same holds for duplicates, since the
// log before them proves it, and for unreadable records: if a later consumer reads them after a crash, the
// audit counts the rows.
import type { Span } from './batch.ts';
import { describeGap, DUPLICATE, NOT_IN_LOG, UNREADABLE, type OffsetRange } from './gap.ts';
import type { FloorRow } from './sink.ts';

/** A fact is a line of text for a person, too; a compacted batch can leave thousands of ranges. */
const MAX_RANGES = 1_000;

/** The facts to record for a batch; its partitions have landed up to where it begins. */
export function absentFacts(spans: ReadonlyMap<number, Span>): FloorRow[] {
  return [...spans].flatMap(([partition, { absent, duplicates, first, unreadable }]) => {
    const facts = (reason: string, all: readonly OffsetRange[], what: string): FloorRow[] =>
      Array.from({ length: Math.ceil(all.length / MAX_RANGES) }, (_, at) => {
        const ranges = all.slice(at * MAX_RANGES, (at + 1) * MAX_RANGES);
        return { partition, offset: first, reason, detail: describeGap(ranges, what) };
      });
    const cannot = [...Map.groupBy(unreadable, ({ why }) => why)].flatMap(([why, ranges]) =>
      facts(UNREADABLE, ranges, `cannot be read: ${why}`),
    );
    return [
      ...cannot,
      ...facts(NOT_IN_LOG, absent, 'had no record when their neighbours were read'),
      ...facts(
        DUPLICATE,
        duplicates,
        'are duplicates: a processor had made a record from the same record before',
      ),
    ];
  });
}
