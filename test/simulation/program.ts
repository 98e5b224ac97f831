// A simulated process: every message reaches it through one door, which a pause holds shut and a crash closes
// for good. Requests take time both ways, may not arrive, and may lose their reply.
import { UnavailableError, UnclearOutcomeError, asError } from '../../platform/errors.ts';
import type { Runtime } from '../../platform/runtime.ts';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How a server is reached; faults change it while a history runs. */
export interface Network {
  down: boolean;
  /** Probability that the reply of a request is lost. */
  loss: number;
  /** How long a request or a reply travels at most; longer than a client waits, it arrives too late. */
  slowestMs: number;
  /** Counts the faults there were, and says when the last of them has no consequences any more. */
  faults: number;
  calmAtMs: number;
}

export function soundNetwork(): Network {
  return { down: false, loss: 0, slowestMs: LATENCY_MS, faults: 0, calmAtMs: 0 };
}

/** A client gives up after this. */
const TIMEOUT_MS = 2_000;
export const LATENCY_MS = 5;

export class Program {
  readonly name: string;
  readonly runtime: Runtime;
  crashed = false;
  /** Counts the pauses there were. */
  pauses = 0;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  #held: (() => void)[] | undefined;

  constructor(name: string, time: VirtualTime, chance: Chance) {
    this.name = name;
    this.#time = time;
    this.#chance = chance;
    this.runtime = {
      nowMs: () => time.nowMs,
      sleep: (ms) => new Promise((resolve) => time.after(ms, () => this.reach(resolve))),
      after: (ms, due) => {
        let cancelled = false;
        const cancel = time.after(ms, () =>
          this.reach(() => {
            if (!cancelled) due();
          }),
        );
        return () => {
          cancelled = true;
          cancel();
        };
      },
      random: () => chance.float(),
    };
  }

  get paused(): boolean {
    return this.#held !== undefined;
  }

  pause(): void {
    this.pauses += 1;
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const run of held) this.reach(run);
  }

  crash(): void {
    this.crashed = true;
    this.#held = undefined;
  }

  /** Runs something in the process, when it runs. */
  reach(run: () => void): void {
    if (this.crashed) return;
    if (this.#held === undefined) run();
    else this.#held.push(run);
  }

  /**
   * Asks a server: `serve` runs there. A request that does not arrive is refused; a lost reply is what
   * `unclear` says.
   */
  ask<T>(
    network: Network,
    serve: () => T | Promise<T>,
    unclear: new (message: string) => Error = UnavailableError,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // Whatever comes first settles the promise: a late reply changes nothing.
      const giveUp = this.#time.after(TIMEOUT_MS, () =>
        this.reach(() => reject(new unclear('no reply'))),
      );
      const answer = (settle: () => void): void => {
        this.#time.after(this.#latency(network), () => {
          giveUp();
          this.reach(settle);
        });
      };
      this.#time.after(this.#latency(network), () => {
        if (network.down) {
          answer(() => reject(new UnavailableError('connection refused')));
          return;
        }
        const lost = this.#chance.happens(network.loss);
        // `serve` runs at once: nothing comes between a request's arrival and what it sees.
        new Promise<T>((served) => served(serve())).then(
          (result) => {
            if (!lost) answer(() => resolve(result));
          },
          (error: unknown) => {
            if (!lost) answer(() => reject(asError(error)));
          },
        );
      });
    });
  }

  /** The same for an insert, whose lost reply leaves its outcome unknown. */
  send<T>(network: Network, serve: () => T | Promise<T>): Promise<T> {
    return this.ask(network, serve, UnclearOutcomeError);
  }

  #latency({ slowestMs }: Network): number {
    return this.#chance.between(0.2, slowestMs);
  }
}
