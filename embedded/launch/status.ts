// Follows the consumer while the stack runs: the status line with rows, pace and lag, the moment of the first
// row, and the peak of its memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchFigures, type ConsumerFigures } from './metrics-text.ts';
import type { Proof } from './proof.ts';
import type { Terminal } from './terminal.ts';

const STATUS_EVERY_MS = 1_000;
const FIRST_ROW_EVERY_MS = 100;
const PACE_OVER_MS = 10_000;

interface Sample {
  readonly atMs: number;
  readonly inserted: number;
}

export class Status {
  readonly #url: string;
  readonly #terminal: Terminal;
  #samples: Sample[] = [];
  #peakBytes = 0;

  constructor(metricsUrl: string, terminal: Terminal) {
    this.#url = metricsUrl;
    this.#terminal = terminal;
  }

  /** The most memory the consumer was seen to use, in bytes; 0 before it answered. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Shows the line every second until `signal`. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const figures = await fetchFigures(this.#url, signal);
      if (figures !== undefined) this.#terminal.status(this.#line(figures));
      await sleep(STATUS_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #line({ deadLetters, inserted, lag, residentBytes }: ConsumerFigures): string {
    this.#peakBytes = Math.max(this.#peakBytes, residentBytes);
    const nowMs = performance.now();
    this.#samples.push({ atMs: nowMs, inserted });
    this.#samples = this.#samples.filter(({ atMs }) => nowMs - atMs <= PACE_OVER_MS);
    const first = this.#samples[0]!;
    const seconds = (nowMs - first.atMs) / 1_000;
    const pace = seconds === 0 ? 0 : (inserted - first.inserted) / seconds;
    const dead = deadLetters === 0 ? '' : `, dead letters ${deadLetters}`;
    return `${inserted} rows ingested, ${Math.round(pace)} rows/s, lag ${lag}${dead}`;
  }
}

/** Says once how long after this process began the first row of the run could be queried. */
export async function tellFirstRow(
  proofs: readonly Proof[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const found = await Promise.all(proofs.map((proof) => proof.hasRows().catch(() => false)));
    if (found.includes(true)) {
      terminal.say(`First rows after ${(performance.now() / 1_000).toFixed(1)} s`);
      return;
    }
    await sleep(FIRST_ROW_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
