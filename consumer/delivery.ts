// Brings one batch into the tables: it repeats only requests that certainly did not arrive, and checks first
// that the records belong to the topic they are filed under. It throws any doubt, and the lane starts over.
import { InvariantError, UnavailableError, UnclearOutcomeError } from '../platform/errors.ts';
import { pause, type Availability } from '../platform/retry.ts';
import type { Runtime } from '../platform/runtime.ts';
import { assertBatch } from './assert-batch.ts';
import type { Batch } from './batch.ts';
import type { Ownership } from './fence.ts';
import type { Sink } from './sink.ts';
import type { Taken, TopicLog } from './table-takeover.ts';
import { writeBatch } from './write-batch.ts';

interface DeliveryParts {
  readonly log: TopicLog;
  readonly runtime: Runtime;
  readonly sink: Sink;
}

/**
 * Resolves when the batch has landed.
 * @throws {UnclearOutcomeError | FencedError | ConfigError | InvariantError}; {UnavailableError} once `isStopping`.
 */
export async function deliver(
  batch: Batch,
  taken: Taken,
  { log, runtime, sink }: DeliveryParts,
  availability: Availability,
  isStopping: () => boolean,
): Promise<void> {
  assertBatch(batch, taken);
  for (let attempt = 0; ; attempt += 1) {
    try {
      await assertSameTopic(taken, log);
      await writeBatch(batch, narrowed(taken.ownership, batch), runtime.nowMs(), sink);
      availability.back();
      return;
    } catch (error) {
      if (!(error instanceof UnavailableError) || isStopping()) throw error;
      availability.lost(error);
      await pause(attempt, runtime);
    }
  }
}

/**
 * Ids never come back, so the same id before and after a fetch proves that what was fetched in
 * between is of that topic and not of one created in its place.
 */
async function assertSameTopic({ topicId }: Taken, log: TopicLog): Promise<void> {
  const now = await log.topicId();
  if (now === topicId) return;
  throw new UnclearOutcomeError(
    `topic ${log.topic} was deleted and created again: reading the new one from its start; ` +
      'the rows of the old one stay',
  );
}

/** The part of an ownership that a batch needs: a lost partition must not fence the others. */
function narrowed(ownership: Ownership, { spans }: Batch): Ownership {
  const claims = ownership.claims.filter(({ partition }) => spans.has(partition));
  if (claims.length === spans.size) return { ...ownership, claims };
  throw new InvariantError(
    `${claims.length} of the ${spans.size} partitions of a batch are claimed`,
  );
}
