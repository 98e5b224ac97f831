// Sends record batches to Kafka: idempotently, in the order of each partition, with one batch of a partition on
// its way at a time. It retries until a batch is acknowledged, refused for its content or given up, cuts what a
// broker refuses for its size, and says of every record whether it is in Kafka, is not, or may be. Retrying is
// done here, not left to kafkajs, so that a signal ends every wait.
import type { Admin, Kafka } from 'kafkajs';
import {
  ConfigError,
  UnavailableError,
  UnclearOutcomeError,
  isProgrammingError,
} from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, orAborted, untilAvailable, type Backoff } from '../retry.ts';
import { createKafka } from './client.ts';
import type { EncodedBatch } from './encoded-batch.ts';
import { isLostSequence, isUnknownTopic, kafkaFailure, refusedContent } from './failure.ts';
import { messagesOf } from './kafkajs-inside.ts';
import { Reach } from './reach.ts';
import { halved } from './record-batch-writer.ts';
import { SenderConnection } from './sender-connection.ts';
import type { KafkaConfig } from './variables.ts';

/**
 * The outcome of a batch. Of its records the first `sent` are in Kafka. Behind them comes what failed:
 * `refused` for its content, so that it is not in Kafka and sending it again would not help (one record);
 * `in-doubt`, written to a connection without an answer, so that all of it is in Kafka or nothing;
 * or `unsent`, not in Kafka. What lies behind that was not sent either, unless it was cut from one batch with
 * what is in doubt: then it has `doubts`, too.
 */
export type Delivery =
  | { readonly kind: 'sent'; readonly sent: number }
  | (Failed & {
      readonly kind: 'refused';
      /** The broker's word for why. */
      readonly reason: string;
    })
  | (Failed & { readonly kind: 'in-doubt' | 'unsent' });

interface Failed {
  readonly sent: number;
  readonly failed: EncodedBatch;
  readonly behind: readonly EncodedBatch[];
  /** ConfigError: a person must act. */
  readonly cause: Error;
}

export interface SenderOptions {
  readonly clientId: string;
  readonly log: Logger;
  /** Whether what is in doubt is sent again where it may then be in Kafka twice. Default: false. */
  readonly repeatsDoubtful?: boolean;
  /** Where sequence numbers begin: brokers take any from an identity that is new to them. Default: 0. */
  readonly firstSequence?: number;
  /** The command that creates missing topics. */
  readonly createsTopics?: string;
}

export interface OpenLimits {
  /** Default: none. */
  readonly deadline?: AbortSignal;
  readonly stop: AbortSignal;
}

/**
 * Of several connections each has one request on its way to a broker. Three partitions of one broker: 1.43 M
 * records/s through one, 1.94 M through three.
 */
const CONNECTIONS_MAX = 4;
const BACKOFF: Backoff = { firstMs: 100, maxMs: 1_000 };
/** The fewest that kafkajs allows an idempotent producer; the retrying is done here. */
const KAFKAJS_RETRIES = 1;
const CLOSE_MS = 2_000;

/** One partition of one topic, as this sender sees it. */
interface Line {
  readonly topic: string;
  connection: SenderConnection;
  /** The sequence number of the next batch, in the order of the connection's identity. */
  sequence: number;
  /** The last send: the next one waits for it. */
  turn: Promise<unknown>;
  /** Why nothing more is sent, until {@link Sender.goOn}. */
  closed: Error | undefined;
  /** The connection's identity may or may not have sent what is in doubt: it cannot be used any more. */
  isDoubtful: boolean;
}

export class Sender implements AsyncDisposable {
  readonly #config: KafkaConfig;
  readonly #options: SenderOptions;
  readonly #kafka: Kafka;
  readonly #availability: Availability;
  readonly #stop = new AbortController();
  readonly #lines = new Map<string, Line>();
  readonly #connections: SenderConnection[] = [];
  readonly #partitions = new Map<string, number>();
  #admin: Promise<Admin> | undefined;

  /** Connects to nothing yet. @throws {ConfigError} when settings of TLS and SASL contradict each other. */
  constructor(config: KafkaConfig, options: SenderOptions) {
    this.#config = config;
    this.#options = options;
    this.#kafka = createKafka(config, options.log, options.clientId, KAFKAJS_RETRIES);
    this.#availability = new Availability('Kafka', options.log);
  }

  /** True while it waits for a broker. */
  get away(): boolean {
    return this.#availability.away;
  }

