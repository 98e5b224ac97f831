// Offsets that were asked for and are not in the log: compaction and transaction markers leave such
// holes and they are passed over; what retention removed before it was read is a gap.
import type { Logger } from '../platform/log.ts';
import type { TopicLog } from './takeover.ts';

/** Tells a gap from a hole, and says so when it is a hole. `first` is the next offset there is. */
export async function isGap(
  { log, logger }: { readonly log: TopicLog; readonly logger: Logger },
  partition: number,
  position: number,
  first: number,
): Promise<boolean> {
  const begin = (await log.logRanges()).get(partition)?.begin ?? 0;
  if (begin > position) return true;
  const text = `offsets ${position} to ${first - 1} are not in the log: passing over`;
  logger.warn({ partition, first: position, last: first - 1 }, text);
  return false;
}
