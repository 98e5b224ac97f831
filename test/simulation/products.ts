// What processors made, as the broker of the output sees it: every product is of a record that was there, and
// what arrives too late or twice is appended all the same. It knows which records were made at least once.
import type { NotedOffset } from '../../platform/kafka/group-consumer.ts';
import type { OutgoingRecord } from '../../platform/kafka/record-batch-writer.ts';
import { ORIGIN_HEADER, readOrigin, sourceOf } from '../../streams/origin.ts';
import type { Chance } from './chance.ts';
import { valueOf } from './record-bytes.ts';
import { isCommitted, type LogRecord, type Message, type Topic } from './topic.ts';
import type { VirtualTime } from './virtual-time.ts';

const TWICE = 0.03;
const LATE_MS = 4_000;
/** The broker refuses the content of every record whose number is a multiple. */
const REFUSED_EVERY = 97;

export function isRefused({ id }: Message): boolean {
  return id % REFUSED_EVERY === 0;
}

export class Products {
  readonly #raw: Topic;
  readonly #processed: Topic;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #breach: (what: string) => void;
  /** Offsets of the records that something was made of, by source and partition. */
  readonly #made = new Map<string, Set<number>>();

  constructor(
    topics: { readonly raw: Topic; readonly processed: Topic },
    time: VirtualTime,
    chance: Chance,
    breach: (what: string) => void,
  ) {
    this.#raw = topics.raw;
    this.#processed = topics.processed;
    this.#time = time;
    this.#chance = chance;
    this.#breach = breach;
  }

  /**
   * Appends records as a sender gets them there: all, or those before the first one that the broker refuses.
   * Returns how many.
   */
  append(partition: number, records: readonly OutgoingRecord[]): number {
    const messages: Message[] = [];
    let refusedAt: number | undefined;
    for (const [index, { headers, value }] of records.entries()) {
      const origin = headers.find(([name]) => name === ORIGIN_HEADER)?.[1]?.toString() ?? '';
      const read = this.#readFrom(origin);
      if (read === undefined) this.#breach(`${origin} was made and is no committed record`);
      if (read === undefined || value === null) continue;
      if (readOrigin(origin)?.partition !== partition) {
        this.#breach(`${origin} went to partition ${partition}, away from its neighbours`);
      }
      const isWhole = value.equals(valueOf(read));
      if (isWhole && isRefused(read)) {
        refusedAt = index;
        break;
      }
      if (!isWhole && !isRefused(read)) this.#breach(`${origin} was made into something else`);
      messages.push({ id: read.id, good: read.good && isWhole, origin });
    }
    if (messages.length > 0) this.#processed.append(partition, messages);
    for (const { origin } of messages) this.#note(origin!);
    if (this.#chance.happens(TWICE)) {
      const late = this.#chance.between(1, LATE_MS);
      this.#time.after(late, () => this.#processed.append(partition, messages));
    }
    return refusedAt ?? records.length;
  }

  #readFrom(origin: string): LogRecord | undefined {
    const place = readOrigin(origin);
    const incarnation = this.#raw.incarnations.find(
      ({ id }) => sourceOf(this.#raw.name, id) === place?.source,
    );
    const record = incarnation?.partitions[place?.partition ?? -1]?.all.get(place?.offset ?? -1);
    return record === undefined || !isCommitted(record) ? undefined : record;
  }

  #note(origin: string): void {
    const { offset, partition, source } = readOrigin(origin)!;
    const key = `${source}/${partition}`;
    const made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, new Set([offset]));
    else made.add(offset);
  }

  isMade(source: string, partition: number, offset: number): boolean {
    return this.#made.get(`${source}/${partition}`)?.has(offset) ?? false;
  }

  /** A commit says that everything before was made: the next processor starts there. */
  assertMadeBefore(partition: number, { note, offset: end }: NotedOffset): void {
    const incarnation = this.#raw.incarnations.find(({ id }) => id === note);
    const source = sourceOf(this.#raw.name, note);
    for (const batch of incarnation?.partitions[partition]?.batches ?? []) {
      if (batch.first >= end) return;
      for (const record of batch.records) {
        const { offset } = record;
        if (offset >= end || !isCommitted(record) || this.isMade(source, partition, offset))
          continue;
        this.#breach(`${end} of ${source}/${partition} was committed and ${offset} was not made`);
        return;
      }
    }
  }
}
