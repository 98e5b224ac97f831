// Distinguishes a slow broker from an absent one: it records whether an attempt to connect reached a
// listening program.
import { assertKafka } from './speaks-kafka.ts';
import type { KafkaConfig } from './variables.ts';

/** The attempts of one client until a deadline. */
export class Reach {
  readonly #missed = new AbortController();
  #isMade = false;

  /** `deadline`: when an attempt should have reached somebody. */
  constructor(deadline: AbortSignal) {
    const judge = (): void => {
      if (!this.#isMade) this.#missed.abort(deadline.reason);
    };
    deadline.addEventListener('abort', judge, { once: true });
  }

  /** Whether something listens where the last attempt asked. */
  get isMade(): boolean {
    return this.#isMade;
  }

  /** Aborts at the deadline, unless the attempt of that moment has reached somebody. */
  get missed(): AbortSignal {
    return this.#missed.signal;
  }

  /** Begins an attempt: settles as {@link assertKafka} does. */
  async attempt(config: KafkaConfig): Promise<void> {
    this.#isMade = false;
    await assertKafka(config, { onConnect: () => (this.#isMade = true) });
  }
}
