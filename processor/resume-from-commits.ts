// Where reading a partition begins. Offsets mean something only together with the topic's id, which is
// committed beside them: commits for a deleted topic say nothing about its successor.
import type { NotedOffset } from '../platform/kafka/group-consumer.ts';
import type { LogRange } from '../platform/kafka/log-ranges.ts';

export interface Known {
  /** The id of the topic now. */
  readonly topicId: string;
  readonly log: LogRange;
  /** What the group committed; its note is the topic's id. Others than us note nothing. */
  readonly committed: NotedOffset | undefined;
  /** How far this process came: everything below is acknowledged. */
  readonly landed: NotedOffset | undefined;
  readonly fromBeginning: boolean;
}

export interface Resume {
  readonly position: number;
  /** What a person should know about it. */
  readonly warning?: string;
}

/** Decides where to go on: never after a record whose outputs nobody acknowledged. */
export function resume({ committed, fromBeginning, landed, log, topicId }: Known): Resume {
  const own = landed?.note === topicId ? landed.offset : undefined;
  const isOurs = committed?.note === topicId || committed?.note === '';
  const known = isOurs && !fromBeginning ? committed.offset : undefined;
  if (own !== undefined || known !== undefined) {
    return within(Math.max(own ?? 0, known ?? 0), log);
  }
  // Kafka forgets what was committed for a topic that is deleted, but not at once.
  const isReplaced = landed !== undefined || (committed !== undefined && !isOurs);
  if (!isReplaced) return { position: log.begin };
  const warning = 'the topic was deleted and created again: reading it from its start';
  return { position: log.begin, warning };
}

function within(offset: number, { begin, end }: LogRange): Resume {
  if (offset < begin) {
    const warning = `offsets ${offset} to ${begin - 1} left the log before they were read: skipping them`;
    return { position: begin, warning };
  }
  if (offset > end) {
    const warning =
      `its log ends at ${end}, but was read up to ${offset}: the broker lost records. Reading it from its ` +
      'start; a sink treats new records at offsets that it has seen as duplicates';
    return { position: begin, warning };
  }
  return { position: offset };
}
