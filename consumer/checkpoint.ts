// Records positions as floors every 15 minutes and at a stop, so that retention may remove the newest rows of
// an idle partition without a consumer reading its log again.
import { asError, isClassified } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { systemRuntime, type Runtime } from '../platform/runtime.ts';
import type { Facts, FloorRow } from './sink.ts';
import type { Taken } from './table-takeover.ts';

const EVERY_MS = 15 * 60_000;

export class Checkpoint {
  readonly #facts: Facts;
  readonly #logger: Logger;
  readonly #runtime: Runtime;
  #dueAtMs: number;

  constructor(facts: Facts, logger: Logger, runtime: Runtime = systemRuntime) {
    this.#facts = facts;
    this.#logger = logger;
    this.#runtime = runtime;
    this.#dueAtMs = runtime.nowMs() + EVERY_MS;
  }

  async ifDue(taken: Taken): Promise<void> {
    if (this.#runtime.nowMs() >= this.#dueAtMs) await this.record(taken);
  }

  /** Best effort: a checkpoint that fails is made up for by the next. */
  async record({ ownership, states }: Taken): Promise<void> {
    this.#dueAtMs = this.#runtime.nowMs() + EVERY_MS;
    const moved = [...states].filter(([, { landed, recorded }]) => landed > recorded);
    const floors: FloorRow[] = moved.map(([partition, { landed }]) => {
      return { partition, offset: landed, reason: 'checkpoint', detail: '' };
    });
    try {
      await this.#facts.recordFloors(ownership, floors);
      for (const [, state] of moved) state.recorded = state.landed;
    } catch (error) {
      if (!isClassified(error)) throw error;
      this.#logger.debug({ err: asError(error) }, 'checkpoint failed; the next one covers it');
    }
  }
}
