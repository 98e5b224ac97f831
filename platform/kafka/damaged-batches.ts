// Remembers damaged record batches, so that a consumer skips one only after it arrived damaged several times:
// a batch that was damaged on its way is intact when it is fetched again; one that is damaged on the broker's
// disk is not.
import type { RawRecordBatch } from './record-batch.ts';

/** Readings of one batch before it counts as unreadable. */
const READINGS = 3;

export class DamagedBatches {
  readonly #met = new Map<string, { readonly head: Buffer; times: number }>();

  /**
   * Notes a batch that was fetched damaged; true when that happened often enough. A batch is known by its
   * head: its next offsets, where it was passed over one by one, need no further proof.
   */
  isConfirmed(topic: string, partition: number, { body }: Pick<RawRecordBatch, 'body'>): boolean {
    const key = `${topic}/${partition}`;
    const met = this.#met.get(key);
    const times = met?.head.equals(body) === true ? met.times + 1 : 1;
    this.#met.set(key, { head: Buffer.from(body), times });
    return times >= READINGS;
  }

  /** How often the batch that was noted last in a partition came damaged. */
  readingsOf(topic: string, partition: number): number {
    return this.#met.get(`${topic}/${partition}`)?.times ?? 0;
  }
}
