// The world that every fault strikes: a database with all tables and a topic of its own on given servers,
// ways to fill the topic and to start consumers on it, and the check at the end, by two oracles: the audit,
// and the topic read by other means.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Message, type Producer } from 'kafkajs';
import { setUp } from '../../clickhouse_setup/setup.ts';
import { setupVariables } from '../../clickhouse_setup/variables.ts';
import { auditTopic, type TopicAudit } from '../../consumer/audit/audit.ts';
import { auditReport } from '../../consumer/audit/report.ts';
import { consumerVariables } from '../../consumer/config.ts';
import { start, type Consumer } from '../../consumer/main.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import { readConfig } from '../../platform/config.ts';
import { asError } from '../../platform/errors.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { silentLog, type Logger } from '../../platform/log.ts';
import { rowChecksumSql } from '../../streams/checksum.ts';
import { kafkaClient } from '../backend/clients.ts';
import { startConsumerProcess, type ConsumerProcess } from './consumer-process.ts';
import { untilDone } from '../until.ts';
import { readTruth } from './log-truth.ts';
import { mixedMessages, stream } from './messages.ts';
import { STALL_MS } from './patience.ts';

export interface Endpoints {
  /** `host:port` */
  readonly kafkaBootstrap: string;
  /** `http://user:password@host:port` */
  readonly clickhouseUrl: string;
}

export interface WorldOptions {
  readonly partitions?: number;
  /** Leaves the tables to the test. */
  readonly tables?: boolean;
}

type Env = Record<string, string>;

/** Creates database, tables and topic. */
export async function openWorld(endpoints: Endpoints, options: WorldOptions = {}): Promise<World> {
  const { partitions = 3, tables = true } = options;
  const name = `chaos_${randomBytes(6).toString('hex')}`;
  const world = new World(endpoints, name);
  try {
    await world.open(partitions, tables);
    return world;
  } catch (thrown) {
    await world[Symbol.asyncDispose]();
    throw thrown;
  }
}

export class World implements AsyncDisposable {
  readonly endpoints: Endpoints;
  readonly database: string;
  readonly topic: string;
  readonly clickhouse: ClickHouse;
  readonly admin: Admin;
  partitions = 0;
  #next = 0;
  readonly #outside: ClickHouse;
  #producer: Producer;
  readonly #opened = new AsyncDisposableStack();
  readonly #running = new AsyncDisposableStack();
  readonly #identities: TopicIdentities;
  readonly #offsets: TopicOffsets;

  constructor(endpoints: Endpoints, name: string) {
    this.endpoints = endpoints;
    this.database = name;
    this.topic = name.replace('_', '-');
    const target = clickhouseTarget(this.config());
    this.clickhouse = this.#opened.use(new ClickHouse(target, 'test'));
    this.#outside = this.#opened.use(new ClickHouse({ ...target, database: 'default' }, 'test'));
    const kafka = kafkaClient(endpoints.kafkaBootstrap);
    this.admin = kafka.admin();
    this.#producer = newProducer(endpoints);
    this.#identities = this.#opened.use(new TopicIdentities(this.config(), 'test'));
    this.#offsets = this.#opened.use(new TopicOffsets(this.config(), silentLog(), 'test'));
  }

  async open(partitions: number, tables: boolean): Promise<void> {
    await this.#outside.command(`CREATE DATABASE ${this.database}`);
    await this.admin.connect();
    await this.#producer.connect();
    await this.createTopic(partitions);
    if (tables) await this.setUp();
  }

  async setUp(): Promise<void> {
    await setUp(readConfig(setupVariables, this.env()), silentLog());
  }

  async createTopic(partitions: number, config: Env = {}): Promise<void> {
    this.partitions = partitions;
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await this.admin.createTopics({
      // Waiting is done here: kafkajs's own gives up when the broker has not heard of the topic yet.
      waitForLeaders: false,
      topics: [{ topic: this.topic, numPartitions: partitions, configEntries }],
    });
    for (let attempt = 0; ; attempt += 1) {
      const found = await this.admin
        .fetchTopicMetadata({ topics: [this.topic] })
        .then(({ topics }) => topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0)
        .catch((error: unknown) => (attempt > 200 ? Promise.reject(asError(error)) : 0));
      if (found === partitions) return;
      await sleep(50);
    }
  }

