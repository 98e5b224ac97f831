// The one way to become the writer of partitions, used at every assignment and after every write
// whose outcome is unknown: name the log, claim, end what is still being written, and only then read
// what has landed. The order is the proof: nothing can land between the reading and our first insert.
import { ConfigError, FencedError, UnavailableError } from '../platform/errors.ts';
import type { LogRange } from '../platform/kafka/log-ranges.ts';
import type { Logger } from '../platform/log.ts';
import { pause, type Availability } from '../platform/retry.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { Ownership } from './fence.ts';
import { covered } from './gap.ts';
import { factsOf } from './lost.ts';
import type { Origins } from './origins.ts';
import type { PartitionState } from './partition.ts';
import { holes, resume, type Resume } from './resume.ts';
import type { Facts, FloorRow, Landed } from './sink.ts';
import { sourceOf } from './source.ts';

/** What a takeover asks of Kafka. */
export interface TopicLog {
  readonly topic: string;
  /** The topic's id, asked freshly. */
  topicId(): Promise<string>;
  logRanges(): Promise<ReadonlyMap<number, LogRange>>;
  committed(): Promise<ReadonlyMap<number, number>>;
}

export interface Taken {
  readonly ownership: Ownership;
  readonly topicId: string;
  readonly states: Map<number, PartitionState>;
}

export interface TakeoverParts {
  readonly log: TopicLog;
  readonly facts: Facts;
  readonly availability: Availability;
  readonly logger: Logger;
  readonly runtime: Runtime;
}

/** The log lost records that were ingested; going on would skip what comes next. */
export class LogTruncatedError extends Error {
  override readonly name = 'LogTruncatedError';
}

/**
 * Takes over `partitions`, waiting out whatever is away; undefined when `isCurrent` turned false.
 * It tells `availability` what it waits for; that all is back is the caller's to say.
 * @throws {ConfigError | LogTruncatedError}
 */
export async function takeOver(
  partitions: readonly number[],
  parts: TakeoverParts,
  isCurrent: () => boolean,
): Promise<Taken | undefined> {
  for (let attempt = 0; isCurrent(); attempt += 1) {
    try {
      const taken = await takeOnce(partitions, parts);
      return isCurrent() ? taken : undefined;
    } catch (error) {
      if (error instanceof UnavailableError) parts.availability.lost(error);
      else if (!(error instanceof FencedError)) throw error;
    }
    await pause(attempt, parts.runtime);
  }
  return undefined;
}

async function takeOnce(
  partitions: readonly number[],
  { facts, log, logger }: TakeoverParts,
): Promise<Taken> {
  const topicId = await log.topicId();
  const source = sourceOf(log.topic, topicId);
  const ownership = await facts.claim(source, partitions);
  const landed = await facts.landed(source, partitions);
  const committed = await seeds(partitions, landed, log, facts);
  // The log last: it may grow meanwhile, but a position that was read before never lies beyond it.
  const ranges = await log.logRanges();
  if ((await log.topicId()) !== topicId) {
    // These offsets are of another log: they would look like lost records, or like a gap.
    throw new UnavailableError(`Kafka: topic ${log.topic} was just created again`);
  }
  const states = new Map<number, PartitionState>();
  const positions = new Map<number, number>();
  const floors: FloorRow[] = [];
  for (const partition of partitions) {
    const range = ranges.get(partition);
    if (range === undefined) {
      throw new UnavailableError(`Kafka: partition ${partition} of ${log.topic} is not there yet`);
    }
    const { floor, rows } = landed.get(partition) ?? { floor: undefined, rows: undefined };
    const seed = committed?.get(partition);
    const upgraded = committed !== undefined;
    const answer = resume({ floor, rows, committed: seed, upgraded, log: range });
    const position = positionOf(answer, partition, range, log.topic);
    if (answer.kind === 'at' && answer.floor !== undefined) {
      const fact = { partition, ...answer.floor };
      floors.push(...(await factsOf(answer.floor, source, partition, facts)));
      if (fact.reason !== 'start') logger.warn(fact, `partition ${partition}: ${fact.detail}`);
    }
    if (rows !== undefined) await tellHoles(rows, source, partition, facts, logger);
    const dead = await facts.deadFrom(source, partition, position);
    const recorded = answer.kind === 'at' ? (answer.floor?.offset ?? floor ?? 0) : 0;
    positions.set(partition, position);
    const origins: Origins = new Map();
    const reached = { position, landed: position, recorded, end: range.end };
    states.set(partition, { ...reached, dead, origins, sought: undefined });
  }
  for (const [partition, met] of await facts.origins(source, positions)) {
    for (const [origin, offset] of met) states.get(partition)?.origins.set(origin, offset);
  }
  await facts.recordFloors(ownership, floors);
  return { ownership, topicId, states };
}

/** Says when offsets between a partition's rows are missing or there twice; costs nothing if not. */
async function tellHoles(
  rows: NonNullable<Landed['rows']>,
  source: string,
  partition: number,
  facts: Facts,
  logger: Logger,
): Promise<void> {
  if (holes(rows, 0) === 0) return;
  const { max, min } = rows;
  let left = holes(rows, await facts.deadBetween(source, partition, min, max));
  if (left > 0) left -= covered(await facts.gone(source, partition), { first: min, last: max });
  if (left === 0) return;
  // Retention takes the oldest parts in no order: holes are what it leaves on its way.
  if (left > 0 && (await facts.retentionDays()) !== undefined) return;
  const what = left > 0 ? `${left} are in no table` : `${-left} rows are too many`;
  const text = `partition ${partition}: of offsets ${min} to ${max} ${what}; npm run audit tells more`;
  logger.warn({ partition, min, max, holes: left }, text);
}

/** Committed offsets, asked for only when a partition has no trace and the table is an upgraded one. */
async function seeds(
  partitions: readonly number[],
  landed: ReadonlyMap<number, Landed>,
  log: TopicLog,
  facts: Facts,
): Promise<ReadonlyMap<number, number> | undefined> {
  if (partitions.every((partition) => landed.has(partition))) return undefined;
  return (await facts.isUpgraded(log.topic)) ? log.committed() : undefined;
}

function positionOf(answer: Resume, partition: number, range: LogRange, topic: string): number {
  if (answer.kind === 'at') return answer.position;
  throw new LogTruncatedError(
    `partition ${partition} of ${topic} ends at ${range.end}, but offsets up to ` +
      `${answer.position - 1} were ingested from it: the broker lost records. Restore its log, or ` +
      'delete and create the topic anew, which starts a new source.',
  );
}

/** True when waiting will not help. */
export function isFinal(error: unknown): boolean {
  return error instanceof ConfigError || error instanceof LogTruncatedError;
}
