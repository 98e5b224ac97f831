// Remembers flushes of unclear outcome, and limits batches to a size that lands: otherwise the consumer would
// resend for ever an insert that takes longer than the client waits.
import type { FlushLimits } from './flush-rule.ts';

/** One doubt may be anything; that it is the size gets likelier with each that follows. */
const SHRINK = 4;
const GROW = 2;
/** What any server takes within any timeout. */
const MIN_ROWS = 1_000;

export class Doubt<L extends FlushLimits = FlushLimits> {
  readonly #limits: L;
  #share = 1;
  #count = 0;

  constructor(limits: L) {
    this.#limits = limits;
  }

  /** Flushes of unclear outcome since the last that landed. */
  get count(): number {
    return this.#count;
  }

  /** How large a batch may get now. */
  get limits(): L {
    if (this.#share === 1) return this.#limits;
    const { maxBatchBytes, maxBatchRows } = this.#limits;
    const rows = Math.max(Math.min(MIN_ROWS, maxBatchRows), Math.ceil(maxBatchRows * this.#share));
    const bytes = Math.ceil((maxBatchBytes * rows) / maxBatchRows);
    return { ...this.#limits, maxBatchRows: rows, maxBatchBytes: bytes };
  }

  /** A flush may have landed or not. */
  raised(): void {
    this.#count += 1;
    if (this.#limits.maxBatchRows * this.#share > MIN_ROWS) this.#share /= SHRINK;
  }

  /** A flush has landed. */
  settled(): void {
    this.#count = 0;
    this.#share = Math.min(1, this.#share * GROW);
  }
}
