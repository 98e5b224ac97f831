// The look that a lane takes at Kafka's log every few seconds: how far it goes, whether the lane gets on, and
// whether it is still the same log.
import type { ProgressWatch } from '../platform/kafka/progress.ts';
import type { LaneParts } from './lane-parts.ts';
import { reportLag } from './partition.ts';
import type { Taken } from './takeover.ts';

/**
 * Resolves to whether another topic stands behind the name by now. One that grew again to exactly where we
 * stand shows no other sign until the next record comes.
 */
export async function lookAtLog(
  { states, topicId }: Taken,
  { log, metrics }: Pick<LaneParts, 'log' | 'metrics'>,
  progress: ProgressWatch,
): Promise<boolean> {
  try {
    await progress.look(states, () => log.logRanges());
  } finally {
    metrics.stalled(progress.standing(states).length);
  }
  reportLag(states, metrics);
  metrics.hidden(await log.hidden());
  return (await log.topicId()) !== topicId;
}
