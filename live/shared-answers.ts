// Runs identical queries of several browsers once: browsers that ask the same within a tick get the same
// answer. It ends a query for which nobody waits any more.

interface Entry<T> {
  readonly answer: Promise<T>;
  readonly stop: AbortController;
  readonly atMs: number;
  waiting: number;
  settled: boolean;
}

/** Answers of earlier ticks are of no use. */
const KEPT_MS = 10_000;

export class SharedAnswers<T> {
  readonly #entries = new Map<string, Entry<T>>();
  readonly #maxEntries: number;
  readonly #now: () => number;

  constructor(maxEntries: number, now: () => number = () => performance.now()) {
    this.#maxEntries = maxEntries;
    this.#now = now;
  }

  /**
   * The answer for `key`, asked with `ask` if nobody has. Rejects with the signal's reason when it is
   * aborted first; the last who waits ends the question.
   */
  async get(
    key: string,
    ask: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    this.#forget();
    const entry = this.#entries.get(key) ?? this.#begin(key, ask);
    entry.waiting += 1;
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([entry.answer, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      entry.waiting -= 1;
      if (entry.waiting === 0 && !entry.settled) {
        this.#entries.delete(key);
        entry.stop.abort(new Error('nobody waits for it'));
      }
    }
  }

  #begin(key: string, ask: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const stop = new AbortController();
    const answer = ask(stop.signal);
    const entry: Entry<T> = { answer, stop, atMs: this.#now(), waiting: 0, settled: false };
    this.#entries.set(key, entry);
    const settle = (): void => void (entry.settled = true);
    answer.then(settle, () => {
      settle();
      // A failure is worth another try; whoever asked in the meantime shares it.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    });
    return entry;
  }

  #forget(): void {
    for (const [key, { atMs, settled }] of this.#entries) {
      const old = this.#now() - atMs > KEPT_MS || this.#entries.size > this.#maxEntries;
      if (settled && old) this.#entries.delete(key);
    }
  }
}
