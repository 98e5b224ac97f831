// Turns fetched record batches into runs of readable records: some hundred kilobytes are decompressed at
// a time, handed over and given back, so that a large fetch never lies in memory whole. A batch that does
// not fit at once is a run for every piece of it.
import { setImmediate } from 'node:timers/promises';
import { release } from './codecs.ts';
import type { FetchedBatch } from './fetch-response.ts';
import { inflatedWhole } from './inflate.ts';
import { Records } from './record-batch.ts';
import { pieces, type InflateLimits } from './record-pieces.ts';

/** Some record batches of one partition that follow one another, or a part of one. */
export interface RecordRun {
  /** The offset that was asked for; the first record may lie after it, or before it in its batch. */
  readonly fetchedOffset: number;
  /** Where the log goes on: `fetchedOffset`, or after it when something is missing there. */
  readonly firstOffset: number;
  /** The last offset covered; there need not be a record at it. */
  readonly lastOffset: number;
  readonly records: readonly Records[];
}

/** A run is handed over when it holds this much; producers that send row by row make tiny batches. */
const RUN_BYTES = 131_072;
/** What the batches of a run may inflate to together. More than that is read piece by piece. */
export const WHOLE_BYTES_MAX = 8_388_608;

type Take = (run: RecordRun) => Promise<boolean>;

/**
 * Hands `batches` over in runs until `take` declines one; true when it took them all. Buffers are only
 * valid during `take`.
 */
export async function inRuns(
  batches: readonly FetchedBatch[],
  fetchedOffset: number,
  limits: InflateLimits,
  take: Take,
): Promise<boolean> {
  const runs = new Runs(fetchedOffset, limits, take);
  for (let from = 0, to = 0; from < batches.length; from = to) {
    for (let bytes = 0; to < batches.length && bytes < RUN_BYTES; to += 1) {
      bytes += batches[to]!.raw.body.length;
    }
    if (!(await runs.take(batches.slice(from, to)))) return false;
  }
  return true;
}

class Runs {
  #asked: number;
  readonly #limits: InflateLimits;
  readonly #take: Take;

  constructor(fetchedOffset: number, limits: InflateLimits, take: Take) {
    this.#asked = fetchedOffset;
    this.#limits = limits;
    this.#take = take;
  }

  /** Hands over batches of which most fit into memory together. */
  async take(batches: readonly FetchedBatch[]): Promise<boolean> {
    const each = Math.floor(this.#wholeBytes / batches.length);
    const bodies = await Promise.all(batches.map((batch) => inflated(batch, each)));
    for (let from = 0, to = 0; from < batches.length; from = to) {
      while (to < batches.length && bodies[to] !== undefined) to += 1;
      if (to > from) {
        const some = batches.slice(from, to);
        if (!(await this.#whole(some, bodies.slice(from, to) as Buffer[]))) return false;
      } else {
        to = from + 1;
        if (!(await this.#alone(batches[from]!))) return false;
      }
    }
    return true;
  }

  get #wholeBytes(): number {
    return Math.min(WHOLE_BYTES_MAX, this.#limits.batchBytes);
  }

  /** A batch that did not fit beside others: whole all the same if that is possible, else in pieces. */
  async #alone(batch: FetchedBatch): Promise<boolean> {
    const body = await inflated(batch, this.#wholeBytes);
    if (body !== undefined) return this.#whole([batch], [body]);
    for await (const records of pieces(batch.raw, this.#limits)) {
      if (records.lastOffset < this.#asked) continue;
      if (!(await this.#hand(batch.raw.baseOffset, records.lastOffset, [records]))) return false;
    }
    return true;
  }

  async #whole(batches: readonly FetchedBatch[], bodies: readonly Buffer[]): Promise<boolean> {
    const records = batches.flatMap(({ raw, readable }, at) =>
      readable ? [new Records(raw, bodies[at]!)] : [],
    );
    const taken = await this.#hand(
      batches[0]!.raw.baseOffset,
      batches.at(-1)!.raw.lastOffset,
      records,
    );
    for (const [at, { raw }] of batches.entries()) release(raw, bodies[at]!);
    return taken;
  }

  async #hand(
    baseOffset: number,
    lastOffset: number,
    records: readonly Records[],
  ): Promise<boolean> {
    const fetchedOffset = this.#asked;
    const firstOffset = Math.max(fetchedOffset, baseOffset);
    const taken = await this.#take({ fetchedOffset, firstOffset, lastOffset, records });
    // What was released is freed, and sockets and timers have their turn, only when the loop goes round.
    await setImmediate();
    if (taken) this.#asked = lastOffset + 1;
    return taken;
  }
}

/** Nothing is decompressed of what nobody may read. */
function inflated({ raw, readable }: FetchedBatch, bytesMax: number): Promise<Buffer | undefined> {
  const codec = readable && raw.damage === undefined ? raw.codec : 0;
  return inflatedWhole(raw.body, codec, bytesMax);
}
