// Finds open transactions: they hide all records behind their first one from every reader. The end of the log
// and the last stable offset are two figures; the records between them are neither lag nor loss.
import {
  describeProducersV0,
  describeTransactionsV0,
  listTransactionsV0,
  type Admin,
  type Connection,
} from '@platformatic/kafka';
import { createAdmin } from './admin.ts';
import { kafkaFailure } from './failure.ts';
import { listOffsetsOfLeaders } from './leaders.ts';
import type { KafkaConfig } from './variables.ts';

export interface OpenTransaction {
  readonly partition: number;
  /** Offsets that nobody may read before it ends. */
  readonly records: number;
  /** When it began, in epoch milliseconds, and whose it is; undefined where the broker does not say. */
  readonly sinceMs: number | undefined;
  readonly transactionalId: string | undefined;
}

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const NEWEST = -1n;

export class OpenTransactions implements AsyncDisposable {
  readonly #admin: Admin;

  constructor(config: KafkaConfig, clientId: string) {
    this.#admin = createAdmin(config, clientId);
  }

  /**
   * The partitions of `topic` in which an open transaction hides records.
   * @throws {UnavailableError | ConfigError}
   */
  async of(topic: string): Promise<OpenTransaction[]> {
    try {
      const hidden = await this.#hidden(topic);
      if (hidden.size === 0) return [];
      const begins = await this.#begins(topic, [...hidden.keys()]).catch(() => new Map<number, Begin>());
      return [...hidden].map(([partition, records]) => {
        const { sinceMs, transactionalId } = begins.get(partition) ?? UNKNOWN;
        return { partition, records, sinceMs, transactionalId };
      });
    } catch (error) {
      throw kafkaFailure(error, `Kafka: open transactions of ${topic}`);
    }
  } // prettier-ignore

  /** How many records of `topic` are hidden. @throws {UnavailableError | ConfigError} */
  async recordsOf(topic: string): Promise<number> {
    try {
      return [...(await this.#hidden(topic)).values()].reduce((sum, records) => sum + records, 0);
    } catch (error) {
      throw kafkaFailure(error, `Kafka: open transactions of ${topic}`);
    }
  }

  /**
   * One past the last record of each partition of `topic`, hidden or not.
   * @throws {UnavailableError | ConfigError}
   */
  async writtenEnds(topic: string): Promise<Map<number, number>> {
    try {
      return await this.#ends(topic, await this.#partitions(topic), READ_UNCOMMITTED);
    } catch (error) {
      throw kafkaFailure(error, `Kafka: ends of ${topic}`);
    }
  }

  async #partitions(topic: string): Promise<number[]> {
    const { topics } = await this.#admin.metadata({
      ...{ topics: [topic], forceUpdate: true, autocreateTopics: false },
    });
    return Object.keys(topics.get(topic)?.partitions ?? {}).map(Number);
  }

  async #hidden(topic: string): Promise<Map<number, number>> {
    const partitions = await this.#partitions(topic);
    // The end first: records that arrive in between must not look hidden.
    const ends = await this.#ends(topic, partitions, READ_UNCOMMITTED);
    const stable = await this.#ends(topic, partitions, READ_COMMITTED);
    return new Map(
      partitions
        .map((partition) => [partition, ends.get(partition)! - stable.get(partition)!] as const)
        .filter(([, records]) => records > 0),
    );
  }

  async #ends(
    name: string,
    partitions: readonly number[],
    isolationLevel: 0 | 1,
  ): Promise<Map<number, number>> {
    const asked = partitions.map((partitionIndex) => ({ partitionIndex, timestamp: NEWEST }));
    const topics = [{ name, partitions: asked }];
    const [found] = await listOffsetsOfLeaders(this.#admin, { topics, isolationLevel });
    return new Map(found?.partitions.map((each) => [each.partitionIndex, Number(each.offset)]));
  }

  /** Whose the oldest open transaction of each partition is, and when it began. */
  async #begins(topic: string, partitions: readonly number[]): Promise<Map<number, Begin>> {
    const { topics } = await this.#admin.metadata({ topics: [topic], autocreateTopics: false });
    const leaders = topics.get(topic)!.partitions;
    const connections = await this.#admin.connectToBrokers(null);
    const begins = new Map<number, Begin>();
    for (const partition of partitions) {
      const leader = connections.get(leaders[partition]!.leader)!;
      const producerId = await oldestProducer(leader, topic, partition);
      const begin = producerId === undefined ? UNKNOWN : await beginOf(connections, producerId);
      begins.set(partition, begin);
    }
    return begins;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.close();
  }
}

interface Begin {
  readonly sinceMs: number | undefined;
  readonly transactionalId: string | undefined;
}

const UNKNOWN: Begin = { sinceMs: undefined, transactionalId: undefined };

/** The producer whose transaction is the first open one of the partition: the leader knows. */
async function oldestProducer(
  leader: Connection,
  name: string,
  partition: number,
): Promise<bigint | undefined> {
  const asked = [{ name, partitionIndexes: [partition] }];
  const { topics } = await describeProducersV0.api.async(leader, asked);
  const open = (topics[0]?.partitions[0]?.activeProducers ?? []).filter(
    ({ currentTxnStartOffset }) => currentTxnStartOffset >= 0n,
  );
  return open.toSorted((one, other) => (one.currentTxnStartOffset < other.currentTxnStartOffset ? -1 : 1)).at(0)?.producerId;
} // prettier-ignore

/** Each broker lists the transactions that it coordinates. */
async function beginOf(
  connections: ReadonlyMap<number, Connection>,
  producerId: bigint,
): Promise<Begin> {
  for (const coordinator of connections.values()) {
    const listed = await listTransactionsV0.api.async(coordinator, [], [producerId], -1n, null);
    const transactionalId = listed.transactionStates[0]?.transactionalId;
    if (transactionalId === undefined) continue;
    const described = await describeTransactionsV0.api.async(coordinator, [transactionalId]);
    const startMs = Number(described.transactionStates[0]?.transactionStartTimeMs ?? -1);
    return { sinceMs: startMs > 0 ? startMs : undefined, transactionalId };
  }
  return UNKNOWN;
}

/** `110 behind an open transaction since 12:03:05 UTC`; empty when none is open. */
export function describeOpen(open: readonly OpenTransaction[], nowMs: number): string {
  const records = open.reduce((sum, each) => sum + each.records, 0);
  if (records === 0) return '';
  const sinceMs = oldestMs(open);
  return `${records} behind an open transaction${sinceMs === undefined ? '' : ` since ${moment(sinceMs, nowMs)}`}`;
}

/** When the oldest one began; undefined where no broker says. */
export function oldestMs(open: readonly OpenTransaction[]): number | undefined {
  const known = open.flatMap(({ sinceMs }) => (sinceMs === undefined ? [] : [sinceMs]));
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The time, with its date unless that is today. */
function moment(ms: number, nowMs: number): string {
  const [day, time] = new Date(ms).toISOString().split('T');
  const today = new Date(nowMs).toISOString().startsWith(day!);
  return `${today ? '' : `${day} `}${time!.slice(0, 8)} UTC`;
}
