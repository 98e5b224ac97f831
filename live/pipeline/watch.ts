// Watches the pipeline while a page is open: asks broker, consumer and ClickHouse every two seconds, once for
// all pages, and passes the judge's result on.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadTable } from '../../platform/clickhouse/reader.ts';
import { asError } from '../../platform/errors.ts';
import { OpenTransactions } from '../../platform/kafka/open-transactions.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { silentLog } from '../../platform/log.ts';
import type { LiveConfig } from '../config.ts';
import type { PipelineNews } from '../model/protocol.ts';
import { sentence } from '../sentence.ts';
import { judge, silent } from './judge.ts';
import {
  readConsumer,
  type ClickHouseReading,
  type ConsumerReading,
  type KafkaReading,
  type Reading,
  type RelayReading,
  type Witness,
} from './reading.ts';
import { watched, type Relay, type Watched } from './watched.ts';

const CLIENT = 'sensorhouse-live';
const EVERY_MS = 2_000;
/** A pace needs two looks: the second one of a page that was just opened comes soon. */
const SOON_MS = 500;
/** Paces are of the last 20 seconds: batches land every few. */
const KEPT_MS = 20_000;
const WITNESS_MS = 5_000;
/** A server that is busy is not away. */
const CLICKHOUSE_MS = 12_000;

export type AskClickHouse = (sql: string, signal: AbortSignal) => Promise<ReadTable>;
type Listener = (news: PipelineNews) => void;

interface KafkaClients {
  readonly offsets: TopicOffsets;
  readonly transactions: OpenTransactions;
}

export class PipelineWatch implements AsyncDisposable {
  readonly #config: LiveConfig;
  readonly #watched: Watched;
  readonly #ask: AskClickHouse;
  readonly #listeners = new Set<Listener>();
  readonly #over = new AbortController();
  #readings: Reading[] = [];
  #kafkaClients: KafkaClients | undefined;
  #lastSentMs: number | undefined;
  #latest: PipelineNews | undefined;
  #round: Promise<void> | undefined;

  constructor(config: LiveConfig, ask: AskClickHouse) {
    this.#config = config;
    this.#watched = watched(config);
    this.#ask = ask;
  }

