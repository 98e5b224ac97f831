// Publishes dead letters again so that each lands in Kafka once, wherever the process is killed. The order is
// the proof: claim, finish the work of an earlier run, and for every batch write an intent with the batch's
// identity, publish it under that identity, and only then record that it is published.
import { randomUUID } from 'node:crypto';
import { UnavailableError } from '../../platform/errors.ts';
import type { BatchSender } from '../../platform/kafka/batch-sender.ts';
import type { LogRange } from '../../platform/kafka/log-ranges.ts';
import type { Ownership } from '../fence.ts';
import type { LetterFilter, OpenPartition, RedriveBook } from './redrive-book.ts';
import {
  batchesOf,
  isViaProcessor,
  messageOf,
  topicOf,
  type OpenLetter,
  type Redrive,
} from './redrive.ts';
import type { Forecaster } from './redrive-forecast.ts';
import { sourceOf } from '../../streams/origin.ts';

/** What re-driving asks of Kafka, besides sending. */
export interface RedriveTopics {
  exists(topic: string): Promise<boolean>;
  topicId(topic: string): Promise<string>;
  logRanges(topic: string): Promise<ReadonlyMap<number, LogRange>>;
}

export interface RedriveParts {
  readonly book: RedriveBook;
  readonly sender: BatchSender;
  readonly topics: RedriveTopics;
  /** Once aborted, no further batch is begun. */
  readonly signal: AbortSignal;
}

export interface RedriveOrder extends LetterFilter {
  /** At most so many letters; those of an interrupted run come on top. */
  readonly limit: number;
  /** Letters whose fate cannot be known any more are published again too, at the risk of a second row. */
  readonly doubtful: boolean;
  /** Says which letters would be rejected again: they are left open. Undefined: all are published. */
  readonly forecast: Forecaster | undefined;
}

/** Letters by their outcome in this run. */
export interface RedriveAccount {
  published: number;
  /** Of an interrupted run, found in Kafka or brought there now. */
  finished: number;
  refused: number;
  /** Left open because they would be rejected again. */
  kept: number;
  doubtful: number;
  /** Open ones whose topic does not exist any more. */
  homeless: number;
}

export const LIMITS = { letters: 500, bytes: 256 * 1024 };
export const PAGE = 20_000;

/**
 * Publishes the open dead letters that `order` names. Those that come in meanwhile are left alone: a
 * message that is rejected again waits for the next run.
 * @throws {FencedError} another run took over. {UnavailableError | UnclearOutcomeError} run it again:
 * what is unfinished is written down.
 */
export async function redrive(parts: RedriveParts, order: RedriveOrder): Promise<RedriveAccount> {
  return new Redriver(parts, await parts.book.claim()).run(order);
}

