// The oracle: after a history every offset of the topic is a row with its own value, a dead letter, or gone,
// and never two of these. It knows the log and the tables, and nothing of how one became the other.
import { sourceOf } from '../../streams/origin.ts';
import { goneOf, isIn, startOf, type TableServer } from './table-server.ts';
import type { Partition, Topic } from './topic.ts';

/**
 * What is wrong or, with `progress`, not there yet; undefined for nothing. Of a topic that was deleted only
 * what landed is looked at: what nobody read of it is lost with it.
 */
export function account(
  topic: Topic,
  server: TableServer,
  look: 'progress' | 'final',
): string | undefined {
  for (const { id, partitions } of topic.incarnations) {
    const source = sourceOf(topic.name, id);
    for (const [partition, log] of partitions.entries()) {
      const where = `${source}/${partition}`;
      const wrong =
        (look === 'final'
          ? wronglyLanded(where, log, server.held(source, partition))
          : undefined) ??
        (id === topic.current.id ? missing(where, log, server.held(source, partition)) : undefined);
      if (wrong !== undefined) return wrong;
    }
  }
  return undefined;
}

type Held = ReturnType<TableServer['held']>;

function wronglyLanded(where: string, log: Partition, held: Held): string | undefined {
  const gone = goneOf(held);
  for (const [offset, id] of held.rows) {
    const record = log.all.get(offset);
    if (record?.id !== id || !record.good) return `row ${offset} of ${where} is not its record`;
    if (isIn(gone, offset)) return `row ${offset} of ${where} is recorded as gone`;
  }
  for (const offset of held.dead) {
    if (log.all.get(offset)?.good !== false) return `dead letter ${offset} of ${where} is an event`;
    if (isIn(gone, offset)) return `dead letter ${offset} of ${where} is recorded as gone`;
  }
  for (const { first, last } of gone) {
    for (let offset = first; offset <= last; offset += 1) {
      const stays = log.batches.some(({ records }) => records.some((at) => at.offset === offset));
      if (stays) return `offset ${offset} of ${where} is recorded as gone and is in the log`;
    }
  }
  return undefined;
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
