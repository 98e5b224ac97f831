// Reads a stream's events from a file of any size in constant memory: CSV, a JSON array, or one JSON
// object a line, each also compressed. A mistake ends it after every event before it was given out.
import { ConfigError } from '../platform/errors.ts';
import { CsvReader } from './csv-reader.ts';
import type { EventPage } from './event-page.ts';
import type { EventReader, FileEvent, FileSelection } from './file-event.ts';
import { readFileBytes, type FilePosition } from './file-source.ts';
import { textOf } from './file-text.ts';
import { JsonArray } from './json-array.ts';
import { JsonLines } from './json-lines.ts';
import { JsonReader } from './json-reader.ts';

/**
 * The selected events of a file, in file order, some at a time, each as it was read.
 * @throws {ConfigError} naming file and place when the file is not as it must be.
 */
export async function* replayFile(
  selection: FileSelection,
  position?: FilePosition,
): AsyncGenerator<FileEvent[]> {
  for await (const page of replayPages(selection, position, false)) yield page.others();
}

/** The same in pages, in which events are packed where that is possible. */
export async function* replayPages(
  selection: FileSelection,
  position: FilePosition = { readBytes: 0, sizeBytes: 0 },
  packs = true,
): AsyncGenerator<EventPage> {
  let reader: EventReader | undefined;
  let count = 0;
  const { encoding, path } = selection;
  for await (const chunk of textOf(readFileBytes(path, position), path, encoding)) {
    reader ??= readerOf(selection, chunk, packs);
    const page = await reader.feed(chunk);
    count += page.length;
    if (page.length > 0) yield page;
    reader.throwIfBad();
  }
  reader ??= readerOf(selection, Buffer.alloc(0), packs);
  const page = await reader.finish();
  if (page.length > 0) yield page;
  reader.throwIfBad();
  reader.requireEvents(count + page.length);
}

export type FileFormat = 'csv' | 'array' | 'lines';

/**
 * A file's name says that it is CSV or JSON; which JSON, and what others are, their beginning says.
 * @throws {ConfigError} when a file that is called CSV begins as JSON does.
 */
export function formatOf(path: string, beginning: Buffer): FileFormat {
  const text = beginning.toString('latin1', 0, 1_024).replace(/^(ï»¿)?\s*/, '');
  const [first] = text;
  const isJson = first === '[' || first === '{';
  if (/\.csv(\.gz)?$/i.test(path)) {
    // A bracket alone may begin the name of a column.
    if (first !== '{' && !/^\[\s*\{/.test(text)) return 'csv';
    throw new ConfigError(`${path} line 1: the file looks like JSON: name it .json or .ndjson`);
  }
  if (!isJson && !/\.(json|ndjson|jsonl)(\.gz)?$/i.test(path)) return 'csv';
  return first === '[' ? 'array' : 'lines';
}

function readerOf(selection: FileSelection, beginning: Buffer, packs: boolean): EventReader {
  const format = formatOf(selection.path, beginning);
  if (format === 'csv') return new CsvReader(selection, packs);
  return new JsonReader(selection, format === 'array' ? JsonArray : JsonLines, packs);
}
