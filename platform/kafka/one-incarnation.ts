// Reads positions together with the log they are positions in: offsets mean something only for one topic id, so
// the id is asked before everything and again at the end. The log comes last: it may grow meanwhile, but a position
// that was read before never lies beyond it.
import { UnavailableError } from '../errors.ts';
import type { LogRange } from './log-ranges.ts';
import type { OwnedLog } from './partition-owner.ts';

export interface Incarnation<T> {
  readonly topicId: string;
  /** Covers every partition that was asked for. */
  readonly ranges: ReadonlyMap<number, LogRange>;
  /** What `read` read. */
  readonly known: T;
}

/**
 * Reads what is known of `partitions`, then how far their log goes.
 * @throws {UnavailableError} the topic was just created again, or a partition is not there yet; what `read` throws.
 */
export async function ofOneIncarnation<T>(
  log: Pick<OwnedLog, 'logRanges' | 'topic' | 'topicId'>,
  partitions: readonly number[],
  read: (topicId: string) => Promise<T>,
): Promise<Incarnation<T>> {
  const topicId = await log.topicId();
  const known = await read(topicId);
  const ranges = await log.logRanges();
  if ((await log.topicId()) !== topicId) {
    // These offsets are of another log: they would look like lost records, or like a gap.
    throw new UnavailableError(`Kafka: topic ${log.topic} was just created again`);
  }
  const missing = partitions.find((partition) => !ranges.has(partition));
  if (missing === undefined) return { topicId, ranges, known };
  throw new UnavailableError(`Kafka: partition ${missing} of ${log.topic} is not there yet`);
}
