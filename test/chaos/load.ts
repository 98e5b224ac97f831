// Messages that keep coming while faults strike, until told to stop.
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.ts';

export interface Load extends AsyncDisposable {
  /** Sends what is under way and no more. @throws what sending threw. */
  stop(): Promise<void>;
}

/** Sends `perRound` messages every `everyMs`, one in 25 of them bad. */
export function startLoad(world: World, perRound = 200, everyMs = 50): Load {
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      await world.fill(perRound, 25);
      await sleep(everyMs);
    }
  })();
  running.catch(() => undefined);
  const stop = async (): Promise<void> => {
    stopped.abort();
    await running;
  };
  return { stop, [Symbol.asyncDispose]: () => stop().catch(() => undefined) };
}
