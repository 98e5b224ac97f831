// Gives out rows one batch at a time from a source that yields them page by page, again from its start when
// looping. It gives out all rows that were read before a failure, and then throws the failure.

/** Rows that were read together. */
export interface Page {
  readonly length: number;
}

/** Some rows of a page. */
export interface Rows<P extends Page> {
  readonly page: P;
  readonly from: number;
  readonly to: number;
}

/** Opens the rows from their start; must yield at least one or throw. */
export type OpenPages<P extends Page> = () => AsyncGenerator<P>;

export class RowSource<P extends Page> implements AsyncDisposable {
  readonly #open: OpenPages<P>;
  readonly #loop: boolean;
  #pages: AsyncGenerator<P>;
  #page: P | undefined;
  #at = 0;
  #ended = false;
  #failure: { readonly thrown: unknown } | undefined;

  constructor(open: OpenPages<P>, loop: boolean) {
    this.#open = open;
    this.#loop = loop;
    this.#pages = open();
  }

  /** Reads the first page, so that a file that cannot be replayed at all is known early. */
  async check(): Promise<void> {
    if (!(await this.#fill()) && this.#failure !== undefined) throw this.#failure.thrown;
  }

  /** The next `max` rows; fewer only at the end or before a failure, none at the end. */
  async take(max: number): Promise<Rows<P>[]> {
    const taken: Rows<P>[] = [];
    for (let left = max; left > 0 && (await this.#fill());) {
      const page = this.#page!;
      const from = this.#at;
      this.#at = Math.min(page.length, from + left);
      left -= this.#at - from;
      taken.push({ page, from, to: this.#at });
    }
    if (taken.length === 0 && this.#failure !== undefined) throw this.#failure.thrown;
    return taken;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#pages.return(undefined);
  }

  /** Makes sure that the page has a row left; false at the end or at a failure. */
  async #fill(): Promise<boolean> {
    while (this.#at >= (this.#page?.length ?? 0)) {
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
