// Records gaps where retention took offsets before they were read, but never over offsets of recorded dead
// letters. Dead letters land before the rows of their batch, so an unfinished batch leaves some above the
// position.
import { describeGap, readGap, without } from './gap.ts';
import { LEFT_THE_LOG, type Floor } from './resume-from-table.ts';
import type { Facts, FloorRow } from './sink.ts';

/** The facts to record for the floor that a resume came to. */
export async function factsOf(
  floor: Floor,
  source: string,
  partition: number,
  facts: Pick<Facts, 'deadFrom'>,
): Promise<FloorRow[]> {
  const [lost] = floor.reason === 'gap' ? readGap(floor.detail) : [];
  if (lost === undefined) return [{ partition, ...floor }];
  const { offset, reason } = floor;
  const gaps = without(lost, await facts.deadFrom(source, partition, lost.first));
  if (gaps.length === 0) return [{ partition, offset, reason: 'dead-letters', detail: '' }];
  return [{ partition, offset, reason, detail: describeGap(gaps, LEFT_THE_LOG) }];
}