class Redriver {
  readonly #parts: RedriveParts;
  readonly #ownership: Ownership;
  readonly #account: RedriveAccount = {
    published: 0,
    finished: 0,
    refused: 0,
    kept: 0,
    doubtful: 0,
    homeless: 0,
  };

  constructor(parts: RedriveParts, ownership: Ownership) {
    this.#parts = parts;
    this.#ownership = ownership;
  }

  async run(order: RedriveOrder): Promise<RedriveAccount> {
    const { book, signal } = this.#parts;
    for (const interrupted of await book.interrupted()) {
      if (signal.aborted) return this.#account;
      await this.#finish(interrupted);
    }
    if (order.doubtful) await book.giveUpDoubts(this.#ownership);
    let left = order.limit;
    const partitions = await this.#withTopic(await book.openPartitions(order));
    const ends = await this.#endsOf(partitions);
    for (const [index, partition] of partitions.entries()) {
      left -= await this.#redrivePartition(partition, ends[index]!, order, left);
      if (left <= 0 || signal.aborted) break;
    }
    return this.#account;
  }

  async #withTopic(partitions: readonly OpenPartition[]): Promise<OpenPartition[]> {
    const kept: OpenPartition[] = [];
    for (const partition of partitions) {
      const { topics } = this.#parts;
      const own = await topics.exists(topicOf(partition.source));
      if (own && (await topics.exists(topicOf(partition.home.source)))) kept.push(partition);
      else this.#account.homeless += partition.letters;
    }
    return kept;
  }

  /** Where the logs end now: letters of later offsets came from what this run publishes. */
  #endsOf(partitions: readonly OpenPartition[]): Promise<number[]> {
    const { topics } = this.#parts;
    return Promise.all(
      partitions.map(async ({ partition, source }) => {
        const topic = topicOf(source);
        const current = sourceOf(topic, await topics.topicId(topic)) === source;
        const end = (await topics.logRanges(topic)).get(partition)?.end;
        return current && end !== undefined ? end : Number.MAX_SAFE_INTEGER;
      }),
    );
  }

  /** Resolves to how many letters were taken. */
  async #redrivePartition(
    where: OpenPartition,
    to: number,
    order: RedriveOrder,
    most: number,
  ): Promise<number> {
    let taken = 0;
    for (let from = 0; taken < most;) {
      const limit = Math.min(PAGE, most - taken);
      const page = await this.#parts.book.open(where, order, { from, to, limit });
      if (page.length === 0) break;
      for (const read of batchesOf(page, LIMITS)) {
        if (this.#parts.signal.aborted) return taken;
        const letters = await this.#promising(where, read, order.forecast);
        if (letters.length > 0) await this.#begin(where, letters);
        taken += letters.length;
      }
      from = page.at(-1)!.offset + 1;
    }
    return taken;
  }

  /** Those of the letters that would not be rejected again. */
  async #promising(
    where: OpenPartition,
    letters: readonly OpenLetter[],
    forecast: Forecaster | undefined,
  ): Promise<readonly OpenLetter[]> {
    if (forecast === undefined) return letters;
    const nowMs = Date.now();
    const bad = new Set<number>();
    for (const content of await this.#parts.book.contents({ ...where, letters })) {
      const { kind } = forecast(content, isViaProcessor(where), nowMs);
      if (kind === 'rejected' || kind === 'filtered') bad.add(content.offset);
    }
    this.#account.kept += bad.size;
    return letters.filter(({ offset }) => !bad.has(offset));
  }

  async #begin(
    { home, partition, source }: OpenPartition,
    letters: readonly OpenLetter[],
  ): Promise<void> {
    const { book, sender, topics } = this.#parts;
    const topic = topicOf(home.source);
    const topicId = await topics.topicId(topic);
    const range = (await topics.logRanges(topic)).get(home.partition);
    if (range === undefined) {
      throw new UnavailableError(
        `topic ${topic} has no partition ${home.partition} any more; add partitions and run it again`,
      );
    }
    const begun: Redrive = {
      id: randomUUID(),
      source,
      partition,
      letters: letters.map(({ attempts, offset }) => ({ offset, attempt: attempts + 1 })),
      target: { topic, topicId, partition: home.partition },
      from: range.end,
      identity: await sender.newIdentity(),
    };
    await book.intend(begun, this.#ownership);
    const outcome = await this.#publish(begun);
    if (outcome === 'published') this.#account.published += letters.length;
    else if (outcome === 'void' && letters.length > 1) {
      // One of them is too much for the broker; alone each is judged for itself.
      for (const letter of letters)
        await this.#begin({ home, partition, source, letters: 1 }, [letter]);
    } else if (outcome === 'void') this.#account.refused += 1;
    else this.#account.doubtful += letters.length;
  }

  /** Ends what a run before this one began. Whether it was published is in the log, or decided now. */
  async #finish(begun: Redrive): Promise<void> {
    const { book, sender, topics } = this.#parts;
    const { from, letters, target } = begun;
    const doubt = (detail: string): Promise<void> => {
      this.#account.doubtful += letters.length;
      return book.conclude(begun, this.#ownership, 'doubt', { detail });
    };
    const exists = await topics.exists(target.topic);
    if (!exists || (await topics.topicId(target.topic)) !== target.topicId) {
      return doubt(
        'the topic was replaced before the re-drive could look whether the letters are in it',
      );
    }
    const range = (await topics.logRanges(target.topic)).get(target.partition);
    const [begin, end] = [range?.begin ?? 0, range?.end ?? 0];
    const found = await sender.find(target, begun.identity, Math.max(from, begin), end);
    if (found !== undefined) {
      this.#account.finished += letters.length;
      return book.conclude(begun, this.#ownership, 'published', { base: found });
    }
    if (begin > from) return doubt('the offsets that may hold them have left the log');
    const outcome = await this.#publish(begun);
    if (outcome === 'published') this.#account.finished += letters.length;
    else if (outcome === 'doubt') this.#account.doubtful += letters.length;
  }

  /** Sends a batch that is written down, and writes down what came of it. */
  async #publish(begun: Redrive): Promise<'published' | 'void' | 'doubt'> {
    const { book, sender, topics } = this.#parts;
    const { identity, letters, target } = begun;
    const contents = await book.contents(begun);
    if (contents.length !== letters.length) {
      // Another number of records would be another batch to the broker.
      const detail = 'some of their dead letters were deleted meanwhile';
      await book.conclude(begun, this.#ownership, 'doubt', { detail });
      return 'doubt';
    }
    const messages = contents.map((content, place) => {
      return messageOf(content, begun, letters[place]!.attempt);
    });
    const outcome = await sender.send(target, identity, messages);
    if (outcome.kind === 'refused') {
      await book.conclude(begun, this.#ownership, 'void', { detail: outcome.reason });
      return 'void';
    }
    // The same id before and after proves that the offset is one of this topic.
    if ((await topics.topicId(target.topic)) !== target.topicId) {
      throw new UnavailableError(`topic ${target.topic} was replaced meanwhile; run it again`);
    }
    await book.conclude(begun, this.#ownership, 'published', { base: outcome.offset });
    return 'published';
  }
}
