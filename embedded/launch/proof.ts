// Asks the broker and the tables for the state of a run on one track: the position of every partition at its
// beginning, the ends of the logs now, and the outcome of the offsets in between.
import { sourceOf } from '../../streams/origin.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { OpenTransactions } from '../../platform/kafka/open-transactions.ts';
import type { KafkaConfig } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { whatLanded, type Hop, type PartitionStanding, type TrackStanding } from './account.ts';
import { LandedSince, type Begins } from './landed-since.ts';
import { sameTopic, type Begun, type Ranges } from './same-topic.ts';
import type { Track } from './tracks.ts';

const CLIENT = 'sensorhouse-launcher';

/** What an earlier answer found, for an answer to the same question later. */
export interface Known {
  /** Where the log of each topic ends. */
  readonly ends: ReadonlyMap<string, Ranges>;
  readonly standing: TrackStanding;
}

/** What of a start's settings it takes to ask. */
export interface Asked {
  readonly fromBeginning: boolean;
  readonly setup: KafkaConfig & Parameters<typeof clickhouseTarget>[0];
}

export class Proof implements AsyncDisposable {
  readonly #config: Asked;
  readonly #clickhouse: ClickHouse;
  readonly #track: Track;
  /** Of the topic that the consumer reads; the last one is the topic as it is now. */
  readonly #read: Begun[] = [];
  /** Sources of the topic's name that were claimed before the run. */
  readonly #earlier = new Set<string>();
  /** Of the topic that producers send to, if it is another one. */
  readonly #sent: Begun[] = [];

  private constructor(config: Asked, track: Track) {
    this.#config = config;
    this.#track = track;
    this.#clickhouse = new ClickHouse(clickhouseTarget(config.setup), CLIENT);
  }

