// Hands out events one batch at a time from something that yields them page by page, again from its
// start when looping. What was read before a failure is handed out before the failure is thrown.

/** Opens the rows from their start; must yield at least one event or throw. */
export type OpenPages<Event> = () => AsyncGenerator<readonly Event[]>;

export class RowSource<Event> implements AsyncDisposable {
  readonly #open: OpenPages<Event>;
  readonly #loop: boolean;
  #pages: AsyncGenerator<readonly Event[]>;
  #page: readonly Event[] = [];
  #at = 0;
  #ended = false;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(open: OpenPages<Event>, loop: boolean) {
    this.#open = open;
    this.#loop = loop;
    this.#pages = open();
  }

  /** Reads the first page, so that a file that cannot be replayed at all is known early. */
  async check(): Promise<void> {
    if (!(await this.#fill()) && this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** The next `max` events; fewer only at the end or before a failure, none at the end. */
  async take(max: number): Promise<Event[]> {
    const taken: Event[] = [];
    while (taken.length < max && (await this.#fill())) {
      const end = Math.min(this.#page.length, this.#at + max - taken.length);
      for (; this.#at < end; this.#at += 1) taken.push(this.#page[this.#at]!);
    }
    if (taken.length === 0 && this.#failure !== undefined) throw this.#failure.thrown;
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#pages.return(undefined);
  }

  /** Makes sure that the page has an event left; false at the end or at a failure. */
  async #fill(): Promise<boolean> {
    while (this.#at >= this.#page.length) {
      if (this.#ended || this.#failure !== undefined) return false;
      await this.#turn();
    }
    return true;
  }

  async #turn(): Promise<void> {
    try {
      const next = await this.#pages.next();
      if (next.done !== true) [this.#page, this.#at] = [next.value, 0];
      else if (this.#loop) this.#pages = this.#open();
      else this.#ended = true;
    } catch (thrown) {
      this.#failure = { thrown };
    }
  }
}
