// Rows on their way to Kafka: for each partition one batch that fills and one that is being sent. Bounded: a
// caller that adds rows waits while the previous batch is on its way. The first failure ends it, and it then
// lists which records may be in Kafka and which are not.
import { setImmediate as turn } from 'node:timers/promises';
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import { RecordBatchWriter } from '../platform/kafka/record-batch-writer.ts';
import type { Sender } from '../platform/kafka/sender.ts';
import type { EventPage } from './event-page.ts';
import type { RowRecords } from './row-records.ts';
import type { Rows } from './row-source.ts';

/** A batch is sent when the next row would make it larger than this; brokers take about 1 MB. */
const BATCH_BYTES = 512 * 1_024;
/** What all partitions may hold before it is compressed and sent, however many there are. */
const OPEN_BYTES_MAX = 16 * 1_048_576;

export interface OutboxParts {
  readonly topic: string;
  readonly sender: Pick<Sender, 'send' | 'knownPartitions'>;
  readonly records: RowRecords;
  /** Ends the patience of a send that begins now. */
  readonly patience: () => AbortSignal;
  /** Told of records that are in Kafka. */
  readonly sent: (records: number) => void;
}

/** What is left when a send has failed. */
export interface Leftover {
  readonly cause: Error;
  readonly inDoubt: readonly EncodedBatch[];
  readonly unsent: readonly EncodedBatch[];
}

interface Slot {
  readonly writer: RecordBatchWriter;
  sending: Promise<void>;
}

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #slots: Slot[] = [];
  readonly #inDoubt: EncodedBatch[] = [];
  readonly #unsent: EncodedBatch[] = [];
  #openBytes = 0;
  #cause: Error | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  get hasFailed(): boolean {
    return this.#cause !== undefined;
  }

  /** Takes rows, sending what is full; returns those that it did not take because a send has failed. */
  async add(rows: readonly Rows<EventPage>[]): Promise<Rows<EventPage>[]> {
    const left = [...rows];
    for (let [some] = left; some !== undefined; [some] = left) {
      const at = await this.#addSome(some);
      left.shift();
      if (this.#cause !== undefined) return [{ ...some, from: at }, ...left];
    }
    return [];
  }

  /** Returns the first row that was not taken. */
  async #addSome({ from, page, to }: Rows<EventPage>): Promise<number> {
    const { records, sender, topic } = this.#parts;
    let nowMs = Date.now();
    for (let row = from; row < to; row += 1) {
      const partition = records.partition(page, row, sender.knownPartitions(topic));
      const { writer } = this.#slot(partition);
      const bytes = records.size(page, row);
      if (writer.count > 0 && writer.size + bytes > BATCH_BYTES) await this.#ship(partition);
      else if (this.#openBytes > OPEN_BYTES_MAX) await this.#ship(this.#largest());
      if (this.#cause !== undefined) return row;
      if (writer.count === 0) nowMs = Date.now();
      const before = writer.size;
      records.append(page, row, writer, nowMs);
      this.#openBytes += writer.size - before;
    }
    return to;
  }

  #slot(partition: number): Slot {
    while (this.#slots.length <= partition) {
      this.#slots.push({ writer: new RecordBatchWriter(), sending: Promise.resolve() });
    }
    return this.#slots[partition]!;
  }

  #largest(): number {
    const sizes = this.#slots.map(({ writer }) => writer.size);
    return sizes.indexOf(Math.max(...sizes));
  }

  /** Sends what a partition has open, as soon as what was sent before has arrived. */
  async #ship(partition: number): Promise<void> {
    const slot = this.#slots[partition]!;
    await slot.sending;
    if (this.#cause !== undefined || slot.writer.count === 0) return;
    slot.sending = this.#send(this.#sealed(partition));
    // Without a turn of the event loop buffers of compressed batches pile up, to 2.5 GB once.
    await turn();
  }

  #sealed(partition: number): EncodedBatch {
    const { writer } = this.#slots[partition]!;
    this.#openBytes -= writer.size;
    return writer.seal(partition, 'lz4');
  }

  async #send(batch: EncodedBatch): Promise<void> {
    const { patience, sender, sent, topic } = this.#parts;
    const delivery = await sender.send(topic, batch, patience());
    sent(delivery.sent);
    if (delivery.kind === 'sent') return;
    this.#cause ??= delivery.cause;
    const failed = delivery.kind === 'in-doubt' ? this.#inDoubt : this.#unsent;
    failed.push(delivery.failed);
    for (const batch of delivery.behind) {
      const held = delivery.kind === 'in-doubt' && batch.doubts > 0 ? this.#inDoubt : this.#unsent;
      held.push(batch);
    }
  }

  /** Sends everything that was taken, and waits until it is acknowledged or has failed. */
  async flush(): Promise<void> {
    const partitions = [...this.#slots.keys()];
    await Promise.all(partitions.map((partition) => this.#ship(partition)));
    await Promise.all(this.#slots.map(({ sending }) => sending));
  }

  /** Waits until nothing is on its way any more, and says what is not known to be in Kafka. */
  async leftover(): Promise<Leftover> {
    await Promise.all(this.#slots.map(({ sending }) => sending));
    const open = [...this.#slots.entries()].filter(([, { writer }]) => writer.count > 0);
    const unsent = [...this.#unsent, ...open.map(([partition]) => this.#sealed(partition))];
    return { cause: this.#cause!, inDoubt: this.#inDoubt, unsent };
  }
}
