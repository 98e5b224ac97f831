// The form of a producer: a name on the command line, the stream it replays, and its defaults. devices.ts and
// catalogue.ts declare the producers.
import type { TopicStream } from '../streams/stream.ts';

export interface Producer {
  readonly name: string;
  readonly stream: TopicStream;
  /** That of the stream: producers of one family are started together. */
  readonly family: string;
  /** The one key whose rows it replays; undefined: all of them. */
  readonly deviceId?: string;
  /** The file it replays, from the project's folder; undefined: DATA_PATH has to say. */
  readonly file?: string;
  /** The pause between two rows. */
  readonly intervalMs: number;
}

/** The pause that a producer makes if nothing else is declared. */
export const INTERVAL_MS = 200;
