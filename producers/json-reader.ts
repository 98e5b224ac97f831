// Reads a stream's events from the bytes of a JSON file, an array or lines. An error names file, element,
// line and member, and ends the reading after all events before it.
import { ConfigError } from '../platform/errors.ts';
import { EventPage } from './event-page.ts';
import type { EventReader, FileEvent, FileSelection } from './file-event.ts';
import { JsonEvents, placed } from './json-events.ts';
import { jsonPackerOf, type JsonPacker } from './json-packer.ts';
import type { JsonMistake, JsonPlace, JsonSplitter, OnValue } from './json-splitter.ts';
import { misfitError } from './misfit.ts';

export class JsonReader implements EventReader {
  readonly #selection: FileSelection;
  readonly #judge: JsonEvents;
  readonly #splitter: JsonSplitter;
  #page = new EventPage();
  readonly #packer: JsonPacker | undefined;
  #nowMs = 0;
  #values = 0;
  #problem: ConfigError | undefined;

  /** `packs`: events are packed where the declaration and the value allow it. */
  constructor(
    selection: FileSelection,
    Splitter: new (onValue: OnValue) => JsonSplitter,
    packs = false,
  ) {
    this.#packer = packs ? jsonPackerOf(selection) : undefined;
    this.#selection = selection;
    this.#judge = new JsonEvents(selection);
    this.#splitter = new Splitter((bytes, place) => this.#take(bytes, place));
  }

  feed(chunk: Buffer): EventPage {
    this.#nowMs = Date.now();
    if (this.#problem === undefined) this.#note(this.#splitter.feed(chunk));
    return this.#collect();
  }

  finish(): EventPage {
    if (this.#problem === undefined) this.#note(this.#splitter.finish());
    return this.#collect();
  }

  throwIfBad(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }

  requireEvents(count: number): void {
    if (count > 0) return;
    const { key, path } = this.#selection;
    const none = this.#values === 0 || key === undefined;
    const what = none ? 'the file has no events' : `no event has ${JSON.stringify(key)}`;
    throw new ConfigError(`${path}: ${what}`);
  }

  #take(bytes: Buffer, place: JsonPlace): void {
    if (this.#problem !== undefined) return;
    this.#values += 1;
    if (this.#packer?.take(bytes, this.#page, this.#judge, this.#nowMs) === true) return;
    try {
      this.#give(this.#judge.read(bytes, place));
    } catch (thrown) {
      if (!(thrown instanceof ConfigError)) throw thrown;
      this.#problem = thrown;
    }
  }

  #give(event: FileEvent | undefined): void {
    if (event === undefined) return;
    const { onBadRow, path } = this.#selection;
    if (event.misfit === undefined || onBadRow === 'dead-letter') this.#page.add(event);
    else this.#problem = misfitError(path, event.misfit);
  }

  #note(mistake: JsonMistake | undefined): void {
    if (mistake === undefined) return;
    this.#problem ??= placed(this.#selection.path, mistake.place, mistake.problem);
  }

  #collect(): EventPage {
    const page = this.#page;
    this.#page = new EventPage(page);
    return page;
  }
}
