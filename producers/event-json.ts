// Writes an event in its form for Kafka: as the file has it where that is JSON, else in the order of the
// declaration; stamped with the current time when the replay is to look live.
import { columnOf, type TopicStream } from '../streams/stream.ts';
import type { Event, FileEvent } from './file-event.ts';

/** Compiles the writer of a stream's events; with `stampNow` the event time is when it is called. */
export function compileJson(stream: TopicStream, stampNow: boolean): (event: FileEvent) => string {
  if (!stampNow) return ({ json, members }) => json ?? JSON.stringify(members);
  const { path } = columnOf(stream.leaves, stream.eventTime)!;
  const parents = path.slice(0, -1);
  const last = path.at(-1)!;
  return (event) => {
    const stamped = copyOf(event);
    const parent = parents.reduce((at, name) => at[name] as Event, stamped);
    // In the form that the event has; one without a time gets the form that people can read.
    const seconds = isSeconds(parent[last]);
    parent[last] = seconds ? Date.now() / 1_000 : new Date().toISOString();
    return JSON.stringify(stamped);
  };
}

/** What TypeScript's library does not know yet: numbers as they are written, so that none loses a digit. */
interface ExactJson {
  readonly isRawJSON: (value: unknown) => boolean;
  readonly parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source: string }) => unknown,
  ) => Event;
  readonly rawJSON: (text: string) => unknown;
}
const { isRawJSON, parse, rawJSON } = JSON as unknown as ExactJson;

function copyOf({ json, members }: FileEvent): Event {
  if (json === undefined) return structuredClone(members);
  return parse(json, (_, value, { source }) => {
    return typeof value === 'number' ? rawJSON(source) : value;
  });
}

function isSeconds(value: unknown): boolean {
  return typeof value === 'number' || isRawJSON(value);
}
