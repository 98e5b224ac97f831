// Sends keyed values to one topic, idempotently and in order, and tells for every batch whether it
// is in Kafka, is not, or may be. Retrying is done here, not left to kafkajs, so that a caller's
// signal always ends it.
import kafkajs, { type Kafka, type Message, type Producer } from 'kafkajs';
import { ConfigError, UnavailableError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, untilAvailable, type Backoff } from '../retry.ts';
import { createKafka } from './client.ts';
import { isUnknownTopic, kafkaFailure } from './failure.ts';
import type { KafkaConfig } from './variables.ts';

/**
 * What became of a batch. `unsent`: no record of it is in Kafka. `in-doubt`: it was written to a
 * connection and no acknowledgement came back, so all of it or nothing is in Kafka.
 */
export type Delivery =
  { readonly outcome: 'sent' } | { readonly outcome: 'unsent' | 'in-doubt'; readonly cause: Error };

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
    const check = (): Promise<void> => orAborted(requireTopic(kafka, options.topic), signal);
    await retrying(check, what, new Availability(`Topic ${options.topic}`, waitLog), signal);
    return producer;
  } catch (thrown) {
    await producer[Symbol.asyncDispose]();
    throw thrown;
  }
}

async function requireTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.fetchTopicMetadata({ topics: [topic] });
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

/** One connected producer. Send one batch at a time; the order of calls is the order in Kafka. */
export class KafkaProducer implements AsyncDisposable {
  readonly #options: ProducerOptions;
  readonly #availability: Availability;
  readonly #producer: Producer;
  #batch: Batch | undefined;

  constructor(kafka: Kafka, options: ProducerOptions) {
    this.#options = options;
    this.#availability = new Availability('Kafka', options.log);
    const choose = Partitioners.DefaultPartitioner();
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: KAFKAJS_RETRIES },
      // kafkajs asks before every attempt, which is the place to stop one that was given up, and to
      // keep a batch on its partition when partitions are added between two attempts.
      createPartitioner: () => (args) => {
        if (this.#batch === undefined) throw new KafkaJSNonRetriableError('the batch is given up');
        return (this.#batch.partition ??= choose(args));
      },
    });
  }

  /** One attempt. @throws whatever kafkajs throws. */
  connect(): Promise<void> {
    return this.#producer.connect();
  }

  /**
   * Sends one or more values under one key, as one batch that lands whole or not at all, retrying until it is
   * acknowledged, refused (a ConfigError as cause) or `signal` aborts. After anything but `sent`
   * this producer sends no more.
   *
   * Why retrying makes no duplicates: one key is one partition, so an attempt is one record batch
   * with one first sequence number. When an attempt fails kafkajs takes the number back, the next
   * attempt carries the same one, and the broker acknowledges a batch it already has without
   * storing it again. That holds while this producer lives: a batch given up after it was written
   * can neither be asked for nor safely be sent again by another producer, hence `in-doubt`.
   */
  async send(key: string, values: readonly string[], signal: AbortSignal): Promise<Delivery> {
    const { topic } = this.#options;
    const batch: Batch = { partition: undefined, written: 0 };
    const messages = watched(key, values, batch);
    this.#batch = batch;
    const attempt = async (): Promise<void> => {
      try {
        const request = { topic, messages, acks: -1, compression: CompressionTypes.LZ4 };
        await orAborted(this.#producer.send(request), signal);
      } catch (thrown) {
        throw explained(thrown, topic);
      }
    };
    try {
      await retrying(attempt, 'Kafka', this.#availability, signal);
      return { outcome: 'sent' };
    } catch (thrown) {
      this.#batch = undefined;
      void this[Symbol.asyncDispose]();
      const cause = thrown as Error;
      // A refusal says that this attempt stored nothing; one before it may have.
      const surelyNot = cause instanceof ConfigError ? batch.written <= 1 : batch.written === 0;
      return { outcome: surelyNot ? 'unsent' : 'in-doubt', cause };
    }
  }

  /** Closes the connections; what is under way is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#batch = undefined;
    const closing = this.#producer.disconnect().catch(() => undefined);
    await Promise.race([closing, new Promise((done) => setTimeout(done, CLOSE_MS).unref())]);
  }
}

interface Batch {
  /** Where the first attempt put it. */
  partition: number | undefined;
  /** How many attempts got as far as being written to a connection. */
  written: number;
}

/** The messages of a batch; encoding them for the wire is counted in `batch.written`. */
function watched(key: string, values: readonly string[], batch: Batch): Message[] {
  const messages: Message[] = values.map((value) => ({ key, value }));
  // kafkajs reads timestamps at one place, while it encodes the request it then writes; an attempt
  // that found no connection never gets there. undefined lets kafkajs take the current time.
  Object.defineProperty(messages[0]!, 'timestamp', {
    get: () => {
      batch.written += 1;
      return undefined;
    },
  });
  return messages;
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
      if (signal.aborted || failure instanceof ConfigError) throw failure;
      throw (last = failure);
    }
  };
  try {
    return await untilAvailable(classified, availability, signal, BACKOFF);
  } catch (thrown) {
    throw thrown instanceof ConfigError ? thrown : last;
  }
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
