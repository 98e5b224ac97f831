// Turns fetched record batches into runs of readable records: some hundred kilobytes are decompressed at
// a time, handed over and given back, so that a large fetch never lies in memory whole.
import { setImmediate } from 'node:timers/promises';
import { decompressed, release } from './codecs.ts';
import type { FetchedBatch } from './fetch-response.ts';
import { Records } from './record-batch.ts';

/** Some record batches of one partition that follow one another. */
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

/**
 * Hands `batches` over in runs until `take` declines one; true when it took them all. Buffers are only
 * valid during `take`.
 */
export async function inRuns(
  batches: readonly FetchedBatch[],
  fetchedOffset: number,
  take: (run: RecordRun) => Promise<boolean>,
): Promise<boolean> {
  let asked = fetchedOffset;
  for (let from = 0, to = 0; from < batches.length; from = to) {
    for (let bytes = 0; to < batches.length && bytes < RUN_BYTES; to += 1) {
      bytes += batches[to]!.raw.body.length;
    }
    const run = batches.slice(from, to);
    const { lastOffset } = run.at(-1)!.raw;
    const readable = run.filter((batch) => batch.readable).map(({ raw }) => raw);
    const bodies = await Promise.all(readable.map(decompressed));
    const records = readable.map((raw, index) => new Records(raw, bodies[index]!));
    const firstOffset = Math.max(asked, run[0]!.raw.baseOffset);
    const taken = await take({ fetchedOffset: asked, firstOffset, lastOffset, records });
    for (const [index, raw] of readable.entries()) release(raw, bodies[index]!);
    // What was released is freed, and sockets and timers have their turn, only when the loop goes round.
    await setImmediate();
    if (!taken) return false;
    asked = lastOffset + 1;
  }
  return true;
}
