// Messages that keep coming while faults strike, until asked to stop.
import { setTimeout as sleep } from 'node:timers/promises';
import { asError } from '../../platform/errors.ts';
import type { World } from './world.ts';

export interface Load extends AsyncDisposable {
  /** Sends what is under way and no more. @throws what sending threw. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly perRound?: number;
  readonly everyMs?: number;
  /**
   * The broker may be killed: what a send in doubt left behind is for the broker to say, both oracles
   * ask it, so the load goes on with the next messages.
   */
  readonly brokerMayDie?: boolean;
}

/** Sends `perRound` messages every `everyMs`, one in 25 of them bad. */
export function startLoad(world: World, options: LoadOptions = {}): Load {
  const { brokerMayDie = false, everyMs = 50, perRound = 200 } = options;
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const failure = await world.fill(perRound, 25).then(() => undefined, asError);
      if (failure !== undefined && !brokerMayDie) throw failure;
      if (failure !== undefined) await world.reconnect().catch(() => undefined);
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