  /** Tells `listener` from now on; the result ends that. Nobody is asked while nobody listens. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#latest !== undefined && this.#round !== undefined) listener(this.#latest);
    this.#round ??= this.#rounds();
    return () => void this.#listeners.delete(listener);
  }

  async #rounds(): Promise<void> {
    while (this.#listeners.size > 0 && !this.#over.signal.aborted) {
      const news = await this.#look();
      for (const listener of this.#listeners) listener(news);
      const pauseMs = this.#readings.length < 2 ? SOON_MS : EVERY_MS;
      await sleep(pauseMs, undefined, { signal: this.#over.signal }).catch(() => undefined);
    }
    // What was known will be old when the next page opens.
    this.#readings = [];
    await this.#forgetKafka();
    this.#round = undefined;
    if (this.#listeners.size > 0 && !this.#over.signal.aborted) this.#round = this.#rounds();
  }

  async #look(): Promise<PipelineNews> {
    const within = (ms: number): AbortSignal =>
      AbortSignal.any([this.#over.signal, AbortSignal.timeout(ms)]);
    // What landed first, how far the log goes after it: the other way round there are more rows than messages.
    const [consumer, clickhouse] = await Promise.all([
      this.#consumer(within(WITNESS_MS)),
      this.#clickhouse(within(CLICKHOUSE_MS)),
    ]);
    const kafka = await this.#kafka(within(WITNESS_MS));
    const atMs = Date.now();
    const before = this.#readings.findLast((reading) => reading.kafka.ok)?.kafka;
    if (kafka.ok && (before?.ok !== true || kafka.said.end !== before.said.end))
      this.#lastSentMs = atMs;
    this.#readings = this.#readings.filter((reading) => atMs - reading.atMs <= KEPT_MS);
    this.#readings.push({ atMs, kafka, consumer, clickhouse });
    return (this.#latest = judge(this.#readings, this.#lastSentMs));
  }

  async #kafka(signal: AbortSignal): Promise<Witness<KafkaReading>> {
    const { KAFKA_BROKER: broker } = this.#config;
    try {
      this.#kafkaClients ??= {
        offsets: new TopicOffsets(this.#config, silentLog(), CLIENT),
        transactions: new OpenTransactions(this.#config, CLIENT),
      };
      return { ok: true, said: await within(signal, this.#askKafka(this.#kafkaClients)) };
    } catch (thrown) {
      await this.#forgetKafka();
      const why = signal.aborted
        ? `Kafka: no answer from ${broker} within ${WITNESS_MS / 1_000} s`
        : asError(thrown).message;
      return silent(
        `${sentence(why)} Producers wait or stop; the consumer continues when Kafka is back.`,
      );
    }
  }

  async #askKafka({ offsets, transactions }: KafkaClients): Promise<KafkaReading> {
    const { relays, topics } = this.#watched;
    const sums = { end: 0, hidden: 0, kept: 0, partitions: 0 };
    const existing = await offsets.existing(topics);
    for (const topic of existing) {
      // What is written first: what arrives before the next question must not look hidden.
      const written = await transactions.writtenEnds(topic);
      for (const [partition, { begin, end }] of await offsets.rangesOf(topic)) {
        const all = Math.max(end, written.get(partition) ?? end);
        sums.end += all;
        sums.hidden += all - end;
        sums.kept += all - begin;
        sums.partitions += 1;
      }
    }
    const read = relays.filter(({ topic }) => existing.includes(topic));
    // A coordinator that is still being made says nothing about Kafka.
    const asked = read.map((relay) => askRelay(offsets, relay).catch(() => undefined));
    const known = (await Promise.all(asked)).filter((relay) => relay !== undefined);
    return { ...sums, relays: known };
  }

  async #forgetKafka(): Promise<void> {
    const { offsets, transactions } = this.#kafkaClients ?? {};
    this.#kafkaClients = undefined;
    await offsets?.[Symbol.asyncDispose]().catch(() => undefined);
    await transactions?.[Symbol.asyncDispose]().catch(() => undefined);
  }

  async #consumer(signal: AbortSignal): Promise<Witness<ConsumerReading>> {
    const url = this.#config.CONSUMER_URL.replace(/\/$/, '');
    try {
      const [metrics, ready] = await Promise.all([
        fetch(`${url}/metrics`, { signal }),
        fetch(`${url}/readyz`, { signal }),
      ]);
      const [, ...reasons] = (await ready.text()).trimEnd().split('\n');
      const standstills = ready.ok ? [] : reasons;
      return { ok: true, said: { ...readConsumer(await metrics.text(), ready.ok), standstills } };
    } catch {
      return silent(
        `The consumer does not answer at ${url}. Messages wait in Kafka; start it: npm run consumer.`,
      );
    }
  }

  async #clickhouse(signal: AbortSignal): Promise<Witness<ClickHouseReading>> {
    try {
      const { columns, rows } = await this.#ask(this.#watched.figures, signal);
      const [row = []] = rows;
      const of = (name: string): unknown =>
        row[columns.findIndex((column) => column.name === name)];
      const number = (name: string): number => Number(of(name) ?? 0);
      const orNull = (name: string): number | null => (of(name) === null ? null : number(name));
      return {
        ok: true,
        said: {
          rows: number('rows'),
          recentRows: number('recent_rows'),
          recentDevices: number('recent_devices'),
          delayP99Ms: orNull('delay_ms'),
          newestAgeMs: orNull('newest_age_ms'),
          deadRecent: number('dead_recent'),
          deadTotal: number('dead'),
          deadReason: (of('dead_reason') as string | null) ?? '',
        },
      };
    } catch (thrown) {
      const why = signal.aborted
        ? `no answer within ${CLICKHOUSE_MS / 1_000} s`
        : asError(thrown).message;
      return silent(`ClickHouse cannot be asked (${why}). Messages wait in Kafka.`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    this.#over.abort();
    await this.#round;
  }
}

async function askRelay(
  offsets: TopicOffsets,
  { group, name, topic }: Relay,
): Promise<RelayReading> {
  // Commits before the log (see log-ranges.ts).
  const committed = await offsets.committedBy(group, topic);
  const ranges = await offsets.rangesOf(topic);
  const sums = { done: 0, waiting: 0 };
  for (const [partition, { begin, end }] of ranges) {
    const next = Math.max(begin, committed.get(partition) ?? begin);
    sums.done += next;
    sums.waiting += Math.max(0, end - next);
  }
  return { name, ...sums };
}

async function within<T>(signal: AbortSignal, asked: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(asError(signal.reason));
  signal.addEventListener('abort', onAbort, { once: true });
  asked.catch(() => undefined);
  try {
    return await Promise.race([asked, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
