// The one way in which tests wait for something that a broken product would never do: for seconds, and then
// with a sentence that names the condition and the last observation. A wait without a limit ends as a hang.
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { asError } from '../platform/errors.ts';

const QUIET_MS = 30_000;
/** Below the limit of a test, so that the sentence is told and not that a test timed out. */
const LONGEST_MS = 150_000;
/** The looks get rarer: ten tests that ask a server forty times a second each would keep a core busy. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 250;

/** Half a minute; as much longer as others load the machine, since nothing here measures speed. */
function patienceMs(): number {
  return Math.min(LONGEST_MS, QUIET_MS * Math.max(1, loadavg()[0]! / availableParallelism()));
}

/**
 * Resolves once `condition` is true. What it throws meanwhile counts as not yet: servers are restarted on
 * purpose.
 * @throws {Error} `not within 30 s: <what>`, and what was seen last.
 */
export async function until(
  what: string,
  condition: () => unknown,
  { seen, withinMs }: { readonly seen?: () => unknown; readonly withinMs?: number } = {},
): Promise<void> {
  const startedAtMs = performance.now();
  let failure = '';
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.25)) {
    try {
      if ((await condition()) === true) return;
      failure = '';
    } catch (thrown) {
      failure = `; it failed: ${asError(thrown).message}`;
    }
    const waitedMs = performance.now() - startedAtMs;
    if (waitedMs >= (withinMs ?? patienceMs())) {
      const last = seen === undefined ? '' : `; last seen: ${JSON.stringify(await seen())}`;
      const seconds = (withinMs ?? Math.round(waitedMs / 1_000) * 1_000) / 1_000;
      throw new Error(`not within ${seconds} s: ${what}${last}${failure}`);
    }
    await sleep(pauseMs);
  }
}

/**
 * The same for what may take long but has to get on: `look` says how far it is, and the wait ends when that has
 * been the same for `stallMs`.
 * @throws {Error} with what was waited for and where it stands.
 */
export async function untilDone<T>(
  what: string,
  look: () => Promise<{ readonly done: T | undefined; readonly at: string }>,
  { stallMs = LONGEST_MS }: { readonly stallMs?: number } = {},
): Promise<T> {
  let movedAtMs = performance.now();
  let last: string | undefined;
  for (let pauseMs = 50; ; pauseMs = Math.min(500, pauseMs * 1.5)) {
    const { at, done } = await look();
    if (done !== undefined) return done;
    if (at !== last) [last, movedAtMs] = [at, performance.now()];
    else if (performance.now() - movedAtMs >= stallMs) {
      throw new Error(`no progress for ${stallMs / 1_000} s: ${what}: ${at}`);
    }
    await sleep(pauseMs);
  }
}
