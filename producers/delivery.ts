// Brings rows to Kafka or, when Kafka is away and ON_KAFKA_DOWN says so, prints them. It settles every row in
// the account, or leaves it open, which counts as failed.
import { ConfigError, UnavailableError } from '../platform/errors.ts';
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import { Sender } from '../platform/kafka/sender.ts';
import { silentLog, type Logger } from '../platform/log.ts';
import type { Ledger } from './account.ts';
import { sendTimeoutMs, type ProducerConfig } from './config.ts';
import type { DryRun } from './dry-run.ts';
import type { EventPage } from './event-page.ts';
import { Outbox } from './outbox.ts';
import type { KeyedValue, RowRecords } from './row-records.ts';
import type { Rows } from './row-source.ts';

/** Why a run ends early. `failed` is exit code 3, Kafka is away; `unread` means that nobody reads stdout. */
export type Ending = 'failed' | 'unread' | ConfigError;

export interface DeliveryOptions {
  readonly config: ProducerConfig;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly dryRun: DryRun;
  readonly records: RowRecords;
  /** Aborts when whatever is still under way must be given up. */
  readonly giveUp: AbortSignal;
}

export class Delivery implements AsyncDisposable {
  readonly #options: DeliveryOptions;
  #sender: Sender | undefined;
  /** Undefined while nothing is connected, and for good once Kafka was given up. */
  #outbox: Outbox | undefined;
  #printing = false;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** True when events are printed. */
  get printing(): boolean {
    return this.#printing;
  }

  /**
   * Connects to Kafka, or decides to print. `stop` ends the wait.
   * @throws {ConfigError} when Kafka refuses.
   */
  async open(stop: AbortSignal): Promise<Ending | undefined> {
    const { config, ledger, log, records } = this.#options;
    const waits = config.ON_KAFKA_DOWN === 'wait';
    const limits = waits ? {} : { deadline: AbortSignal.timeout(config.KAFKA_MAX_BLOCK_MS) };
    // The one warning of a start without Kafka says what is done instead, so the wait is not told.
    const waitLog = waits ? log : silentLog();
    const { KAFKA_TOPIC: topic, PRODUCER } = config;
    const options = { clientId: PRODUCER.name, log, createsTopics: 'npm run setup' };
    try {
      const sender = new Sender(config, options);
      this.#sender = sender;
      await sender.open(topic, { ...limits, stop }, waitLog);
      const sent = (rows: number): void => ledger.settle('sent', rows);
      const patience = (): AbortSignal => this.#patience();
      this.#outbox = new Outbox({ topic, sender, records, patience, sent });
      return undefined;
    } catch (thrown) {
      void this.#close();
      if (thrown instanceof ConfigError) return thrown;
      if (!(thrown instanceof UnavailableError)) throw thrown;
      return stop.aborted ? undefined : this.#fallBack(thrown);
    }
  }

  #patience(): AbortSignal {
    const { config, giveUp } = this.#options;
    if (config.ON_KAFKA_DOWN === 'wait') return giveUp;
    return AbortSignal.any([giveUp, AbortSignal.timeout(sendTimeoutMs(config))]);
  }

  /**
   * Takes or prints rows, at least one. A replay with pauses waits until they are acknowledged, one without until
   * there is room for more. Anything but undefined ends the run.
   */
  async deliver(rows: readonly Rows<EventPage>[]): Promise<Ending | undefined> {
    const outbox = this.#outbox;
    if (outbox === undefined) return this.#print(this.#texts(rows));
    const left = await outbox.add(rows);
    if (this.#options.config.INTERVAL_MS > 0) await outbox.flush();
    return outbox.hasFailed ? this.#giveUpKafka(outbox, left) : undefined;
  }

  /** Waits until what was taken is acknowledged, or deals with what is not. */
  async flush(): Promise<Ending | undefined> {
    const outbox = this.#outbox;
    if (outbox === undefined) return undefined;
    await outbox.flush();
    return outbox.hasFailed ? this.#giveUpKafka(outbox, []) : undefined;
  }

  async #giveUpKafka(
    outbox: Outbox,
    rows: readonly Rows<EventPage>[],
  ): Promise<Ending | undefined> {
    this.#outbox = undefined;
    const { cause, inDoubt, unsent } = await outbox.leftover();
    void this.#close();
    const doubts = inDoubt.reduce((sum, { count }) => sum + count, 0);
    this.#options.ledger.settle('inDoubt', doubts);
    if (cause instanceof ConfigError) return cause;
    const ending = this.#fallBack(cause, doubts);
    if (ending !== undefined) return ending;
    // Events in doubt are printed too, so that none is lost in silence; they count once.
    for (const batch of inDoubt) {
      const unread = await this.#show(await textsOf(batch));
      if (unread !== undefined) return unread;
    }
    for (const batch of unsent) {
      const unread = await this.#print(await textsOf(batch));
      if (unread !== undefined) return unread;
    }
    return this.#print(this.#texts(rows));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  async #close(): Promise<void> {
    const sender = this.#sender;
    this.#sender = undefined;
    await sender?.[Symbol.asyncDispose]();
  }

  #fallBack(cause: Error, inDoubt = 0): Ending | undefined {
    const { config, log } = this.#options;
    const doubt = inDoubt === 0 ? '' : `; ${inDoubt} events may or may not be in Kafka`;
    if (config.ON_KAFKA_DOWN !== 'dry-run') {
      log.error(`giving up on Kafka: ${cause.message}${doubt}`);
      return 'failed';
    }
    this.#printing = true;
    const instead = `events are printed as [DRY-RUN] on stdout instead of being sent${doubt}`;
    log.warn(`${cause.message}; ${instead}`);
    return undefined;
  }

  #texts(rows: readonly Rows<EventPage>[]): KeyedValue[] {
    const { records } = this.#options;
    const texts: KeyedValue[] = [];
    for (const { from, page, to } of rows) {
      for (let row = from; row < to; row += 1) texts.push(records.keyedValue(page, row));
    }
    return texts;
  }

  async #print(events: readonly KeyedValue[]): Promise<Ending | undefined> {
    const ending = await this.#show(events);
    if (ending === undefined) this.#options.ledger.settle('dryRun', events.length);
    return ending;
  }

  async #show(events: readonly KeyedValue[]): Promise<Ending | undefined> {
    if (events.length === 0) return undefined;
    const printed = await this.#options.dryRun.print(events);
    return printed ? undefined : 'unread';
  }
}

/** The records of a batch that is not known to be in Kafka. */
async function textsOf(batch: EncodedBatch): Promise<KeyedValue[]> {
  const records = await batch.records();
  const texts: KeyedValue[] = [];
  while (records.next()) {
    const [key, value] = [String(records.key()), String(records.value())];
    const headers = records.headers().map(([name, held]) => [name, String(held)] as const);
    const named = headers.length === 0 ? {} : { headers: Object.fromEntries(headers) };
    texts.push({ key, value, ...named });
  }
  return texts;
}
