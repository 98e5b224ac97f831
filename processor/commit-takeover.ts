// The takeover of partitions whose state is the committed offset: the topic, the position of each partition,
// and the number of partitions of the outputs. It fences nobody: at worst a previous owner makes records
// twice, and the sink leaves the second ones out.
import type { NotedOffset } from '../platform/kafka/group-consumer.ts';
import { ofOneIncarnation } from '../platform/kafka/one-incarnation.ts';
import type { Owned, OwnedLog, OwnedPartition } from '../platform/kafka/partition-owner.ts';
import type { Logger } from '../platform/log.ts';
import { Parcel } from './parcel.ts';
import { resume } from './resume-from-commits.ts';

/** The topic that is read, as a member of its group sees it. */
export interface InputLog extends OwnedLog {
  /** What the group committed; the notes are ids of topics. */
  committed(): Promise<ReadonlyMap<number, NotedOffset>>;
  commit(positions: ReadonlyMap<number, number>, topicId: string): Promise<void>;
}

export interface PartitionState extends OwnedPartition {
  readonly partition: number;
  /** What is made of the records from the last one sent to `position`. */
  open: Parcel;
  sending: Promise<void> | undefined;
  /** A send failed for good: nothing that lies behind it may be sent. */
  broken: boolean;
}

/** What one assignment knows; gone with the next. */
export interface Taken extends Owned<PartitionState> {
  /** Positions that are not what the group committed. */
  readonly uncommitted: ReadonlyMap<number, number>;
  /** Partitions of each output, by the name of its stream. */
  readonly widths: ReadonlyMap<string, number>;
}

export interface TakeoverParts {
  readonly input: InputLog;
  readonly sender: { partitionsOf(topic: string): Promise<number> };
  readonly topics: ReadonlyMap<string, string>;
  readonly fromBeginning: boolean;
  readonly logger: Logger;
}

/** How far each partition came, as far as this process knows; the notes are ids of topics. */
export interface Remembered {
  /** What was committed before it joined the group. */
  readonly committed: ReadonlyMap<number, NotedOffset>;
  /** What it got acknowledged itself. */
  readonly landed: ReadonlyMap<number, NotedOffset>;
}

/**
 * One attempt.
 * @throws {UnavailableError | ConfigError}
 */
export async function takeOver(
  partitions: readonly number[],
  remembered: Remembered,
  { fromBeginning, input, logger, sender, topics }: TakeoverParts,
): Promise<Taken> {
  const widths = new Map<string, number>();
  for (const [stream, topic] of topics) widths.set(stream, await sender.partitionsOf(topic));
  const { known, ranges, topicId } = await ofOneIncarnation(input, partitions, () =>
    input.committed(),
  );
  const states = new Map<number, PartitionState>();
  const uncommitted = new Map<number, number>();
  for (const partition of partitions) {
    const log = ranges.get(partition)!;
    const found = known.get(partition);
    // What has no note, or is no offset, was committed by kafkajs over one that was out of range.
    const before = remembered.committed.get(partition);
    const committed = (found?.note ?? '') === '' ? (before ?? found) : found;
    const landed = remembered.landed.get(partition);
    const { position, warning } = resume({ topicId, log, committed, landed, fromBeginning });
    if (warning !== undefined) {
      logger.warn({ partition, position }, `partition ${partition}: ${warning}`);
    }
    if (found?.offset !== position || found.note !== topicId) {
      uncommitted.set(partition, position);
    }
    states.set(partition, stateAt(partition, position, log.end));
  }
  return { topicId, states, uncommitted, widths };
}

function stateAt(partition: number, position: number, end: number): PartitionState {
  const open = new Parcel(position);
  const nothing = { sought: undefined, sending: undefined, broken: false };
  return { partition, position, landed: position, end, open, ...nothing };
}

/** True when all that was taken is acknowledged. */
export function isIdle({ states }: Taken): boolean {
  return [...states.values()].every(({ landed, position }) => landed === position);
}
