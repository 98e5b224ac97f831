// Asks the broker and the tables how a run stands on one track: the end of every partition's log when it
// began and now, and which of the offsets in between are rows or dead letters.
import { sourceOf } from '../../consumer/source.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { kafkaFailure } from '../../platform/kafka/failure.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { silentLog } from '../../platform/log.ts';
import { deadLetters } from '../../streams/table.ts';
import type { PartitionStanding } from './account.ts';
import type { LaunchConfig } from './config.ts';
import type { Track } from './tracks.ts';

interface Counted {
  readonly partition: number;
  readonly rows: string;
  readonly offsets: string;
}

export class Proof implements AsyncDisposable {
  readonly #clickhouse: ClickHouse;
  readonly #source: string;
  readonly #track: Track;
  readonly #begins: ReadonlyMap<number, number>;
  readonly #ends: () => Promise<Map<number, number>>;

  private constructor(
    clickhouse: ClickHouse,
    source: string,
    track: Track,
    begins: ReadonlyMap<number, number>,
    ends: () => Promise<Map<number, number>>,
  ) {
    this.#clickhouse = clickhouse;
    this.#source = source;
    this.#track = track;
    this.#begins = begins;
    this.#ends = ends;
  }

  /** Notes where every partition ends now: the run begins here. */
  static async begin({ setup }: LaunchConfig, track: Track): Promise<Proof> {
    const { topic } = track;
    await using identities = new TopicIdentities(setup, 'sensorhouse-launcher');
    const source = sourceOf(topic, await identities.idOf(topic));
    const admin = createKafka(setup, silentLog(), 'sensorhouse-launcher').admin();
    const ends = async (): Promise<Map<number, number>> => {
      try {
        await admin.connect();
        const offsets = await admin.fetchTopicOffsets(topic);
        return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]));
      } catch (thrown) {
        throw kafkaFailure(thrown, `Kafka: offsets of ${topic}`);
      } finally {
        // A connection that is kept would have to be looked after when Kafka stops.
        await admin.disconnect().catch(() => undefined);
      }
    };
    const clickhouse = new ClickHouse(clickhouseTarget(setup), 'sensorhouse-launcher');
    return new Proof(clickhouse, source, track, await ends(), ends);
  }

  /**
   * How the run stands. With `ends` of an earlier answer Kafka is not asked again.
   * @throws {UnavailableError | ConfigError}
   */
  async standings(known?: readonly PartitionStanding[]): Promise<PartitionStanding[]> {
    const ends = known?.map(({ partition, end }) => [partition, end] as const);
    const log = ends === undefined ? await this.#ends() : new Map(ends);
    const [rows, dead] = await Promise.all([
      this.#count(this.#track.stream.table.name),
      this.#count(deadLetters.name),
    ]);
    return [...log].map(([partition, end]) => ({
      partition,
      begin: this.#begins.get(partition) ?? 0,
      end,
      rows: Number(rows.get(partition)?.rows ?? 0),
      offsets: Number(rows.get(partition)?.offsets ?? 0),
      dead: Number(dead.get(partition)?.offsets ?? 0),
    }));
  }

  /** Whether any row of this run can be queried. */
  async hasRows(): Promise<boolean> {
    return (await this.#count(this.#track.stream.table.name)).size > 0;
  }

  async #count(table: string): Promise<Map<number, Counted>> {
    const { by } = this.#track;
    const sql = `SELECT ${by}_partition AS partition, count() AS rows, uniqExact(${by}_offset) AS offsets
      FROM \`${table}\`
      WHERE ${by}_source = {source:String} AND ${by}_offset >= transform(
        ${by}_partition, {partitions:Array(UInt16)}, {begins:Array(UInt64)}, toUInt64(0))
      GROUP BY partition`;
    const counted = await this.#clickhouse.rows<Counted>(sql, {
      source: this.#source,
      partitions: [...this.#begins.keys()],
      begins: [...this.#begins.values()],
    });
    return new Map(counted.map((row) => [row.partition, row]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clickhouse[Symbol.asyncDispose]();
  }
}
