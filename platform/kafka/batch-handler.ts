// Hands one fetched batch of kafkajs to a receiver, run by run, and keeps the membership alive meanwhile.
import type { EachBatchPayload } from 'kafkajs';
import type { FetchedBatch } from './fetch-response.ts';
import type { GroupReceiver } from './group-consumer.ts';
import { keepingAlive } from './keep-alive.ts';
import { inRuns } from './record-run.ts';

/** Resolves when the receiver has taken the batch or declined it. @throws whatever the receiver throws. */
export async function deliver(
  payload: EachBatchPayload,
  receiver: GroupReceiver,
  heartbeatMs: number,
): Promise<void> {
  const { topic, partition, highWatermark } = payload.batch;
  const batch = payload.batch as unknown as {
    readonly fetchedOffset: string;
    readonly messages: readonly FetchedBatch[];
  };
  const membership = {
    heartbeat: () => payload.heartbeat(),
    isCurrent: () => payload.isRunning() && !payload.isStale(),
  };
  const endOffset = Number(highWatermark);
  // kafkajs sends no heartbeat while a batch is dealt with, which may have to ask a slow server.
  const taken = await keepingAlive(membership.heartbeat, heartbeatMs / 2, () =>
    inRuns(batch.messages, Number(batch.fetchedOffset), (run) =>
      receiver.batch({ topic, partition, endOffset, ...run }, membership),
    ),
  );
  if (taken) payload.resolveOffset(payload.batch.lastOffset());
}
