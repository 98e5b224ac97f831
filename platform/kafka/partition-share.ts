// One batch's messages by the partition that each belongs to. A share is the unit that lands whole or not
// at all: one record batch, with one first sequence number however often it is sent.
import kafkajs, { type Message } from 'kafkajs';

const { KafkaJSNonRetriableError } = kafkajs;

export interface KeyedValue {
  readonly key: string;
  readonly value: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What became of a share. `in-doubt`: it was written to a connection and never acknowledged. */
export type ShareOutcome = 'sent' | 'unsent' | 'in-doubt';

export class PartitionShare {
  readonly partition: number;
  /** The broker that the request under way is meant for. */
  leader: number | undefined;
  acknowledged = false;
  /** A broker refused it, and said that it stored nothing of it. */
  refused = false;
  /** Attempts that got as far as being written to a connection. */
  written = 0;
  readonly messages: PlacedMessage[] = [];
  #countsAttempt = true;
  #givenUp = false;

  constructor(partition: number) {
    this.partition = partition;
  }

  add({ headers, key, value }: KeyedValue): void {
    const placed = { key, value, partition: this.partition, share: this };
    const message: PlacedMessage = headers === undefined ? placed : { ...placed, headers };
    if (this.messages.length === 0) this.#watch(message);
    this.messages.push(message);
  }

  /** kafkajs asks for partitions before every attempt. */
  beginAttempt(): void {
    this.#countsAttempt = true;
  }

  /** From now on no attempt gets as far as being written. */
  giveUp(): void {
    this.#givenUp = true;
  }

  get outcome(): ShareOutcome {
    if (this.acknowledged) return 'sent';
    // A refusal says that this attempt stored nothing; one before it may have.
    return this.written <= (this.refused ? 1 : 0) ? 'unsent' : 'in-doubt';
  }

  /**
   * kafkajs reads timestamps while it encodes the request that it then writes; an attempt that found no
   * connection never gets there. undefined lets kafkajs take the current time.
   */
  #watch(message: PlacedMessage): void {
    Object.defineProperty(message, 'timestamp', {
      get: () => {
        if (this.#givenUp) throw new KafkaJSNonRetriableError('the batch is given up');
        if (this.#countsAttempt) this.written += 1;
        this.#countsAttempt = false;
        return undefined;
      },
    });
  }
}

export interface PlacedMessage extends Message {
  readonly partition: number;
  readonly share: PartitionShare;
}

/** The shares of a batch; within each, messages keep the order they have in the batch. */
export function sharesOf(
  batch: readonly KeyedValue[],
  partitionOf: (message: KeyedValue) => number,
): { readonly shares: PartitionShare[]; readonly shareOf: PartitionShare[] } {
  const shares = new Map<number, PartitionShare>();
  const shareOf = batch.map((message) => {
    const partition = partitionOf(message);
    const share = shares.get(partition) ?? new PartitionShare(partition);
    shares.set(partition, share);
    share.add(message);
    return share;
  });
  return { shares: [...shares.values()], shareOf };
}

/** The shares that are not acknowledged, one group for each broker that leads them now. */
export function openByLeader(
  shares: readonly PartitionShare[],
  leaders: ReadonlyMap<number, number>,
): PartitionShare[][] {
  const open = shares.filter(({ acknowledged }) => !acknowledged);
  for (const share of open) share.leader = leaders.get(share.partition);
  return [...Map.groupBy(open, ({ leader }) => leader).values()];
}
