// The oracle: after a history every offset of a topic is a row with its own value, a dead letter, or gone, and
// never two of these; and where processors stand between, every record was made at least once and landed once. It
// knows the logs and the tables, and nothing of how one became the other.
import { DUPLICATE } from '../../consumer/gap.ts';
import { readOrigin, sourceOf, type Origin } from '../../streams/origin.ts';
import { isRefused, type Products } from './products.ts';
import { goneOf, isIn, rangesFor, startOf, type Held, type TableServer } from './table-server.ts';
import { isCommitted, type Partition, type Topic } from './topic.ts';

/**
 * What is wrong or, with `progress`, not there yet; undefined for nothing. Of a topic that was deleted only
 * what landed is looked at: what nobody read of it is lost with it.
 */
export function account(
  topic: Topic,
  server: TableServer,
  look: 'progress' | 'final',
  input: Topic,
): string | undefined {
  for (const { id, partitions } of topic.incarnations) {
    const source = sourceOf(topic.name, id);
    for (const [partition, log] of partitions.entries()) {
      const where = `${source}/${partition}`;
      const held = server.held(source, partition);
      const wrong =
        (look === 'final' ? wronglyLanded(where, source, log, held, server, input) : undefined) ??
        (id === topic.current.id ? missing(where, log, held) : undefined);
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
}

function wronglyLanded(
  where: string,
  source: string,
  log: Partition,
  held: Held,
  server: TableServer,
  input: Topic,
): string | undefined {
  const gone = goneOf(held);
  for (const [offset, { id }] of held.rows) {
    const record = log.all.get(offset);
    if (record?.id !== id || !record.good) return `row ${offset} of ${where} is not its record`;
    if (!isCommitted(record)) return `row ${offset} of ${where} was never committed`;
    if (isIn(gone, offset)) return `row ${offset} of ${where} is recorded as gone`;
  }
  for (const offset of held.dead.keys()) {
    const record = log.all.get(offset);
    if (record?.good !== false) return `dead letter ${offset} of ${where} is an event`;
    if (!isCommitted(record)) return `dead letter ${offset} of ${where} was never committed`;
    if (isIn(gone, offset)) return `dead letter ${offset} of ${where} is recorded as gone`;
  }
  const duplicates = rangesFor(held, [DUPLICATE]);
  const there = new Map(log.batches.flatMap(({ records }) => records.map((at) => [at.offset, at])));
  for (const { first, last } of gone) {
    for (let offset = first; offset <= last; offset += 1) {
      const record = there.get(offset);
      if (record === undefined || !isCommitted(record)) continue;
      if (!isIn(duplicates, offset)) {
        return `offset ${offset} of ${where} is recorded as gone and is in the log`;
      }
      const origin = readOrigin(record.origin!)!;
      if (server.madeFrom(source, origin) !== undefined || !isThere(origin, input)) continue;
      return `offset ${offset} of ${where} was left out as made twice and landed nowhere`;
    }
  }
  return undefined;
}

/**
 * Whether a record is still in its log. A processor that begins after retention or compaction took it passes it
 * over, and what an older one makes of it all the same then comes too late.
 */
function isThere({ offset, partition, source }: Origin, input: Topic): boolean {
  const incarnation = input.incarnations.find(({ id }) => sourceOf(input.name, id) === source);
  const batches = incarnation?.partitions[partition]?.batches ?? [];
  return batches.some(({ records }) => records.some((record) => record.offset === offset));
}

function missing(where: string, log: Partition, held: Held): string | undefined {
  const gone = goneOf(held);
  for (let offset = Math.max(startOf(held), 0); offset < log.end; offset += 1) {
    if (held.rows.has(offset) || held.dead.has(offset) || isIn(gone, offset)) continue;
    // The last offsets of a log may have no record: then nobody reads a batch that would say so.
    if (offset >= log.begin && isBeyondBatches(log, offset)) continue;
    return `offset ${offset} of ${where} never landed (the log is ${log.begin} to ${log.end})`;
  }
  return undefined;
}

function isBeyondBatches({ batches }: Partition, offset: number): boolean {
  return batches.every(({ last }) => last < offset);
}

/** The same for records that processors read: the outcome of each that is still in their log. */
export function accountOfProducts(
  raw: Topic,
  processed: Topic,
  products: Products,
  server: TableServer,
): string | undefined {
  const source = sourceOf(raw.name, raw.current.id);
  const landedAs = sourceOf(processed.name, processed.current.id);
  for (const [partition, { batches }] of raw.current.partitions.entries()) {
    for (const record of batches.flatMap(({ records }) => records)) {
      if (!isCommitted(record)) continue;
      const { good, offset } = record;
      const where = `record ${offset} of ${source}/${partition}`;
      if (!products.isMade(source, partition, offset)) return `of ${where} nothing was made`;
      const kind = server.madeFrom(landedAs, { source, partition, offset });
      const expected = good && !isRefused(record) ? 'rows' : 'dead';
      if (kind !== expected) return `${where} landed as ${kind ?? 'nothing'}, not as ${expected}`;
    }
  }
  return undefined;
}
