// Counts the rows that are due now. A delayed replay continues at its pace instead of rushing through the
// rows it missed, except for the small delays of timers and acknowledgements.
import { setTimeout as sleep } from 'node:timers/promises';

/** How far a replay may fall behind and still catch up. */
const CATCH_UP_MS = 1_000;

export class Pace {
  readonly #intervalMs: number;
  readonly #now: () => number;
  #nextMs: number | undefined;

  /** One row each `intervalMs`; 0 is as many as can be taken. `now` is a clock in milliseconds. */
  constructor(intervalMs: number, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /**
   * Waits until at least one row is due, then claims as many as are, at most `maxRows`. The first is
   * due at once. Returns 0 when `signal` ended the wait.
   */
  async due(maxRows: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return 0;
    if (this.#intervalMs === 0) return maxRows;
    const next = (this.#nextMs ??= this.#now());
    if (next > this.#now()) {
      const ended = await sleep(next - this.#now(), false, { signal }).catch(() => true);
      if (ended) return 0;
    }
    return this.#claim(maxRows);
  }

  #claim(maxRows: number): number {
    const now = this.#now();
    const next = Math.max(this.#nextMs!, now - CATCH_UP_MS);
    const behind = Math.max(0, Math.floor((now - next) / this.#intervalMs));
    const rows = Math.min(maxRows, 1 + behind);
    this.#nextMs = next + rows * this.#intervalMs;
    return rows;
  }
}
