// A member of a consumer group on kafkajs. It delivers record batches and assignments, keeps the
// membership alive while the receiver is busy, and comes back by itself after anything that is not
// a refusal. Where to read from is the receiver's business: it seeks; commits only show lag.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload } from 'kafkajs';
import { ConfigError, UnavailableError, asError, isProgrammingError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, untilAvailable } from '../retry.ts';
import { deliver, type Handling } from './batch-handler.ts';
import { createKafka } from './client.ts';
import { DamagedBatches } from './damaged-batches.ts';
import { isClientFailure, isRefusedSession, isUnknownTopic, kafkaFailure } from './failure.ts';
import { readLogRanges, type LogRange } from './log-ranges.ts';
import { rawFetching } from './raw-fetch.ts';
import type { InflateLimits } from './record-pieces.ts';
import type { RecordRun } from './record-run.ts';
import { KafkaCheck } from './speaks-kafka.ts';
import type { GroupConfig, KafkaConfig } from './variables.ts';

/** Consecutive records of one partition. They are gone when the receiver is done with them. */
export interface RecordBatch extends RecordRun {
  readonly topic: string;
  readonly partition: number;
  /** One past the last record of the partition that may be read, when this was fetched. */
  readonly endOffset: number;
}

export interface Membership {
  /** Tells the group that this member lives. Throws when the group is rebalancing: let it pass. */
  heartbeat(): Promise<void>;
  /** False when the batch is out of date: a seek, a rebalance or a stop came in between. */
  isCurrent(): boolean;
}

export interface GroupReceiver {
  /**
   * Called before the group is joined. kafkajs commits -2 over an offset that is out of range, and does so
   * before anybody is asked: who wants to know what was committed reads it here.
   */
  joining?(): Promise<void>;
  /** A new assignment; partitions by topic. Batches follow, never awaited: hold them back yourself. */
  assigned(partitions: ReadonlyMap<string, readonly number[]>): void;
  /** The group confirmed that the current assignment stands. */
  confirmed(): void;
  /** Takes a batch. True: go on after its last record. False: it was not taken, a seek follows. */
  batch(batch: RecordBatch, membership: Membership): Promise<boolean>;
  /** A refusal that only a person can mend, or a mistake in the program. Told once. */
  failed(error: Error): void;
}

export interface GroupOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly maxBytesPerPartition: number;
  readonly inflate: InflateLimits;
}

/** A committed offset and what was noted with it, '' for nothing. */
export interface NotedOffset {
  readonly offset: number;
  readonly note: string;
}

/** Three heartbeats fit into a session, so that a late one or two end no membership. */
const HEARTBEATS_PER_SESSION = 3;
const HEARTBEAT_MAX_MS = 3_000;
const BROKER_SETTINGS = {
  min: 'its group.min.session.timeout.ms (6000 by default)',
  max: 'group.max.session.timeout.ms',
};
/**
 * While the group waits for a member that died, it answers no JoinGroup until that one's session has
 * ended, and kafkajs does not disconnect before the answer. A stop cannot wait for that.
 */
const LEAVE_MS = 2_000;

