// Reads the end of a topic's log and the table's position in it, and ensures that both belong to one topic:
// another topic may be created under its name at any moment, also between two of these questions.
import { sourceOf } from '../../streams/origin.ts';
import { UnavailableError } from '../../platform/errors.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import type { Begins } from './landed-since.ts';

/** A topic as it was when the run began, or when it was created again during the run. */
export interface Begun {
  readonly source: string;
  readonly begins: Begins;
  /** Offsets from `begins` on that were in the log already. */
  readonly before: number;
}

export type Ranges = ReadonlyMap<number, LogRange>;

export interface TopicQuestions {
  idOf(topic: string): Promise<string>;
  rangesOf(topic: string): Promise<Ranges>;
  /** Below which offset everything of a source has landed. */
  positionsOf?(source: string): Promise<Begins>;
}

const LOOKS = 5;

/**
 * Adds the topic to `begun` if it was created again: it belongs to the run from its start. `kept` are ranges of an
 * earlier look, to be taken instead while it is the same topic. Positions are asked before the log: see log-ranges.ts.
 * @throws {UnavailableError} also when the topic is created again faster than one can look.
 */
export async function sameTopic(
  topic: string,
  begun: Begun[],
  questions: TopicQuestions,
  kept?: Ranges,
): Promise<{ readonly ranges: Ranges; readonly positions: Begins }> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const id = await questions.idOf(topic);
    const source = sourceOf(topic, id);
    const known = source === begun.at(-1)!.source;
    const old = known ? kept : undefined;
    const asked = old === undefined ? await questions.positionsOf?.(source) : undefined;
    const ranges = old ?? (await questions.rangesOf(topic));
    if ((await questions.idOf(topic)) !== id) continue;
    const begins = new Map([...ranges].map(([partition, { begin }]) => [partition, begin]));
    if (!known) {
      // The consumer may have claimed it, and it been found by that, before it was seen here.
      const claimed = begun.findIndex((each) => each.source === source);
      if (claimed >= 0) begun.splice(claimed, 1);
      begun.push({ source, begins, before: 0 });
    }
    return { ranges, positions: asked ?? new Map<number, number>() };
  }
  throw new UnavailableError(`Kafka: topic ${topic} was just created again`);
}
