// Sends keyed values to one topic, idempotently and in order of each key, and tells for every message
// whether it is in Kafka, is not, or may be. Retrying is done here, not left to kafkajs, so that a
// caller's signal always ends it.
import kafkajs, { type Kafka, type PartitionMetadata, type Producer } from 'kafkajs';
import { ConfigError, UnavailableError, isProgrammingError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, orAborted, untilAvailable, type Backoff } from '../retry.ts';
import { createKafka } from './client.ts';
import { isUnknownTopic, kafkaFailure, refusedContent } from './failure.ts';
import {
  openByLeader,
  sharesOf,
  type KeyedValue,
  type PartitionShare,
  type PlacedMessage,
  type ShareOutcome,
} from './partition-share.ts';
import { assertKafka } from './speaks-kafka.ts';
import type { KafkaConfig } from './variables.ts';

export type { KeyedValue };

/** What became of a batch, message by message, in the order of the batch. */
export interface Delivery {
  /** How many are in Kafka. */
  readonly sent: number;
  /** Not in Kafka. */
  readonly unsent: readonly KeyedValue[];
  /**
   * Written to a connection, and no acknowledgement came back: of each partition's share of the batch
   * all are in Kafka or none.
   */
  readonly inDoubt: readonly KeyedValue[];
  /** Why not all were sent. */
  readonly cause?: Error;
}

export interface ProducerOptions {
  readonly topic: string;
  readonly clientId: string;
  readonly log: Logger;
}

const { CompressionTypes, KafkaJSNonRetriableError, Partitioners } = kafkajs;
const BACKOFF: Backoff = { firstMs: 100, maxMs: 1_000 };
const CLOSE_MS = 2_000;
/** The fewest that kafkajs allows an idempotent producer; the retrying is done here. */
const KAFKAJS_RETRIES = 1;

/**
 * Connects and checks that the topic exists, retrying until `signal` aborts. `waitLog` is told when
 * it has to wait for either.
 * @throws {ConfigError} when Kafka refuses the login or the topic.
 * @throws {UnavailableError} with the last reason, when `signal` came first.
 */