export class GroupConsumer implements AsyncDisposable {
  readonly #consumer: Consumer;
  readonly #admin: Admin;
  readonly #check: KafkaCheck;
  readonly #options: GroupOptions;
  readonly #log: Logger;
  readonly #sessionMs: number;
  readonly #heartbeatMs: number;
  readonly #handling: Handling;
  readonly #stop = new AbortController();
  /** The receiver was told that it is over: kafkajs must not start again. */
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(config: KafkaConfig & GroupConfig, options: GroupOptions, log: Logger) {
    const kafka = createKafka(config, log, options.groupId);
    this.#options = options;
    this.#log = log;
    this.#sessionMs = config.KAFKA_SESSION_TIMEOUT_MS;
    this.#heartbeatMs = Math.min(
      HEARTBEAT_MAX_MS,
      Math.floor(this.#sessionMs / HEARTBEATS_PER_SESSION),
    );
    const { inflate } = options;
    const heartbeatMs = this.#heartbeatMs;
    this.#handling = { heartbeatMs, inflate, damaged: new DamagedBatches(), log };
    this.#admin = kafka.admin();
    this.#check = new KafkaCheck(config);
    this.#consumer = kafka.consumer({
      groupId: options.groupId,
      sessionTimeout: this.#sessionMs,
      rebalanceTimeout: 60_000,
      heartbeatInterval: this.#heartbeatMs,
      // New partitions are noticed when the metadata is refreshed.
      metadataMaxAge: 15_000,
      allowAutoTopicCreation: false,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxBytes: 4 * options.maxBytesPerPartition,
      // A stop waits for the fetch that is under way.
      maxWaitTimeInMs: 250,
      retry: {
        retries: 3,
        initialRetryTime: 100,
        maxRetryTime: 2_000,
        restartOnFailure: (error) => this.#restart(error),
      },
    });
  }

  /** Joins the group, waiting for Kafka and for the topics to exist; returns at once. */
  start(receiver: GroupReceiver): void {
    const availability = new Availability('Kafka', this.#log);
    this.#listen(receiver, availability);
    const joining = untilAvailable(() => this.#join(receiver), availability, this.#stop.signal);
    this.#running = joining.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) receiver.failed(asError(error));
    });
  }

  #listen(receiver: GroupReceiver, availability: Availability): void {
    const { GROUP_JOIN, HEARTBEAT, CRASH, FETCH } = this.#consumer.events;
    this.#consumer.on(GROUP_JOIN, ({ payload }) => {
      const assigned = new Map(Object.entries(payload.memberAssignment));
      this.#guard(receiver, () => receiver.assigned(assigned));
    });
    this.#consumer.on(HEARTBEAT, () => this.#guard(receiver, () => receiver.confirmed()));
    this.#consumer.on(FETCH, () => availability.back());
    this.#consumer.on(CRASH, ({ payload }) => {
      const failure = this.#failureOf(payload.error);
      if (failure instanceof ConfigError) this.#end(receiver, failure);
      // What kafkajs does not start again after stands still for ever: no waiting for that.
      else if (!payload.restart) this.#end(receiver, payload.error);
      else availability.lost(failure);
    });
  }

  /** @returns what names the variable when the broker refuses its value. */
  #failureOf(error: unknown): Error {
    if (!isRefusedSession(error)) return kafkaFailure(error, 'Kafka');
    const { min, max } = BROKER_SETTINGS;
    const text = `KAFKA_SESSION_TIMEOUT_MS: ${this.#sessionMs} is not what the broker allows: ${min} to ${max}`;
    return new ConfigError(text, { cause: asError(error) });
  }

  #end(receiver: GroupReceiver, error: Error): void {
    if (this.#stop.signal.aborted || this.#isOver) return;
    this.#isOver = true;
    receiver.failed(error);
  }

  /** kafkajs takes what a listener throws for a failure of its own. */
  #guard(receiver: GroupReceiver, listener: () => void): void {
    try {
      listener();
    } catch (thrown) {
      this.#end(receiver, asError(thrown));
    }
  }

  /** kafkajs retries whatever is thrown in a batch's handler: a mistake of ours ends it instead. */
  async #deliver(payload: EachBatchPayload, receiver: GroupReceiver): Promise<void> {
    try {
      await deliver(payload, receiver, this.#handling);
    } catch (thrown) {
      if (!isClientFailure(thrown)) this.#end(receiver, asError(thrown));
      throw thrown;
    }
  }

  /** kafkajs asks after a crash whether to start over; only a refusal or a mistake ends it. */
  #restart(error: Error): Promise<boolean> {
    return Promise.resolve(!this.#isOver && !(kafkaFailure(error, 'Kafka') instanceof ConfigError));
  }

  async #join(receiver: GroupReceiver): Promise<void> {
    const { topics } = this.#options;
    try {
      await this.#check.passed();
      await this.#admin.connect();
      await receiver.joining?.();
      await this.#consumer.connect();
      // Without fromBeginning an offset that is out of range silently becomes the newest one.
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await rawFetching(() =>
        this.#consumer.run({
          autoCommit: false,
          eachBatchAutoResolve: false,
          eachBatch: (payload) => this.#deliver(payload, receiver),
        }),
      );
    } catch (error) {
      if (!isUnknownTopic(error)) throw kafkaFailure(error, 'Kafka');
      const text = `topic ${topics.join(', ')} does not exist; npm run setup creates it`;
      throw new UnavailableError(text, { cause: error });
    }
  }

  /** Continue reading `partition` at `offset`. */
  seek(topic: string, partition: number, offset: number): void {
    this.#consumer.seek({ topic, partition, offset: String(offset) });
  }

  /** Shows the group how far this member has come. Best effort: nobody reads it back as truth. */
  async commit(topic: string, positions: ReadonlyMap<number, number>): Promise<void> {
    try {
      await this.commitNoted(topic, positions, '');
    } catch (error) {
      if (isProgrammingError(error)) throw error;
      this.#log.debug({ err: error }, 'commit failed; lag shows too high until the next one');
    }
  }

  /**
   * Commits offsets with a note, for whom they are the truth about how far it came.
   * @throws {UnavailableError | ConfigError} also while the group is rebalancing.
   */
  async commitNoted(
    topic: string,
    positions: ReadonlyMap<number, number>,
    note: string,
  ): Promise<void> {
    const offsets = [...positions].map(([partition, offset]) => {
      return { topic, partition, offset: String(offset), metadata: note };
    });
    try {
      await this.#consumer.commitOffsets(offsets);
    } catch (error) {
      throw kafkaFailure(error, `Kafka: committing offsets of ${topic}`);
    }
  }

  /** @throws {UnavailableError | ConfigError} */
  async logRanges(topic: string): Promise<Map<number, LogRange>> {
    try {
      return await readLogRanges(this.#admin, topic);
    } catch (error) {
      throw kafkaFailure(error, `Kafka: offsets of ${topic}`);
    }
  }

  /** What the group last committed, by partition; partitions without a commit are absent. */
  async committed(topic: string): Promise<Map<number, number>> {
    const noted = await this.committedNoted(topic);
    return new Map([...noted].map(([partition, { offset }]) => [partition, offset]));
  }

  /** The same with its notes. @throws {UnavailableError | ConfigError} */
  async committedNoted(topic: string): Promise<Map<number, NotedOffset>> {
    try {
      const { groupId } = this.#options;
      const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
      const known = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
      return new Map(
        known.map(({ metadata, offset, partition }) => {
          return [partition, { offset: Number(offset), note: metadata ?? '' }];
        }),
      );
    } catch (error) {
      throw kafkaFailure(error, `Kafka: committed offsets of ${topic}`);
    }
  }

  /** Leaves the group and closes the connections; after LEAVE_MS without waiting for it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const waited = new AbortController();
    const limit = sleep(LEAVE_MS, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([this.#leave(), limit]);
    waited.abort();
  }

  async #leave(): Promise<void> {
    try {
      await this.#running;
      await this.#consumer.disconnect();
      await this.#admin.disconnect();
    } catch (error) {
      this.#log.debug({ err: error }, 'leaving the group failed; its session will end by itself');
    }
  }
}