  /** Notes where every partition stands now: the run begins here. */
  static async begin(config: Asked, track: Track): Promise<Proof> {
    const proof = new Proof(config, track);
    await proof.#asking(async (offsets, identities) => {
      const { landed, processor, topic } = track;
      const source = sourceOf(landed, await identities.idOf(landed));
      const positions = await proof.#since(source).positions();
      for (const each of await proof.#since(source).sourcesOf(landed)) proof.#earlier.add(each);
      proof.#read.push(begunAt(source, await offsets.rangesOf(landed), positions));
      if (processor === undefined) return;
      const committed = await offsets.committedBy(processor.group, topic).catch(() => NOTHING);
      const ranges = await offsets.rangesOf(topic);
      const from = new Map(
        [...ranges].map(([partition, { begin, end }]) => {
          const first = config.fromBeginning ? begin : end;
          return [partition, committed.get(partition) ?? first] as const;
        }),
      );
      proof.#sent.push(begunAt(sourceOf(topic, await identities.idOf(topic)), ranges, from));
    });
    return proof;
  }

  /**
   * How the run stands. With an earlier answer the ends of the logs are those, so that others who go on
   * sending do not put the end off for ever.
   * @throws {UnavailableError | ConfigError}
   */
  async standing(known?: Known): Promise<Known> {
    return this.#asking(async (offsets, identities) => {
      const { landed, processor, topic } = this.#track;
      const looking = { idOf: (name: string) => identities.idOf(name), rangesOf: (name: string) => offsets.rangesOf(name) }; // prettier-ignore
      // In this order: a record that the processor has dealt with is in the next topic before that is committed.
      let sent: Ranges | undefined;
      let committed: Begins | undefined;
      if (processor !== undefined) {
        sent = (await sameTopic(topic, this.#sent, looking, known?.ends.get(topic))).ranges;
        committed = await offsets.committedBy(processor.group, topic).catch(() => NOTHING);
      }
      const isOver = (known?.standing.hop?.waiting ?? 0) === 0;
      const kept = isOver ? known?.ends.get(landed) : undefined;
      const positionsOf = (source: string) => this.#since(source).positions();
      const read = await sameTopic(landed, this.#read, { ...looking, positionsOf }, kept);
      const hop = sent === undefined ? undefined : await this.#hop(sent, committed ?? NOTHING);
      const now = this.#read.at(-1)!;
      const earlier = await this.#replaced();
      const own = await this.#since(now.source).standings(now.begins, read.ranges, read.positions);
      const standing = {
        partitions: [...earlier, ...own],
        before: this.#read[0]!.before,
        hidden: await this.#hidden(known),
        direct: hop === undefined ? 0 : await this.#since(now.source).direct(now.begins),
        hop,
        replaced: this.#read.length > 1 || this.#sent.length > 1,
      };
      const ends = new Map([[landed, read.ranges]]);
      if (sent !== undefined) ends.set(topic, sent);
      return { standing, ends };
    });
  }

  /** Whether any row of this run can be queried. */
  async hasRows(): Promise<boolean> {
    const { begins, source } = this.#read.at(-1)!;
    return this.#since(source).hasRows(begins);
  }

  /** What landed of topics that are gone; the rest of them cannot land any more. */
  async #replaced(): Promise<PartitionStanding[]> {
    await this.#findUnseen();
    const found: PartitionStanding[] = [];
    for (const { begins, source } of this.#read.slice(0, -1)) {
      const since = this.#since(source);
      const positions = await since.positions();
      const partitions = [...new Set([...begins.keys(), ...positions.keys()])];
      const ends = new Map(partitions.map((each) => [each, { end: Number.MAX_SAFE_INTEGER }]));
      found.push(...(await since.standings(begins, ends, NOTHING)).map(whatLanded));
    }
    return found;
  }

  /** A topic may have come and gone between two looks: the consumer claimed it all the same. */
  async #findUnseen(): Promise<void> {
    const now = this.#read.at(-1)!;
    const seen = new Set([...this.#earlier, ...this.#read.map(({ source }) => source)]);
    const sources = await this.#since(now.source).sourcesOf(this.#track.landed);
    const unseen = sources.filter((source) => !seen.has(source));
    this.#read.splice(-1, 0, ...unseen.map((source) => ({ source, begins: NOTHING, before: 0 })));
  }

  async #hop(sent: Ranges, committed: Begins): Promise<Hop | undefined> {
    const { processor, topic } = this.#track;
    const now = this.#sent.at(-1);
    if (now === undefined || processor === undefined) return undefined;
    const landed = this.#since(this.#read.at(-1)!.source);
    const done = new Map<number, number>();
    const sums = { arrived: 0, before: this.#sent[0]!.before, waiting: 0, unmade: 0 };
    for (const [partition, { end }] of sent) {
      const begin = Math.min(now.begins.get(partition) ?? 0, end);
      const next = Math.min(end, Math.max(begin, committed.get(partition) ?? begin));
      done.set(partition, next);
      sums.arrived += end - begin;
      sums.waiting += end - next;
      sums.unmade += next - begin;
    }
    sums.unmade -= await landed.made(now.source, now.begins, done);
    for (const { begins, source } of this.#sent.slice(0, -1)) {
      sums.arrived += await landed.made(source, begins);
    }
    return { topic, maker: `processor ${processor.name}`, ...sums };
  }

  /** Asked again when the logs are: an open transaction ends or does not. */
  async #hidden(known: Known | undefined): Promise<number> {
    if (known !== undefined) return known.standing.hidden;
    await using transactions = new OpenTransactions(this.#config.setup, CLIENT);
    return await transactions.recordsOf(this.#track.topic);
  }

  #since(source: string): LandedSince {
    return new LandedSince(this.#clickhouse, this.#track.stream, source);
  }

  /** A connection that is kept would have to be looked after when Kafka stops. */
  async #asking<T>(
    ask: (offsets: TopicOffsets, identities: TopicIdentities) => Promise<T>,
  ): Promise<T> {
    const { setup } = this.#config;
    await using identities = new TopicIdentities(setup, CLIENT);
    await using offsets = new TopicOffsets(setup, silentLog(), CLIENT);
    return await ask(offsets, identities);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clickhouse[Symbol.asyncDispose]();
  }
}

const NOTHING: Begins = new Map();

/** `landed` is the first offset that has not landed, where that is known; the log has the last word. */
function begunAt(source: string, ranges: Ranges, landed: Begins): Begun {
  const begins = new Map<number, number>();
  let before = 0;
  for (const [partition, { begin, end }] of ranges) {
    const first = Math.min(end, Math.max(begin, landed.get(partition) ?? begin));
    begins.set(partition, first);
    before += end - first;
  }
  return { source, begins, before };
}
