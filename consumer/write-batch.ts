// The order in which a batch lands: offsets without a record, dead letters, then the rows as one part, then
// floors that no row shows. After a crash between two steps the next owner finds everything it must not
// repeat.
import { absentFacts } from './absent.ts';
import type { Batch, Span } from './batch.ts';
import type { Ownership } from './fence.ts';
import type { Sink } from './sink.ts';

/**
 * Lands a batch under `ownership`, which must be of exactly the batch's partitions. After an
 * UnavailableError it may be called again: what landed is not sent twice.
 * @throws what the sink throws; after anything but UnavailableError the state of the batch has to be
 * read back from the sink.
 */
export async function writeBatch(
  batch: Batch,
  ownership: Ownership,
  ingestTimeMs: number,
  { facts, inserts }: Sink,
): Promise<void> {
  if (batch.landed === 'nothing') {
    await facts.recordFloors(ownership, absentFacts(batch.spans));
    if (batch.deadLetters.length > 0) await inserts.deadLetters(batch, ownership, ingestTimeMs);
    batch.landed = 'dead-letters';
  }
  if (batch.landed === 'dead-letters') {
    if (batch.block.rows > 0) await inserts.rows(batch, ownership, ingestTimeMs);
    batch.landed = 'rows';
  }
  const floors = [...batch.spans].filter(([, span]) => needsFloor(span));
  await facts.recordFloors(
    ownership,
    floors.map(([partition, { next }]) => {
      return { partition, offset: next, reason: 'dead-letters', detail: '' };
    }),
  );
}

/** Nothing else would show that a span has landed that has no rows, or none at its end. */
function needsFloor({ duplicates, first, next, rows, unreadable }: Span): boolean {
  const endsWithout = [duplicates, unreadable].some((ranges) => ranges.at(-1)?.last === next - 1);
  return next > first && (rows === 0 || endsWithout);
}
