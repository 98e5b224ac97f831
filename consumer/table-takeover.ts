// The one way to become the writer of partitions whose truth is a table, used at every assignment and after every
// write whose outcome is unknown: name the log, claim, end what is still being written, and only then read what
// has landed. The order is the proof: nothing can land between the reading and our first insert.
import type { LogRange } from '../platform/kafka/log-ranges.ts';
import { ofOneIncarnation } from '../platform/kafka/one-incarnation.ts';
import type { Owned, OwnedLog } from '../platform/kafka/partition-owner.ts';
import type { Logger } from '../platform/log.ts';
import type { Ownership } from './fence.ts';
import { covered, describeGap, readGap, without } from './gap.ts';
import type { Origins } from './origins.ts';
import type { PartitionState } from './partition.ts';
import { holes, LEFT_THE_LOG, resume, type Floor, type Resume } from './resume-from-table.ts';
import type { Facts, FloorRow, Landed } from './sink.ts';
import { sourceOf } from '../streams/origin.ts';

/** What a takeover asks of Kafka. */
export interface TopicLog extends Omit<OwnedLog, 'seek'> {
  committed(): Promise<ReadonlyMap<number, number>>;
}

export interface Taken extends Owned<PartitionState> {
  readonly ownership: Ownership;
  readonly states: Map<number, PartitionState>;
}

export interface TakeoverParts {
  readonly log: TopicLog;
  readonly facts: Facts;
  readonly logger: Logger;
}

const NO_TRACE: Landed = { floor: undefined, rows: undefined };

/** The log lost records that were ingested; going on would skip what comes next. */
export class LogTruncatedError extends Error {
  override readonly name = 'LogTruncatedError';
}

/**
 * One attempt at taking `partitions` over.
 * @throws {UnavailableError | FencedError} another attempt may do. {ConfigError | LogTruncatedError}
 */
export async function takeOver(
  partitions: readonly number[],
  { facts, log, logger }: TakeoverParts,
): Promise<Taken> {
  const { known, ranges, topicId } = await ofOneIncarnation(log, partitions, async (id) => {
    const source = sourceOf(log.topic, id);
    const ownership = await facts.claim(source, partitions);
    const landed = await facts.landed(source, partitions);
    const committed = await seeds(partitions, landed, log, facts);
    return { source, ownership, landed, committed };
  });
  const { committed, landed, ownership, source } = known;
  const states = new Map<number, PartitionState>();
  const positions = new Map<number, number>();
  const floors: FloorRow[] = [];
  for (const partition of partitions) {
    const range = ranges.get(partition)!;
    const { floor, rows } = landed.get(partition) ?? NO_TRACE;
    const seed = committed?.get(partition);
    const upgraded = committed !== undefined;
    const answer = resume({ floor, rows, committed: seed, upgraded, log: range });
    const { floor: first, position } = reachable(answer, partition, range, log.topic);
    if (first !== undefined) {
      const fact = { partition, ...first };
      floors.push(...(await factsOf(first, source, partition, facts)));
      if (fact.reason !== 'start') logger.warn(fact, `partition ${partition}: ${fact.detail}`);
    }
    if (rows !== undefined) await tellHoles(rows, source, partition, facts, logger);
    const dead = await facts.deadFrom(source, partition, position);
    const recorded = first?.offset ?? floor ?? 0;
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

/**
 * The facts to record for the floor that a resume came to: a gap where retention took offsets before they were read, but
 * never over offsets of recorded dead letters. Dead letters land before the rows of their batch, so an unfinished
 * batch leaves some above the position.
 */
export async function factsOf(
  floor: Floor,
  source: string,
  partition: number,
  facts: Pick<Facts, 'deadFrom'>,
): Promise<FloorRow[]> {
  const [lost] = floor.reason === 'gap' ? readGap(floor.detail) : [];
  if (lost === undefined) return [{ partition, ...floor }];
  const { offset, reason } = floor;
  const gaps = without(lost, await facts.deadFrom(source, partition, lost.first));
  if (gaps.length === 0) return [{ partition, offset, reason: 'dead-letters', detail: '' }];
  return [{ partition, offset, reason, detail: describeGap(gaps, LEFT_THE_LOG) }];
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
  const text = `partition ${partition}: of offsets ${min} to ${max} ${what}; run npm run audit for details`;
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

/** Where to go on. @throws {LogTruncatedError} */
function reachable(
  answer: Resume,
  partition: number,
  range: LogRange,
  topic: string,
): Extract<Resume, { kind: 'at' }> {
  if (answer.kind === 'at') return answer;
  throw new LogTruncatedError(
    `partition ${partition} of ${topic} ends at ${range.end}, but offsets up to ` +
      `${answer.position - 1} were ingested from it: the broker lost records. Restore its log, or ` +
      'delete the topic and create it again, which starts a new source.',
  );
}
