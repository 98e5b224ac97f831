// Brings events to Kafka or, when Kafka is away and ON_KAFKA_DOWN says so, prints them. Settles
// every event it is given in the ledger, or leaves it open, which counts as failed.
import { ConfigError, UnavailableError } from '../platform/errors.ts';
import {
  connectProducer,
  type KafkaProducer,
  type KeyedValue,
} from '../platform/kafka/producer.ts';
import { silentLog, type Logger } from '../platform/log.ts';
import type { Ledger } from './account.ts';
import type { ProducerConfig } from './config.ts';
import type { DryRun } from './dry-run.ts';

/** Why a run ends early. `failed` is exit code 3, Kafka is away; `unread` means that nobody reads stdout. */
export type Ending = 'failed' | 'unread' | ConfigError;

export interface DeliveryOptions {
  readonly config: ProducerConfig;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly dryRun: DryRun;
  /** Aborts when whatever is still under way must be given up. */
  readonly giveUp: AbortSignal;
}

/** A broker takes about 1 MB in one record batch; compression only helps. */
const MAX_BATCH_BYTES = 900_000;

export class Delivery implements AsyncDisposable {
  readonly #options: DeliveryOptions;
  #producer: KafkaProducer | undefined;
  /** Set for good once Kafka was given up. */
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
    const { config, log } = this.#options;
    const waits = config.ON_KAFKA_DOWN === 'wait';
    const deadline = waits ? [] : [AbortSignal.timeout(config.KAFKA_MAX_BLOCK_MS)];
    // The one warning of a start without Kafka says what is done instead, so the wait is not told.
    const waitLog = waits ? log : silentLog();
    const options = { topic: config.KAFKA_TOPIC, clientId: config.PRODUCER.name, log };
    try {
      const signal = AbortSignal.any([stop, ...deadline]);
      this.#producer = await connectProducer(config, options, signal, waitLog);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof ConfigError) return thrown;
      if (!(thrown instanceof UnavailableError)) throw thrown;
      return stop.aborted ? undefined : this.#fallBack(thrown);
    }
  }

  /** Sends or prints events, at least one. Anything but undefined ends the run. */
  async deliver(events: readonly KeyedValue[]): Promise<Ending | undefined> {
    for (const batch of inBatches(events)) {
      const ending = await this.#deliver(batch);
      if (ending !== undefined) return ending;
    }
    return undefined;
  }

  async #deliver(events: readonly KeyedValue[]): Promise<Ending | undefined> {
    if (this.#producer === undefined) return this.#print(events);
    const { config, giveUp, ledger } = this.#options;
    const timeoutMs = config.KAFKA_SEND_TIMEOUT_SEC * 1_000;
    const deadline = config.ON_KAFKA_DOWN === 'wait' ? [] : [AbortSignal.timeout(timeoutMs)];
    const signal = AbortSignal.any([giveUp, ...deadline]);
    const { cause, inDoubt, sent, unsent } = await this.#producer.send(events, signal);
    ledger.settle('sent', sent);
    if (cause === undefined) return undefined;
    this.#producer = undefined;
    ledger.settle('inDoubt', inDoubt.length);
    if (cause instanceof ConfigError) return cause;
    const ending = this.#fallBack(cause, inDoubt.length);
    if (ending !== undefined) return ending;
    // Events in doubt are printed too, so that none is lost in silence; they count once.
    return (await this.#show(inDoubt)) ?? this.#print(unsent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer?.[Symbol.asyncDispose]();
  }

  #fallBack(cause: Error, inDoubt = 0): Ending | undefined {
    const { config, log } = this.#options;
    const doubt = inDoubt === 0 ? '' : `; ${inDoubt} events may or may not be in it`;
    if (config.ON_KAFKA_DOWN !== 'dry-run') {
      log.error(`Kafka is given up: ${cause.message}${doubt}`);
      return 'failed';
    }
    this.#printing = true;
    const instead = `events are printed as [DRY-RUN] on stdout instead of being sent${doubt}`;
    log.warn(`${cause.message}; ${instead}`);
    return undefined;
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

/** The events in order, cut where a batch would become too large; one that is alone too large stays alone. */
export function* inBatches(
  events: readonly KeyedValue[],
  maxBytes = MAX_BATCH_BYTES,
): Generator<readonly KeyedValue[]> {
  let from = 0;
  let bytes = 0;
  for (const [index, event] of events.entries()) {
    const size = sizeOf(event);
    if (index > from && bytes + size > maxBytes) {
      yield events.slice(from, index);
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < events.length) yield from === 0 ? events : events.slice(from);
}

function sizeOf({ headers = {}, key, value }: KeyedValue): number {
  const parts = [key, value, ...Object.entries(headers).flat()];
  return parts.reduce((bytes, part) => bytes + Buffer.byteLength(part), 0);
}
