// The parts of a file's events that every format shares: which events to take, in which form, and how to
// drive a reader. The readers are in csv-reader.ts and json-reader.ts.
import type { TopicStream } from '../streams/stream.ts';
import type { EventPage } from './event-page.ts';
import type { FileEncoding } from './file-text.ts';

/** An event's members in wire order, ready for JSON. */
export type Event = Record<string, unknown>;

export interface FileEvent {
  readonly members: Event;
  /** The event as the file writes it, on one line, where the file is JSON. */
  readonly json?: string;
  /** Set when it is no event of the stream; `json` is then what is sent instead. */
  readonly misfit?: Misfit;
}

/** Why and where a row, or a value of a JSON file, is no event of the stream. */
export interface Misfit {
  /** As a message shows it behind the file: `line 5`, `element 3 (line 5)`. */
  readonly place: string;
  /** Where the row begins, from 1. */
  readonly line: number;
  /** With the column or member, if it is about one. */
  readonly problem: string;
  /** The key of the row, '' where it has none. */
  readonly key: string;
}

/** What becomes of rows that do not fit: they end the reading, or are given out as misfits. */
export type OnBadRow = 'stop' | 'dead-letter';

/** What to take from which file. */
export interface FileSelection {
  readonly stream: TopicStream;
  readonly path: string;
  /** Only events of this key. Such a file ascends in time and holds no keys but the known ones. */
  readonly key?: string;
  readonly knownKeys?: readonly string[];
  /** Default: what the file's beginning says, else UTF-8. */
  readonly encoding?: FileEncoding | undefined;
  /** Default: `stop`. */
  readonly onBadRow?: OnBadRow;
}

/** Reads one file from its first byte to its last; a mistake is kept until it is asked for. */
export interface EventReader {
  /** The events that this chunk completes, up to the first mistake. */
  feed(chunk: Buffer): EventPage | Promise<EventPage>;
  /** The events of what the file ends with. */
  finish(): EventPage | Promise<EventPage>;
  /** @throws {ConfigError} naming file and place, if there was a mistake. */
  throwIfBad(): void;
  /** @throws {ConfigError} if the file has no events; `count` were found. */
  requireEvents(count: number): void;
}

/** An event, row, line or element beyond this is refused: an unclosed quote must not swallow the file. */
export const MAX_EVENT_BYTES = 1_048_576;

/** A value from a file as a message shows it: in quotes, cut, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
