// Reads topics into a chosen table with the consumer's own lanes, in a group of its own that commits nothing,
// until that table has reached another one.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { GroupConsumer } from '../../platform/kafka/group-consumer.ts';
import type { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import type { Logger } from '../../platform/log.ts';
import { createRegistry } from '../../platform/metrics.ts';
import { systemRuntime } from '../../platform/runtime.ts';
import { topicsOf } from '../../platform/streams-variable.ts';
import type { Stream } from '../../streams/stream.ts';
import { deadLetters } from '../../streams/table.ts';
import { ClickHouseInserts } from '../clickhouse-inserts.ts';
import { inflateLimits, type ConsumerConfig } from '../config.ts';
import { groupLog, receiver } from '../group-lanes.ts';
import { Lane } from '../lane.ts';
import { Ledger } from '../ledger.ts';
import { consumerMetrics } from '../metrics.ts';
import { originTables } from '../origins.ts';
import { ReplayLedger } from './letters.ts';
import { offsetsLeft, type Positions } from './positions.ts';
import { factsKeySql } from '../table-identity.ts';

export interface ReaderParts {
  readonly clickhouse: ClickHouse;
  readonly config: ConsumerConfig;
  readonly stream: Stream;
  readonly identities: TopicIdentities;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const FLUSH_INTERVAL_MS = 200;
const DRAIN_MS = 5_000;
const LOOK_EVERY_MS = 200;

export class ReplayReader implements AsyncDisposable {
  readonly #parts: ReaderParts;
  readonly #table: string;
  readonly #letters: string | undefined;
  readonly #group: GroupConsumer;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #failed = Promise.withResolvers<never>();

  /** Starts reading into `table`: the live one, or one that is filled and has `letters` of its own. */
  constructor(parts: ReaderParts, table: string, letters?: string) {
    const { clickhouse, config, identities, log, stream } = parts;
    this.#parts = parts;
    this.#table = table;
    this.#letters = letters;
    this.#failed.promise.catch(() => undefined);
    const topics = topicsOf(stream, config);
    // A group of one: the session of a killed run must not keep the next one waiting.
    const groupId = `sensorhouse-replay-${randomUUID()}`;
    const maxBytesPerPartition = config.FETCH_MAX_BYTES;
    const reading = { groupId, topics, maxBytesPerPartition, inflate: inflateLimits(config) };
    this.#group = new GroupConsumer(config, reading, log);
    const metricsOf = consumerMetrics(createRegistry('replay'));
    const failed = (error: Error): void => this.#failed.reject(error);
    this.#lanes = new Map(
      topics.map((topic) => {
        const Kept = letters === undefined ? Ledger : ReplayLedger;
        const met = originTables(stream, table);
        const ledger = new Kept(clickhouse, config.CLICKHOUSE_DB, table, randomUUID(), met);
        const lane = new Lane({
          stream,
          log: { ...groupLog(topic, this.#group, identities), commit: () => Promise.resolve() },
          sink: {
            facts: ledger,
            inserts: new ClickHouseInserts(clickhouse, ledger, stream, table, letters),
          },
          runtime: systemRuntime,
          limits: {
            batchRows: config.MAX_BATCH_ROWS,
            flushIntervalMs: FLUSH_INTERVAL_MS,
            maxBatchRows: config.MAX_BATCH_ROWS,
            maxBatchBytes: config.MAX_BATCH_BYTES,
            maxMessageBytes: config.MAX_MESSAGE_BYTES,
          },
          metrics: metricsOf(stream.name, table),
          logger: log,
          failed,
        });
        return [topic, lane];
      }),
    );
    this.#group.start(receiver(this.#lanes, failed));
  }

  /**
   * Resolves when the table holds everything below `target`; `look` is called now and then with how many
   * offsets are left, and may throw to end it.
   */
  async reach(target: Positions, look: (left: number) => void | Promise<void>): Promise<void> {
    const { clickhouse, signal } = this.#parts;
    const filled = {
      table: this.#table,
      keySql: factsKeySql(this.#table),
      letters: this.#letters === undefined ? [deadLetters.name] : [deadLetters.name, this.#letters],
    };
    for (;;) {
      signal.throwIfAborted();
      const left = await offsetsLeft(clickhouse, target, filled);
      await look(left);
      if (left === 0) return;
      await Promise.race([sleep(LOOK_EVERY_MS), this.#failed.promise]);
    }
  }

  /** Lands what was read and stops; nothing is written to the table after it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop(DRAIN_MS)));
    await this.#group[Symbol.asyncDispose]();
  }
}