  /**
   * Waits until Kafka answers and has `topic`. `waitLog` learns when it has to wait for either. After `deadline`
   * nothing is tried again, and an attempt that has reached no broker ends. One that has goes on until `stop`:
   * a broker on a busy machine is slow, not away.
   * @throws {ConfigError} when Kafka refuses the login or the topic.
   * @throws {UnavailableError} with the last reason, when `deadline` or `stop` came first.
   */
  async open(
    topic: string,
    { deadline = new AbortController().signal, stop }: OpenLimits,
    waitLog = this.#options.log,
  ): Promise<void> {
    const what = `Kafka at ${this.#config.KAFKA_BROKER}`;
    const reach = new Reach(deadline);
    const signal = AbortSignal.any([stop, deadline]);
    const cut = AbortSignal.any([stop, reach.missed]);
    const connect = async (): Promise<void> => {
      await orAborted(reach.attempt(this.#config), cut);
      await orAborted(this.#connection(0).producer(), cut);
    };
    await retrying(connect, what, new Availability('Kafka', waitLog), signal, cut);
    const look = () => orAborted(this.partitionsOf(topic), cut);
    await retrying(look, what, new Availability(`Topic ${topic}`, waitLog), signal, cut);
  }

  /** How many partitions a topic has now. @throws {UnavailableError | ConfigError} */
  async partitionsOf(topic: string): Promise<number> {
    try {
      const admin = await (this.#admin ??= connectedAdmin(this.#kafka));
      // Asking for the metadata would create a topic that does not exist, where a broker does that.
      if (!(await admin.listTopics()).includes(topic)) throw this.#unknownTopic(topic);
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const { length } = topics[0]!.partitions;
      this.#partitions.set(topic, length);
      return length;
    } catch (thrown) {
      const admin = this.#admin;
      this.#admin = undefined;
      void admin?.then((connected) => connected.disconnect()).catch(() => undefined);
      throw isUnknownTopic(thrown)
        ? this.#unknownTopic(topic, thrown)
        : kafkaFailure(thrown, `Kafka: partitions of ${topic}`);
    }
  }

  /** How many partitions a topic has as far as is known, which sending keeps up to date. 0: not known. */
  knownPartitions(topic: string): number {
    return this.#partitions.get(topic) ?? 0;
  }

  /**
   * Sends a batch in order behind what was sent to its partition before, however long that takes or until
   * `signal` aborts. After a delivery that is not `sent` nothing more of the partition is sent, until
   * {@link goOn}: what was asked for meanwhile comes back unsent.
   *
   * Why retrying makes no duplicates: a batch keeps its sequence number, nothing else of its partition is on
   * its way, and the broker acknowledges a batch that it already has without storing it again. That holds
   * while the connection's identity lives; what was given up after it was written can neither be asked for nor
   * be sent again under another identity, hence `in-doubt`. A broker judges the same bytes the same way each time,
   * so a refusal settles the doubt of one record. The halves of a batch take its numbers, which are free only if
   * it is not in Kafka.
   */
  send(topic: string, batch: EncodedBatch, signal: AbortSignal): Promise<Delivery> {
    const line = this.#line(topic, batch.partition);
    const sent = line.turn.then(() => this.#deliver(line, batch, signal));
    line.turn = sent.catch(() => undefined);
    return sent;
  }

  /** The partition that failed may go on: what is sent from now on follows what is in Kafka now. */
  goOn(topic: string, partition: number): void {
    const line = this.#line(topic, partition);
    line.closed = undefined;
    if (line.isDoubtful) this.#renew(line);
  }

  async #deliver(line: Line, batch: EncodedBatch, signal: AbortSignal): Promise<Delivery> {
    if (line.closed !== undefined) {
      return { kind: 'unsent', sent: 0, failed: batch, behind: [], cause: line.closed };
    }
    let sent = 0;
    const left = [batch];
    for (let [next] = left; next !== undefined; [next] = left) {
      const failure = await this.#whole(line, next, signal);
      if (failure === undefined) {
        sent += next.count;
        left.shift();
        // Its number was free, so that what it was cut from is not in Kafka.
        for (const behind of left) behind.doubts = 0;
        continue;
      }
      const reason = refusedContent(failure);
      const isDoubtful = next.doubts > 0 && reason === undefined;
      if (reason !== undefined && next.count > 1 && next.identity === undefined) {
        const halves = await halved(next, 'lz4');
        for (const half of halves) half.doubts = next.doubts;
        left.splice(0, 1, ...halves);
        continue;
      }
      line.closed = failure;
      line.isDoubtful = isDoubtful;
      const end = { sent, failed: next, behind: left.slice(1), cause: failure };
      if (reason !== undefined) return { kind: 'refused', ...end, reason };
      return { kind: isDoubtful ? 'in-doubt' : 'unsent', ...end };
    }
    return { kind: 'sent', sent };
  }

  /** Sends one batch as it is; resolves with why it is not acknowledged. */
  async #whole(line: Line, batch: EncodedBatch, given: AbortSignal): Promise<Error | undefined> {
    const signal = AbortSignal.any([given, this.#stop.signal]);
    const attempt = (): Promise<void> => this.#attempt(line, batch, signal);
    try {
      await retrying(attempt, 'Kafka', this.#availability, signal);
      if (batch.identity === undefined) line.sequence = batch.nextSequence;
      return undefined;
    } catch (thrown) {
      if (isProgrammingError(thrown)) throw thrown;
      // kafkajs may still be about to repeat it.
      batch.giveUp(thrown as Error);
      return thrown as Error;
    }
  }

  /** One attempt. @throws {ConfigError | UnavailableError | UnclearOutcomeError} */
  async #attempt(line: Line, batch: EncodedBatch, signal: AbortSignal): Promise<void> {
    const { topic } = line;
    try {
      const producer = await orAborted(line.connection.producer(), signal);
      batch.sequence = batch.identity === undefined ? line.sequence : 0;
      const request = { topic, messages: messagesOf(batch), acks: -1 };
      await orAborted(producer.send(request), signal);
    } catch (thrown) {
      throw this.#failure(thrown, line, batch);
    }
    if (batch.offset === undefined) throw new UnavailableError(`Kafka: no answer for ${topic}`);
  }

  #failure(thrown: unknown, line: Line, batch: EncodedBatch): Error {
    const { topic } = line;
    const content = refusedContent(thrown);
    const isLost = isLostSequence(thrown) && batch.identity === undefined;
    if (this.#options.repeatsDoubtful === true && (content !== undefined || isLost)) {
      batch.doubts = 0;
    }
    if (content !== undefined) {
      const text = `Kafka refuses a batch for topic ${topic}: ${content}`;
      return new ConfigError(text, { cause: thrown });
    }
    if (isLost && batch.doubts > 0) {
      const text = `Kafka: ${topic} no longer knows the batches it was sent, so the missing answer cannot be looked up`;
      return new UnclearOutcomeError(text, { cause: thrown });
    }
    if (isLost) {
      this.#options.log.info(
        { err: thrown },
        'the broker forgot this sender; continuing with a new producer id',
      );
      this.#renew(line);
    }
    return isUnknownTopic(thrown)
      ? this.#unknownTopic(topic, thrown)
      : kafkaFailure(thrown, `Kafka: sending to ${topic}`);
  }

  #line(topic: string, partition: number): Line {
    const place = `${topic}/${partition}`;
    const known = this.#lines.get(place);
    if (known !== undefined) return known;
    const connection = this.#connection(this.#lines.size % CONNECTIONS_MAX);
    const fresh = { closed: undefined, isDoubtful: false, turn: Promise.resolve() };
    const { firstSequence: sequence = 0 } = this.#options;
    const line: Line = { topic, connection, sequence, ...fresh };
    this.#lines.set(place, line);
    return line;
  }

  /** Gives a line an identity of its own; others keep the one they have. */
  #renew(line: Line): void {
    const before = line.connection;
    line.connection = this.#newConnection();
    line.sequence = 0;
    line.isDoubtful = false;
    const isUsed = [...this.#lines.values()].some(({ connection }) => connection === before);
    if (isUsed || this.#connections.slice(0, CONNECTIONS_MAX).includes(before)) return;
    this.#connections.splice(this.#connections.indexOf(before), 1);
    void before[Symbol.asyncDispose]();
  }

  #connection(index: number): SenderConnection {
    return this.#connections[index] ?? this.#newConnection();
  }

  #newConnection(): SenderConnection {
    const learn = (topic: string, partitions: number): void => {
      if (partitions > 0) this.#partitions.set(topic, partitions);
    };
    const connection = new SenderConnection(this.#kafka, KAFKAJS_RETRIES, learn);
    this.#connections.push(connection);
    return connection;
  }

  #unknownTopic(topic: string, cause?: unknown): UnavailableError {
    const { createsTopics = 'npm run topics' } = this.#options;
    const text = `topic ${topic} does not exist; create it with: ${createsTopics}`;
    return new UnavailableError(text, { cause });
  }

  /** Ends every wait; what is under way may or may not land. */
  giveUp(): void {
    this.#stop.abort(new UnavailableError('Kafka: gave up sending'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.giveUp();
    const admin = this.#admin?.then((connected) => connected.disconnect()).catch(() => undefined);
    const closing = this.#connections.map((connection) => connection[Symbol.asyncDispose]());
    const timeout = new Promise((done) => setTimeout(done, CLOSE_MS).unref());
    await Promise.race([Promise.all([...closing, admin]), timeout]);
  }
}

async function connectedAdmin(kafka: Kafka): Promise<Admin> {
  const admin = kafka.admin();
  await admin.connect();
  return admin;
}

/**
 * Retries `attempt` until `signal` aborts, and then throws the last reason instead of the abort. `cut` ends what is
 * under way.
 */
async function retrying<T>(
  attempt: () => Promise<T>,
  what: string,
  availability: Availability,
  signal: AbortSignal,
  cut = signal,
): Promise<T> {
  let last = new UnavailableError(`${what}: no answer`);
  const classified = async (): Promise<T> => {
    try {
      return await attempt();
    } catch (thrown) {
      const failure = isFinal(thrown) ? thrown : kafkaFailure(thrown, what);
      if (cut.aborted || !(failure instanceof UnavailableError)) throw failure;
      throw (last = failure);
    }
  };
  try {
    // Too late to repeat it, but a broker was reached.
    if (signal.aborted && !cut.aborted) return await classified();
    return await untilAvailable(classified, availability, signal, BACKOFF);
  } catch (thrown) {
    throw isFinal(thrown) ? thrown : last;
  }
}

/** What no retry mends. */
function isFinal(thrown: unknown): thrown is Error {
  const isOurs = thrown instanceof ConfigError || thrown instanceof UnclearOutcomeError;
  return isOurs || isProgrammingError(thrown);
}
