// For unit tests: an owner of one partition. Its work accepts every batch unless a test overrides that, and it records
// each call.
import { setImmediate } from 'node:timers/promises';
import { silentLog } from '../log.ts';
import { systemRuntime, type Runtime } from '../runtime.ts';
import type { Membership, RecordBatch } from './group-receiver.ts';
import { PartitionOwner, type Owned, type OwnedPartition, type Work } from './partition-owner.ts';

export type Taken = Owned<OwnedPartition>;

export const LOG = { begin: 0, end: 100 };

export function takenAt(position: number): Taken {
  const state = { position, landed: position, end: LOG.end, sought: undefined };
  return { topicId: 'id', states: new Map([[0, state]]) };
}

/** Offsets `first` to `last`, fetched from `asked`. */
export function fetched(first: number, last: number, asked = first): RecordBatch {
  const range = { fetchedOffset: asked, firstOffset: first, lastOffset: last };
  return { topic: 't', partition: 0, endOffset: LOG.end, records: [], ...range };
}

/** Waiting takes next to no time. */
function quick(nowMs: () => number): Runtime {
  return { ...systemRuntime, nowMs, sleep: (ms) => systemRuntime.sleep(ms / 100) };
}

/** An owner of partition 0 with work that takes everything by default. */
export function owning(
  work: Partial<Work<OwnedPartition, Taken>> = {},
  logRanges = () => Promise.resolve(new Map([[0, LOG]])),
  {
    nowMs = (): number => 0,
    topicId = (): string | Promise<string> => 'id',
    runtime = quick(nowMs),
    logger = silentLog(),
  } = {},
) {
  const said: string[] = [];
  const failures: Error[] = [];
  const owner = new PartitionOwner<OwnedPartition, Taken>({
    name: 'test',
    log: {
      topic: 't',
      topicId: () => Promise.resolve(topicId()),
      logRanges,
      seek: (_, offset) => said.push(`seek ${offset}`),
    },
    work: {
      takeOver: () => {
        said.push('take over');
        return Promise.resolve(takenAt(5));
      },
      began: () => undefined,
      ended: () => Promise.resolve(),
      take: ({ lastOffset }, state) => {
        said.push(`take ${state.position} to ${lastOffset}`);
        state.position = lastOffset + 1;
        return true;
      },
      isFull: () => false,
      room: () => undefined,
      ownsNone: () => void said.push('owns none'),
      held: () => undefined,
      ...work,
    },
    runtime,
    logger,
    restMs: 0,
    failed: (error) => failures.push(error),
  });
  let heartbeats = 0;
  const membership: Membership = {
    heartbeat: () => Promise.resolve(void (heartbeats += 1)),
    isCurrent: () => true,
  };
  return { owner, said, failures, membership, heartbeats: () => heartbeats };
}

/** Lets everything happen that waits for no time. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
}
