// A member of a consumer group on kafkajs. It delivers record batches and assignments, keeps the membership
// alive while the receiver is busy, and comes back by itself after any failure that is not a refusal. The
// receiver decides where to read and seeks; commits only show lag.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Consumer, EachBatchPayload } from 'kafkajs';
import { ConfigError, UnavailableError, asError, isProgrammingError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { Availability, untilAvailable } from '../retry.ts';
import { deliver, type Handling } from './batch-handler.ts';
import { createKafka } from './client.ts';
import { DamagedBatches } from './damaged-batches.ts';
import {
  isClientFailure,
  isMistake,
  isUnknownTopic,
  joinFailure,
  kafkaFailure,
} from './failure.ts';
import type { GroupReceiver } from './group-receiver.ts';
import { readLogRanges, type LogRange } from './log-ranges.ts';
import { rawFetching } from './kafkajs-inside.ts';
import type { InflateLimits } from './record-pieces.ts';
import { KafkaCheck } from './speaks-kafka.ts';
import type { GroupConfig, KafkaConfig } from './variables.ts';

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
/**
 * While the group waits for a member that died, it answers no JoinGroup until that one's session has
 * ended, and kafkajs does not disconnect before the answer. A stop cannot wait for that.
 */
const LEAVE_MS = 2_000;
/** Before a consumer that kafkajs gave up is started again. */
const START_AGAIN_MS = 1_000;

/** How often a member with such a session says that it lives. */
export function heartbeatMsFor(sessionMs: number): number {
  return Math.min(HEARTBEAT_MAX_MS, Math.floor(sessionMs / HEARTBEATS_PER_SESSION));
}

/** To have joined is not yet to go on: the first fetch says that. */
class Joining extends Availability {
  override back(): void {
    // Nothing to say.
  }
}

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
  /** The receiver knows that it is over: kafkajs must not start again. */
  #isOver = false;
  #running: Promise<void> | undefined;

  constructor(config: KafkaConfig & GroupConfig, options: GroupOptions, log: Logger) {
    const kafka = createKafka(config, log, options.groupId);
    this.#options = options;
    this.#log = log;
    this.#sessionMs = config.KAFKA_SESSION_TIMEOUT_MS;
    this.#heartbeatMs = heartbeatMsFor(this.#sessionMs);
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
    const joining = async (): Promise<void> => {
      await this.#check.passed();
      await this.#admin.connect();
      await receiver.joining?.();
      await this.#join(receiver);
    };
    this.#running = this.#until(joining, receiver, availability);
  }

  /** As kafkajs starts again by itself after other failures: whoever joins is not asked again. */
  async #startAgain(receiver: GroupReceiver): Promise<void> {
    await this.#running;
    await sleep(START_AGAIN_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    const availability = new Joining('Kafka', this.#log);
    await this.#until(() => this.#join(receiver), receiver, availability);
  }

  /** Never rejects: the receiver learns of failures that waiting does not solve. */
  async #until(
    joining: () => Promise<void>,
    receiver: GroupReceiver,
    availability: Availability,
  ): Promise<void> {
    const { signal } = this.#stop;
    const attempt = (): Promise<void> => joining().catch((error: unknown) => this.#refuse(error));
    await untilAvailable(attempt, availability, signal).catch((error: unknown) => {
      if (!signal.aborted) receiver.failed(asError(error));
    });
  }

  #refuse(error: unknown): never {
    if (!isUnknownTopic(error)) throw kafkaFailure(error, 'Kafka');
    const text = `topic ${this.#options.topics.join(', ')} does not exist; npm run setup creates it`;
    throw new UnavailableError(text, { cause: error });
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
      if (this.#isOver) return;
      const { error, restart } = payload;
      const failure = joinFailure(error, this.#sessionMs);
      if (failure instanceof ConfigError) this.#end(receiver, failure);
      else if (!restart && isMistake(error)) this.#end(receiver, error);
      else {
        availability.lost(failure);
        if (restart) return;
        // kafkajs gives up after what it takes for final, as a coordinator that just moved away.
        this.#running = this.#startAgain(receiver);
      }
    });
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
    await this.#consumer.connect();
    // Without fromBeginning an offset that is out of range silently becomes the newest one.
    await this.#consumer.subscribe({ topics: [...this.#options.topics], fromBeginning: true });
    await rawFetching(() =>
      this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#deliver(payload, receiver),
      }),
    );
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
