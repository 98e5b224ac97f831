// Sends records that are made from other records: to a partition that the caller chose, with their
// headers and times. Idempotent, acknowledged by all replicas, one request in flight a partition; it
// waits for a broker that is away and says when one refuses a batch for what is in it.
import kafkajs, { type Admin, type Message, type Producer } from 'kafkajs';
import { UnavailableError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, orAborted, untilAvailable, type Backoff } from '../retry.ts';
import { createKafka, type Kafka } from './client.ts';
import { isLostSequence, isUnknownTopic, kafkaFailure, refusedContent } from './failure.ts';
import type { KafkaConfig } from './variables.ts';

export interface PlacedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A name may occur several times. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  /** Epoch milliseconds. */
  readonly timestampMs: number;
}

/** `refused`: by its content; nothing of it is in the log, and sending it again would not help. */
export type Sent =
  { readonly kind: 'landed' } | { readonly kind: 'refused'; readonly reason: string };

const { CompressionTypes } = kafkajs;
const BACKOFF: Backoff = { firstMs: 100, maxMs: 2_000 };
/** The fewest that kafkajs allows an idempotent producer; the retrying is done here. */
const KAFKAJS_RETRIES = 1;
const CLOSE_MS = 2_000;
const NO_BYTES = Buffer.alloc(0);

export class RecordSender implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #log: Logger;
  readonly #availability: Availability;
  readonly #stop = new AbortController();
  /** The last send of each partition: the next one waits for it. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #admin: Promise<Admin> | undefined;
  #producer: Promise<Producer> | undefined;

  constructor(config: KafkaConfig, clientId: string, log: Logger) {
    this.#kafka = createKafka(config, log, clientId, KAFKAJS_RETRIES);
    this.#log = log;
    this.#availability = new Availability('Kafka (sending)', log);
  }

  /** True while it waits for a broker. */
  get away(): boolean {
    return this.#availability.away;
  }

  /** How many partitions a topic has now. @throws {UnavailableError | ConfigError} */
  async partitionsOf(topic: string): Promise<number> {
    try {
      const admin = await (this.#admin ??= connectedAdmin(this.#kafka));
      // Asking for the metadata would create a topic that does not exist, where a broker does that.
      if (!(await admin.listTopics()).includes(topic)) throw unknownTopic(topic);
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]!.partitions.length;
    } catch (thrown) {
      this.#admin = undefined;
      throw kafkaFailure(thrown, `Kafka: partitions of ${topic}`);
    }
  }

  /**
   * Sends `records` as one batch, in order behind what was sent to the partition before, however long that
   * takes. After a doubt it is sent again, and may then be in the log twice: at worst whole, and always
   * before anything that is sent after it.
   * @throws {ConfigError} when Kafka refuses the login or the topic.
   * @throws the reason of the stop, when {@link giveUp} came first: it may or may not be in the log.
   */
  send(topic: string, partition: number, records: readonly PlacedRecord[]): Promise<Sent> {
    const place = `${topic}/${partition}`;
    const messages = ofPartition(
      records.map((record) => messageOf(record, partition)),
      partition,
    );
    const attempt = (): Promise<Sent> => this.#attempt(topic, messages);
    // kafkajs takes the sequence numbers of a failed request back: another batch under the same numbers
    // would be taken for a repetition, hence nothing is sent until this one has landed.
    const sent = (this.#turns.get(place) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => untilAvailable(attempt, this.#availability, this.#stop.signal, BACKOFF));
    this.#turns.set(place, sent);
    return sent;
  }

  async #attempt(topic: string, messages: Message[]): Promise<Sent> {
    const connecting = (this.#producer ??= this.#connect());
    try {
      const producer = await connecting;
      const request = { topic, messages, acks: -1, compression: CompressionTypes.LZ4 };
      await orAborted(producer.send(request), this.#stop.signal);
      return { kind: 'landed' };
    } catch (thrown) {
      this.#stop.signal.throwIfAborted();
      const reason = refusedContent(thrown);
      if (reason !== undefined) return { kind: 'refused', reason };
      if (isLostSequence(thrown)) this.#replace(connecting, thrown);
      throw isUnknownTopic(thrown)
        ? unknownTopic(topic, thrown)
        : kafkaFailure(thrown, `Kafka: sending to ${topic}`);
    }
  }

  /** Sends that the old one has under way fail with it, and are repeated by the new one. */
  #replace(producer: Promise<Producer>, cause: unknown): void {
    if (this.#producer !== producer) return;
    this.#log.info({ err: cause }, 'the broker forgot this producer; going on with a new one');
    this.#producer = undefined;
    void disconnected(producer);
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: KAFKAJS_RETRIES },
      createPartitioner: () => (args) => args.message.partition!,
    });
    try {
      await producer.connect();
      return producer;
    } catch (thrown) {
      this.#producer = undefined;
      throw thrown;
    }
  }

  /** Ends every wait; what is under way may or may not land. */
  giveUp(): void {
    this.#stop.abort(new UnavailableError('Kafka: sending was given up'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.giveUp();
    const closing = Promise.all([disconnected(this.#producer), disconnected(this.#admin)]);
    await Promise.race([closing, new Promise((done) => setTimeout(done, CLOSE_MS).unref())]);
  }
}

/** kafkajs sorts messages by partition and copies the list for each of them: here it finds that done. */
function ofPartition(messages: Message[], partition: number): Message[] {
  return Object.defineProperty(messages, 'reduce', { value: () => ({ [partition]: messages }) });
}

/** As kafkajs wants it. It fails on a header without a value with a TypeError, so that one is sent empty. */
export function messageOf(
  { headers, key, timestampMs, value }: PlacedRecord,
  partition: number,
): Message {
  const named: Record<string, Buffer[]> = Object.create(null) as typeof named;
  for (const [name, bytes] of headers) (named[name] ??= []).push(bytes ?? NO_BYTES);
  return { key, value, partition, headers: named, timestamp: String(timestampMs) };
}

function unknownTopic(topic: string, cause?: unknown): UnavailableError {
  const text = `topic ${topic} does not exist; create it with: npm run topics`;
  return new UnavailableError(text, { cause });
}

async function connectedAdmin(kafka: Kafka): Promise<Admin> {
  const admin = kafka.admin();
  await admin.connect();
  return admin;
}

async function disconnected(
  client: Promise<{ disconnect(): Promise<void> }> | undefined,
): Promise<void> {
  await client?.then((connected) => connected.disconnect()).catch(() => undefined);
}
