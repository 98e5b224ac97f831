// Waits for a server that comes back: backoff with jitter, and one log line per change of state and per
// minute instead of one per attempt.
import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError, errorCode } from './errors.ts';
import type { Logger } from './log.ts';
import { systemRuntime, type Runtime } from './runtime.ts';

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

const DEFAULT_BACKOFF: Backoff = { firstMs: 100, maxMs: 5_000 };

/** The pause before attempt `attempt` (0 is the first retry), with up to half of it as jitter. */
export function backoffMs(
  attempt: number,
  { firstMs, maxMs }: Backoff = DEFAULT_BACKOFF,
  runtime: Pick<Runtime, 'random'> = systemRuntime,
): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (runtime.random() * full) / 2;
}

/** Waits before attempt `attempt`, as {@link backoffMs} says. */
export function pause(attempt: number, runtime: Runtime = systemRuntime): Promise<void> {
  return runtime.sleep(backoffMs(attempt, DEFAULT_BACKOFF, runtime));
}

/** Waits for `event`, but no longer than `ms`, and leaves no timer behind. */
export async function within(
  ms: number,
  event: Promise<unknown>,
  runtime: Pick<Runtime, 'after'> = systemRuntime,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const cancel = runtime.after(ms, () => resolve(undefined));
  try {
    await Promise.race([event, promise]);
  } finally {
    cancel();
  }
}

const SAY_EVERY_MS = 60_000;

/** Says when a dependency goes away, every minute that it still is, and when it is back. */
export class Availability {
  #awaySinceMs: number | undefined;
  #saidMinutes = 0;
  readonly #what: string;
  readonly #log: Logger;

  constructor(what: string, log: Logger) {
    this.#what = what;
    this.#log = log;
  }

  get away(): boolean {
    return this.#awaySinceMs !== undefined;
  }

  lost(error: Error): void {
    const code = errorCode(error);
    if (this.#awaySinceMs === undefined) {
      this.#awaySinceMs = Date.now();
      this.#saidMinutes = 0;
      this.#log.warn({ code }, `${this.#what}: waiting: ${error.message}`);
      return;
    }
    const awayMs = Date.now() - this.#awaySinceMs;
    const minutes = Math.floor(awayMs / SAY_EVERY_MS);
    if (minutes <= this.#saidMinutes) return;
    this.#saidMinutes = minutes;
    const text = `${this.#what}: still waiting, ${minutes} min so far: ${error.message}`;
    this.#log.warn({ code, awayMs }, text);
  }

  back(): void {
    if (this.#awaySinceMs === undefined) return;
    const awayMs = Date.now() - this.#awaySinceMs;
    this.#awaySinceMs = undefined;
    this.#log.info({ awayMs }, `${this.#what}: going on after ${(awayMs / 1000).toFixed(1)} s`);
  }
}

/**
 * Calls `attempt` until it succeeds, retrying after {@link UnavailableError} for as long as `signal`
 * lets it; any other error is thrown on.
 * @throws the signal's reason when aborted.
 */
export async function untilAvailable<T>(
  attempt: () => Promise<T>,
  availability: Availability,
  signal: AbortSignal,
  backoff: Backoff = DEFAULT_BACKOFF,
): Promise<T> {
  for (let retry = 0; ; retry += 1) {
    signal.throwIfAborted();
    try {
      const result = await attempt();
      availability.back();
      return result;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      availability.lost(error);
      await sleep(backoffMs(retry, backoff), undefined, { signal });
    }
  }
}

const PATIENT_ATTEMPTS = 20;
const PATIENT_PAUSE_MS = 150;

/** Repeats for some seconds, without a word, what fails with {@link UnavailableError}. */
export async function withPatience<T>(
  attempt: () => Promise<T>,
  runtime: Pick<Runtime, 'sleep'> = systemRuntime,
): Promise<T> {
  for (let left = PATIENT_ATTEMPTS; ; left -= 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof UnavailableError) || left === 1) throw error;
      await runtime.sleep(PATIENT_PAUSE_MS);
    }
  }
}

/** Waits for `promise`, but no longer than until `signal` aborts. @throws the signal's reason then. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
