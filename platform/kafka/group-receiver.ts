// The interface between a member of a consumer group and the receiver of its records.
import type { RecordRun } from './record-run.ts';

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
