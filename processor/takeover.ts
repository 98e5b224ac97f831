// What has to be known before the first record of an assignment is taken: which topic it is, where each of
// its partitions goes on, and how many partitions the outputs have.
import { UnavailableError } from '../platform/errors.ts';
import type { NotedOffset } from '../platform/kafka/group-consumer.ts';
import type { LogRange } from '../platform/kafka/log-ranges.ts';
import type { Logger } from '../platform/log.ts';
import { Parcel } from './parcel.ts';
import { resume } from './resume.ts';

/** The topic that is read, as a member of its group sees it. */
export interface InputLog {
  readonly topic: string;
  /** The topic's id, asked freshly. */
  topicId(): Promise<string>;
  logRanges(): Promise<ReadonlyMap<number, LogRange>>;
  /** What the group committed; the notes are ids of topics. */
  committed(): Promise<ReadonlyMap<number, NotedOffset>>;
  commit(positions: ReadonlyMap<number, number>, topicId: string): Promise<void>;
  seek(partition: number, offset: number): void;
}

export interface PartitionState {
  readonly partition: number;
  /** The next offset to take. */
  position: number;
  /** Everything below is acknowledged. */
  landed: number;
  /** One past the last record of the log, as last seen. */
  end: number;
  /** Where the last seek went, until something is taken. */
  sought: number | undefined;
  /** What is made of the records from the last one sent to `position`. */
  open: Parcel;
  sending: Promise<void> | undefined;
  /** A send failed for good: nothing that lies behind it may be sent. */
  broken: boolean;
}

/** What one assignment knows; gone with the next. */
export interface Taken {
  readonly topicId: string;
  readonly states: ReadonlyMap<number, PartitionState>;
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
  const topicId = await input.topicId();
  const commits = await input.committed();
  const ranges = await input.logRanges();
  if ((await input.topicId()) !== topicId) {
    throw new UnavailableError(`Kafka: topic ${input.topic} was just created again`);
  }
  const states = new Map<number, PartitionState>();
  const uncommitted = new Map<number, number>();
  for (const partition of partitions) {
    const log = ranges.get(partition);
    if (log === undefined) {
      throw new UnavailableError(
        `Kafka: partition ${partition} of ${input.topic} is not there yet`,
      );
    }
    const found = commits.get(partition);
    // What has no note, or is no offset, was committed by kafkajs over one that was out of range.
    const before = remembered.committed.get(partition);
    const committed = (found?.note ?? '') === '' ? (before ?? found) : found;
    const landed = remembered.landed.get(partition);
    const known = { topicId, log, committed, landed, fromBeginning };
    const { position, warning } = resume(known);
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

/** Records of the input that nothing is acknowledged for. */
export function lagOf({ states }: Taken): number {
  let lag = 0;
  for (const { end, landed } of states.values()) lag += Math.max(0, end - landed);
  return lag;
}

/** True when all that was taken is acknowledged. */
export function isIdle({ states }: Taken): boolean {
  return [...states.values()].every(({ landed, position }) => landed === position);
}

/**
 * Whether retention took what lies before a record that was fetched for the position; else no record was
 * there (compaction, markers). Where that cannot be found out now, it has to be found out by a takeover.
 */
export async function isLost(
  input: InputLog,
  { partition, position }: PartitionState,
): Promise<boolean> {
  try {
    return ((await input.logRanges()).get(partition)?.begin ?? 0) > position;
  } catch (error) {
    if (error instanceof UnavailableError) return true;
    throw error;
  }
}
