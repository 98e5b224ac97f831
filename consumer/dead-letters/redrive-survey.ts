// Goes over the open dead letters that a re-drive would publish and counts the consumer's likely decision for
// each. It holds a few letters at a time.
import type { LetterFilter, OpenPartition, RedriveBook } from './redrive-book.ts';
import { batchesOf, isViaProcessor } from './redrive.ts';
import { Tally, type Forecaster } from './redrive-forecast.ts';
import { LIMITS, PAGE } from './redriver.ts';

/** @throws {UnavailableError | ConfigError} */
export async function survey(
  book: Pick<RedriveBook, 'contents' | 'open'>,
  partitions: readonly OpenPartition[],
  filter: LetterFilter,
  forecast: Forecaster,
  signal: AbortSignal,
): Promise<Tally> {
  const tally = new Tally();
  for (const where of partitions) {
    for (let from = 0; ;) {
      const range = { from, to: Number.MAX_SAFE_INTEGER, limit: PAGE };
      const page = await book.open(where, filter, range);
      for (const letters of batchesOf(page, LIMITS)) {
        if (signal.aborted) return tally;
        const nowMs = Date.now();
        for (const letter of await book.contents({ ...where, letters })) {
          tally.add(forecast(letter, isViaProcessor(where), nowMs));
        }
      }
      if (page.length < PAGE) break;
      from = page.at(-1)!.offset + 1;
    }
  }
  return tally;
}
