// The choice of a producer: which stream, from which file, which rows of it, under which keys, in which form
// of JSON.
import { columnOf, type TopicStream } from '../streams/stream.ts';
import type { ProducerConfig } from './config.ts';
import { producers } from './devices.ts';
import { compileJson } from './event-json.ts';
import type { EventPage } from './event-page.ts';
import type { Event, FileEvent } from './file-event.ts';
import { misfitHeaders } from './misfit.ts';
import { replayPages } from './replay-file.ts';
import { RowRecords, type KeyedValue } from './row-records.ts';
import { RowSource } from './row-source.ts';

export interface Selection {
  readonly source: RowSource<EventPage>;
  /** The records of its rows. */
  readonly records: RowRecords;
  /** How much of the file has been read, 0 to 1. */
  readonly share: () => number;
}

/** Opens the file and reads its beginning. @throws {ConfigError} when it cannot be replayed. */
export async function openSelection(config: ProducerConfig): Promise<Selection> {
  const position = { readBytes: 0, sizeBytes: 0 };
  const { deviceId: key, stream } = config.PRODUCER;
  const knownKeys = producers.map(({ deviceId }) => deviceId);
  const one = key === undefined ? {} : { key, knownKeys };
  const { DATA_ENCODING: encoding, DATA_PATH: path, ON_BAD_ROW: onBadRow } = config;
  const file = { stream, path, encoding, onBadRow, ...one };
  const source = new RowSource(() => replayPages(file, position), config.LOOP);
  await source.check();
  const keyOf = compileKey(stream);
  const jsonOf = compileJson(stream, config.USE_NOW_TS);
  const encode = (event: FileEvent): KeyedValue => {
    const { json, members, misfit } = event;
    if (misfit === undefined) return { key: keyOf(members), value: jsonOf(event) };
    return { key: misfit.key, value: json!, headers: misfitHeaders(path, misfit) };
  };
  return {
    source,
    records: new RowRecords(encode, config.USE_NOW_TS),
    share: () => position.readBytes / Math.max(1, position.sizeBytes),
  };
}

/** The key of an event that was checked against the declaration. */
function compileKey({ key, leaves }: TopicStream): (event: Event) => string {
  const { path } = columnOf(leaves, key)!;
  return (event) => String(path.reduce<unknown>((at, name) => (at as Event)[name], event));
}