export async function connectProducer(
  config: KafkaConfig,
  options: ProducerOptions,
  signal: AbortSignal,
  waitLog: Logger = options.log,
): Promise<KafkaProducer> {
  const kafka = createKafka(config, options.log, options.clientId, KAFKAJS_RETRIES);
  const what = `Kafka at ${config.KAFKA_BROKER}`;
  const connect = async (): Promise<KafkaProducer> => {
    await orAborted(assertKafka(config), signal);
    const producer = new KafkaProducer(kafka, options);
    const connecting = producer.connect();
    try {
      await orAborted(connecting, signal);
      return producer;
    } catch (thrown) {
      // An attempt that was not waited for may still connect: close it then.
      const close = (): Promise<void> => producer[Symbol.asyncDispose]();
      void connecting.then(close, close);
      throw thrown;
    }
  };
  const producer = await retrying(connect, what, new Availability('Kafka', waitLog), signal);
  try {
    const look = () => orAborted(partitionsOf(kafka, options.topic), signal);
    const availability = new Availability(`Topic ${options.topic}`, waitLog);
    producer.learn(await retrying(look, what, availability, signal));
    return producer;
  } catch (thrown) {
    await producer[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function partitionsOf(kafka: Kafka, topic: string): Promise<PartitionMetadata[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]!.partitions;
  } catch (thrown) {
    throw explained(thrown, topic);
  } finally {
    await admin.disconnect();
  }
}

/** The failure that tells how to create the topic, when that is what is missing. */
function explained(thrown: unknown, topic: string): unknown {
  if (!isUnknownTopic(thrown)) return thrown;
  const text = `topic ${topic} does not exist; create it with: npm run setup`;
  return new UnavailableError(text, { cause: thrown });
}

/** One connected producer. Send one batch at a time; the order of calls is the order of each key. */
export class KafkaProducer implements AsyncDisposable {
  readonly #options: ProducerOptions;
  readonly #availability: Availability;
  readonly #producer: Producer;
  readonly #choose = Partitioners.DefaultPartitioner();
  #partitions: PartitionMetadata[] = [];
  #leaders: ReadonlyMap<number, number> = new Map();
  #gaveUp = false;

  constructor(kafka: Kafka, options: ProducerOptions) {
    this.#options = options;
    this.#availability = new Availability('Kafka', options.log);
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: KAFKAJS_RETRIES },
      createPartitioner:
        () =>
        ({ message, partitionMetadata }) =>
          this.#place(message as PlacedMessage, partitionMetadata),
    });
  }

  /** One attempt. @throws whatever kafkajs throws. */
  connect(): Promise<void> {
    return this.#producer.connect();
  }

  /** Takes in which partitions the topic has and who leads them. */
  learn(partitions: PartitionMetadata[]): void {
    if (partitions === this.#partitions) return;
    this.#partitions = partitions;
    this.#leaders = new Map(partitions.map(({ leader, partitionId }) => [partitionId, leader]));
  }

  /**
   * Sends one or more messages, those for one broker in one request, retrying until all are
   * acknowledged, one is refused (a ConfigError as cause) or `signal` aborts. After a cause this
   * producer sends no more.
   *
   * Why retrying makes no duplicates: what a batch has for one partition is one record batch with one
   * first sequence number. When an attempt fails kafkajs takes the number back, the next attempt
   * carries the same one, and the broker acknowledges a record batch it already has without storing it
   * again. kafkajs takes back too little when a call of its own reaches several brokers and one of them
   * fails; hence a call for each, and none for what is acknowledged. All that holds while this producer
   * lives: what was given up after it was written can neither be asked for nor safely be sent again by
   * another producer, hence `inDoubt`.
   */
  async send(batch: readonly KeyedValue[], signal: AbortSignal): Promise<Delivery> {
    const { topic } = this.#options;
    const chosen = new Map<string, number>();
    const { shareOf, shares } = sharesOf(batch, (message) => {
      const partitionMetadata = this.#partitions;
      const partition =
        chosen.get(message.key) ?? this.#choose({ topic, partitionMetadata, message });
      chosen.set(message.key, partition);
      return partition;
    });
    const attempt = async (): Promise<void> => {
      const requests = openByLeader(shares, this.#leaders);
      const results = await Promise.allSettled(
        requests.map((request) => this.#request(request, signal)),
      );
      const failures = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as Error] : [],
      );
      if (failures.length === 0) return;
      throw failures.find((failure) => failure instanceof ConfigError) ?? failures[0]!;
    };
    try {
      await retrying(attempt, 'Kafka', this.#availability, signal);
      return { sent: batch.length, unsent: [], inDoubt: [] };
    } catch (thrown) {
      if (isProgrammingError(thrown)) throw thrown;
      for (const share of shares) share.giveUp();
      void this[Symbol.asyncDispose]();
      const those = (outcome: ShareOutcome): KeyedValue[] =>
        batch.filter((_, index) => shareOf[index]!.outcome === outcome);
      const [sent, unsent, inDoubt] = [those('sent'), those('unsent'), those('in-doubt')];
      return { sent: sent.length, unsent, inDoubt, cause: thrown as Error };
    }
  }

  /** One attempt to send shares of one leader. @throws {ConfigError | UnavailableError} */
  async #request(shares: readonly PartitionShare[], signal: AbortSignal): Promise<void> {
    const { topic } = this.#options;
    const messages = shares.flatMap((share) => share.messages);
    const request = { topic, messages, acks: -1, compression: CompressionTypes.LZ4 };
    try {
      await orAborted(this.#producer.send(request), signal);
      for (const share of shares) share.acknowledged = true;
    } catch (thrown) {
      throw this.#failure(thrown, shares);
    }
  }

  #failure(thrown: unknown, shares: readonly PartitionShare[]): Error {
    const { topic } = this.#options;
    const content = refusedContent(thrown);
    if (content !== undefined) {
      // Which of several shares the broker refused, kafkajs does not say.
      if (shares.length === 1) shares[0]!.refused = true;
      return new ConfigError(`Kafka refuses a batch for topic ${topic}: ${content}`, {
        cause: thrown,
      });
    }
    const failure = kafkaFailure(explained(thrown, topic), 'Kafka');
    if (failure instanceof ConfigError) for (const share of shares) share.refused = true;
    return failure;
  }

  /**
   * kafkajs asks before every attempt, which is the place to stop one that was given up, to keep a
   * message on its partition when partitions are added in between, and to keep a call to one broker.
   */
  #place({ partition, share }: PlacedMessage, partitions: PartitionMetadata[]): number {
    if (this.#gaveUp) throw new KafkaJSNonRetriableError('the batch is given up');
    this.learn(partitions);
    if (this.#leaders.get(partition) !== share.leader) {
      throw new KafkaJSNonRetriableError('partitions have moved to other brokers');
    }
    share.beginAttempt();
    return partition;
  }

  /** Closes the connections; what is under way is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#gaveUp = true;
    const closing = this.#producer.disconnect().catch(() => undefined);
    await Promise.race([closing, new Promise((done) => setTimeout(done, CLOSE_MS).unref())]);
  }
}

/** Retries `attempt` and, when the signal ends that, throws the last reason instead of the abort. */
async function retrying<T>(
  attempt: () => Promise<T>,
  what: string,
  availability: Availability,
  signal: AbortSignal,
): Promise<T> {
  let last = new UnavailableError(`${what}: no answer`);
  const classified = async (): Promise<T> => {
    try {
      return await attempt();
    } catch (thrown) {
      const failure = kafkaFailure(thrown, what);
      if (signal.aborted || !(failure instanceof UnavailableError)) throw failure;
      throw (last = failure);
    }
  };
  try {
    return await untilAvailable(classified, availability, signal, BACKOFF);
  } catch (thrown) {
    throw thrown instanceof ConfigError || isProgrammingError(thrown) ? thrown : last;
  }
}
