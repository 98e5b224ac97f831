// Commits the landed position of each partition of one topic, one commit at a time, each with the newest
// state. It repeats a failed commit, because the next processor starts from it.
import { InvariantError, UnavailableError, asError } from '../platform/errors.ts';
import { backoffMs, type Availability } from '../platform/retry.ts';
import type { Runtime } from '../platform/runtime.ts';

export type Commit = (positions: ReadonlyMap<number, number>) => Promise<void>;

/** A commit in a hundred milliseconds bounds what a crash makes twice and costs next to nothing. */
const COMMIT_EVERY_MS = 100;
/** A rebalance makes a commit or two fail; that is nothing to tell anybody. */
const FAILURES_TOLD = 4;

export class Committer {
  readonly #commit: Commit;
  readonly #availability: Availability;
  readonly #runtime: Runtime;
  readonly #failed: (error: Error) => void;
  #due = new Map<number, number>();
  /** The greatest offset of each partition. */
  readonly #landed = new Map<number, number>();
  #running: Promise<void> | undefined;
  #isGivenUp = false;
  /** Ends the pause that is under way. */
  #wake: () => void = () => undefined;

  constructor(
    commit: Commit,
    availability: Availability,
    runtime: Runtime,
    failed: (error: Error) => void,
  ) {
    this.#commit = commit;
    this.#availability = availability;
    this.#runtime = runtime;
    this.#failed = failed;
  }

  /** Everything of `partition` below `offset` is acknowledged. @throws {InvariantError} when it goes back. */
  landed(partition: number, offset: number): void {
    const before = this.#landed.get(partition) ?? offset;
    if (offset < before) {
      throw new InvariantError(`partition ${partition} landed up to ${offset} after ${before}`);
    }
    this.#landed.set(partition, offset);
    this.#due.set(partition, offset);
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** Resolves when all is committed. */
  async flushed(): Promise<void> {
    await this.#running;
  }

  /** Ends the wait for a commit that does not go through. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#due.size > 0 && !this.#isGivenUp;) {
      const positions = this.#due;
      this.#due = new Map();
      try {
        await this.#commit(positions);
        this.#availability.back();
        failures = 0;
      } catch (thrown) {
        const error = asError(thrown);
        if (!(error instanceof UnavailableError)) {
          this.#failed(error);
          return;
        }
        failures += 1;
        if (failures >= FAILURES_TOLD) this.#availability.lost(error);
        this.#due = new Map([...positions, ...this.#due]);
      }
      const ms = failures === 0 ? COMMIT_EVERY_MS : backoffMs(failures, undefined, this.#runtime);
      if (this.#due.size > 0) await this.#pause(ms);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isGivenUp) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#wake = () => resolve(undefined);
    const cancel = this.#runtime.after(ms, this.#wake);
    await promise;
    cancel();
  }
}