  /** Sets settings of a topic, by default this world's. */
  async configure(settings: Env, topic = this.topic): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    const resources = [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries }];
    await this.admin.alterConfigs({ validateOnly: false, resources });
  }

  /** The variables of a consumer of this world. */
  env(overrides: Env = {}): Env {
    return {
      CLICKHOUSE_URL: this.endpoints.clickhouseUrl,
      CLICKHOUSE_DB: this.database,
      KAFKA_BROKER: this.endpoints.kafkaBootstrap,
      STREAMS: 'sensor_data',
      KAFKA_TOPIC: this.topic,
      KAFKA_GROUP: `group-${this.database}`,
      FLUSH_INTERVAL_SEC: '0.1',
      METRICS_PORT: '0',
      ...overrides,
    };
  }

  config(overrides: Env = {}) {
    return readConfig(consumerVariables, this.env(overrides));
  }

  /** A consumer in this process. Dispose it. */
  consumer(overrides: Env = {}, log: Logger = silentLog()): Promise<Consumer> {
    return start(this.config(overrides), log);
  }

  /** Starts a consumer in this process that runs as long as this world. */
  async runs(overrides: Env = {}, log: Logger = silentLog()): Promise<void> {
    this.#running.use(await this.consumer(overrides, log));
  }

  /** Lets a consumer ingest what there is, and stops it. */
  async ingestAll(): Promise<void> {
    const consumer = await this.consumer();
    try {
      await this.ingested();
    } finally {
      await consumer[Symbol.asyncDispose]();
    }
  }

  /** A consumer as a process of its own. Dispose it. */
  consumerProcess(overrides: Env = {}): ConsumerProcess {
    return startConsumerProcess(this.env(overrides));
  }

  /** Sends `count` messages over all partitions, every `poisonEvery`-th of them bad. */
  async fill(count: number, poisonEvery = Infinity): Promise<void> {
    for (let left = count; left > 0;) {
      const some = Math.min(left, 2_000);
      await this.send(mixedMessages(this.#next, some, this.partitions, poisonEvery));
      this.#next += some;
      left -= some;
    }
  }

  async send(messages: Message[], compression = kafkajs.CompressionTypes.None): Promise<void> {
    await this.#producer.send({ topic: this.topic, messages, acks: -1, compression });
  }

  /** Forgets what the producer knows of the topic, after it was replaced or got partitions. */
  async reconnect(): Promise<void> {
    await this.#producer.disconnect();
    this.#producer = newProducer(this.endpoints);
    await this.#producer.connect();
  }

  audit(): Promise<TopicAudit> {
    const log = {
      topic: this.topic,
      topicId: () => this.#identities.idOf(this.topic),
      logRanges: () => this.#offsets.rangesOf(this.topic),
    };
    return auditTopic(this.clickhouse, log, stream);
  }

  /** Waits until nothing is on its way any more, for as long as something gets on. */
  ingested(stallMs = STALL_MS): Promise<TopicAudit> {
    let [seen, looks, at] = ['', 0, ''];
    const look = async () => {
      // An audit costs twenty times this question. It can only end the wait when as much landed as was sent, or,
      // where offsets have no record or left the log, once nothing moves any more.
      const landed = await this.#landed().catch((error: unknown) => (error as Error).message);
      looks = landed === seen ? looks + 1 : 0;
      const isDue = looks === 0 ? await this.#mayBeAll(landed) : looks % 5 === 0;
      seen = landed;
      if (!isDue) return { done: undefined, at: at === '' ? landed : at };
      const audit = await this.audit().catch((error: unknown) => error as Error);
      at = audit instanceof Error ? audit.message : auditReport(audit);
      const isDone = !(audit instanceof Error) && audit.behind === 0;
      return { done: isDone ? audit : undefined, at };
    };
    return untilDone('everything is ingested', look, { stallMs });
  }

  /**
   * Waits until all is ingested and holds the tables against both oracles.
   * @throws {Error} when anything is lost, doubled or different.
   */
  async verified(maxMessageBytes?: number): Promise<TopicAudit> {
    const audit = await this.ingested();
    if (!audit.exact) throw new Error(auditReport(audit));
    const truths = await readTruth(this.endpoints.kafkaBootstrap, this.topic, maxMessageBytes);
    const difference = await this.#differenceFrom(truths, audit);
    if (difference !== undefined) throw new Error(`${difference}\n${auditReport(audit)}`);
    return audit;
  }

  async #differenceFrom(
    truths: Awaited<ReturnType<typeof readTruth>>,
    { partitions, source }: TopicAudit,
  ): Promise<string | undefined> {
    if (partitions.length === 0) return undefined;
    const begins = partitions.map(({ begin, partition }) => {
      return `(kafka_partition = ${partition} AND kafka_offset >= ${begin})`;
    });
    const where = `kafka_source = '${source}' AND (${begins.join(' OR ')})`;
    const rows = await this.clickhouse.rows<Record<'p' | 'n' | 'checksum', string>>(
      `SELECT toString(kafka_partition) AS p, toString(count()) AS n,
         toString(sum(${rowChecksumSql(stream)})) AS checksum
       FROM sensor_data WHERE ${where} GROUP BY kafka_partition`,
    );
    const letters = await this.clickhouse.rows<Record<'p' | 'o' | 'reason', string>>(
      `SELECT toString(kafka_partition) AS p, toString(kafka_offset) AS o, reason
       FROM dead_letters WHERE ${where}`,
    );
    for (const { partition } of partitions) {
      const truth = truths.get(partition) ?? { good: 0, dead: new Map(), checksum: 0n };
      const { checksum, n } = rows.find(({ p }) => Number(p) === partition) ?? {
        n: 0,
        checksum: 0,
      };
      const held = `${n} rows, checksum ${checksum}`;
      const expected = `${truth.good} rows, checksum ${truth.checksum}`;
      if (held !== expected) return `partition ${partition} holds ${held}; the log: ${expected}`;
      const own = letters.filter(({ p }) => Number(p) === partition);
      const wrong = own.filter(({ o, reason }) => truth.dead.get(Number(o)) !== reason);
      if (wrong.length > 0 || own.length !== truth.dead.size) {
        const first = JSON.stringify(wrong[0]);
        return `partition ${partition} has ${own.length} dead letters, the log ${truth.dead.size}; ${first}`;
      }
    }
    return undefined;
  }

  /** How many rows, dead letters and facts there are. */
  async #landed(): Promise<string> {
    const tables = ['sensor_data', 'dead_letters', 'consumer_positions'];
    const counts = tables.map((table) => `toString((SELECT count() FROM ${table})) AS ${table}`);
    return JSON.stringify(await this.clickhouse.rows(`SELECT ${counts.join()}`));
  }

  /** Whether as much landed as the log ever held; true as well when nobody can say. */
  async #mayBeAll(landed: string): Promise<boolean> {
    const [rows = 0, letters = 0] = [...landed.matchAll(/"(\d+)"/g)].map(([, n]) => Number(n));
    const ranges = await this.#offsets.rangesOf(this.topic).catch(() => undefined);
    if (ranges === undefined) return true;
    return rows + letters >= [...ranges.values()].reduce((sum, { end }) => sum + end, 0);
  }

  async rowCount(table = 'sensor_data'): Promise<number> {
    const [row] = await this.clickhouse.rows<{ n: string }>(
      `SELECT toString(count()) AS n FROM ${table}`,
    );
    return Number(row!.n);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
    await this.#outside.command(`DROP DATABASE IF EXISTS ${this.database}`).catch(() => undefined);
    await this.#producer.disconnect().catch(() => undefined);
    await this.admin.disconnect().catch(() => undefined);
    await this.#opened.disposeAsync();
  }
}

function newProducer({ kafkaBootstrap }: Endpoints): Producer {
  return kafkaClient(kafkaBootstrap).producer({ idempotent: true, maxInFlightRequests: 1 });
}
