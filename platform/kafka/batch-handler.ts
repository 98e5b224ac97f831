// Passes one fetched batch of kafkajs to a receiver, run by run, and keeps the membership alive meanwhile. It
// fetches a damaged batch again before it reports the batch as unreadable.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import type { Logger } from '../log.ts';
import type { DamagedBatches } from './damaged-batches.ts';
import type { FetchedBatch } from './fetch-response.ts';
import type { GroupReceiver } from './group-receiver.ts';
import { keepingAlive } from './keep-alive.ts';
import type { InflateLimits } from './record-pieces.ts';
import { inRuns } from './record-run.ts';

/** What does not change from batch to batch. */
export interface Handling {
  readonly heartbeatMs: number;
  readonly inflate: InflateLimits;
  readonly damaged: DamagedBatches;
  readonly log: Logger;
}

/** Before a damaged batch is fetched again. */
const FETCH_AGAIN_MS = 300;

/** Resolves when the receiver has taken the batch or declined it. @throws whatever the receiver throws. */
export async function deliver(
  payload: EachBatchPayload,
  receiver: GroupReceiver,
  { damaged, heartbeatMs, inflate, log }: Handling,
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
  const last = batch.messages.at(-1)?.raw;
  const again = last?.damage !== undefined && !damaged.isConfirmed(topic, partition, last);
  const messages = again ? batch.messages.slice(0, -1) : batch.messages;
  // kafkajs sends no heartbeat while a batch is dealt with, which may have to ask a slow server.
  const taken = await keepingAlive(membership.heartbeat, heartbeatMs / 2, () =>
    inRuns(messages, Number(batch.fetchedOffset), inflate, (run) =>
      receiver.batch({ topic, partition, endOffset, ...run }, membership),
    ),
  );
  const resolved = messages.at(-1)?.offset;
  if (taken && resolved !== undefined) payload.resolveOffset(resolved);
  if (!again || !taken) return;
  const text = `${topic}: a record batch of partition ${partition} came damaged: ${last.damage}; fetching it again`;
  // The first time may be nothing: a fetch may return what was appended after it read the log's end.
  const level = damaged.readingsOf(topic, partition) > 1 ? 'warn' : 'debug';
  log[level]({ topic, partition, offset: last.baseOffset }, text);
  await sleep(FETCH_AGAIN_MS);
}
