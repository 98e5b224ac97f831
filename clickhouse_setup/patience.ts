// Waits for an absent server, up to a limit: somebody waits for the exit code of the setup, so it gives up in
// the end and names the server it waited for.
import { UnavailableError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { Availability, untilAvailable } from '../platform/retry.ts';

/** The setup waited for its limit, in vain. */
export class GaveUpError extends Error {
  override readonly name = 'GaveUpError';
}

export interface Waiting {
  /** How long `what` may stay away without a break. */
  readonly limitMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Calls `attempt` until it succeeds, retrying while `what` is unavailable.
 * @throws {GaveUpError} when it stayed so for `limitMs`; whatever else `attempt` throws is thrown on.
 */
export async function patiently<T>(
  what: string,
  { limitMs, log, signal }: Waiting,
  attempt: () => Promise<T>,
): Promise<T> {
  let awaySinceMs: number | undefined;
  const guarded = async (): Promise<T> => {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      awaySinceMs ??= performance.now();
      if (performance.now() - awaySinceMs < limitMs) throw error;
      const seconds = Math.round(limitMs / 1000);
      const text = `${what} stayed away for ${seconds} s (SETUP_TIMEOUT_SEC): ${error.message}`;
      throw new GaveUpError(text, { cause: error });
    }
  };
  return untilAvailable(guarded, new Availability(what, log), signal);
}
