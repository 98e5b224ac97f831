// The known state of the pipeline at one moment, from its three witnesses: the broker, the consumer's metrics
// and ClickHouse. Types, and reading the consumer's text. Pure.

/** A witness that answered, or why it did not. */
export type Witness<T> =
  { readonly ok: true; readonly said: T } | { readonly ok: false; readonly why: string };

/** Of the topics that producers send to; one that does not exist has nothing. */
export interface KafkaReading {
  /** Sum of the partitions' ends: every message ever sent, also what an open transaction hides. */
  readonly end: number;
  /** Of these, messages that an open transaction hides; absent when it hides none. */
  readonly hidden?: number;
  /** Messages that are still kept. */
  readonly kept: number;
  readonly partitions: number;
  readonly relays: readonly RelayReading[];
}

/** A processor between producers and a table. */
export interface RelayReading {
  readonly name: string;
  /** Messages that it has dealt with. */
  readonly done: number;
  /** Messages that wait for it. */
  readonly waiting: number;
}

export interface ConsumerReading {
  readonly ready: boolean;
  readonly inserted: number;
  readonly deadLetters: number;
  /** Left out: made from a message that was met before. */
  readonly duplicates: number;
  /** Offsets passed over because their records cannot be read. */
  readonly unreadable: number;
  readonly lag: number;
  /** Partitions that stand still, in words; absent when none does. */
  readonly standstills?: readonly string[];
  /** Records that an open transaction hides; absent when none does. */
  readonly hidden?: number;
}

export interface ClickHouseReading {
  readonly rows: number;
  /** Of the last minute. */
  readonly recentRows: number;
  readonly recentDevices: number;
  /** From Kafka to the table, of the last minute; null without rows. */
  readonly delayP99Ms: number | null;
  /** Since the newest row arrived; null for an empty table. */
  readonly newestAgeMs: number | null;
  /** Dead letters of the last 15 minutes, and why most of them were rejected. */
  readonly deadRecent: number;
  readonly deadTotal: number;
  readonly deadReason: string;
}

export interface Reading {
  readonly atMs: number;
  readonly kafka: Witness<KafkaReading>;
  readonly consumer: Witness<ConsumerReading>;
  readonly clickhouse: Witness<ClickHouseReading>;
}

/** Reads the consumer's /metrics; streams are summed. */
export function readConsumer(text: string, ready: boolean): ConsumerReading {
  const sums = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, value] = /^sensorhouse_consumer_(\w+)(?:\{.*\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) continue;
    sums.set(name, (sums.get(name) ?? 0) + Number(value));
  }
  const of = (key: string): number => sums.get(key) ?? 0;
  return {
    ready,
    inserted: of('rows_inserted_total'),
    deadLetters: of('dead_letters_total'),
    duplicates: of('duplicates_total'),
    unreadable: of('unreadable_offsets_total'),
    lag: of('lag_records'),
    ...(of('open_transaction_records') > 0 ? { hidden: of('open_transaction_records') } : {}),
  };
}

/** Change per second of a figure between two moments; undefined when it fell: the program began again. */
export function perSecond(
  before: { atMs: number; value: number } | undefined,
  after: { atMs: number; value: number },
): number | undefined {
  if (before === undefined || after.atMs <= before.atMs || after.value < before.value)
    return undefined;
  return ((after.value - before.value) / (after.atMs - before.atMs)) * 1_000;
}
