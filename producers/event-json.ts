// Writes an event as it goes over the wire: JSON in the order of the declaration, stamped with the
// current time when the replay is to look live.
import type { Stream } from '../streams/stream.ts';
import type { Event } from './csv-rows.ts';

/** Compiles the writer of a stream's events; with `stampNow` the event time is when it is called. */
export function compileJson(stream: Stream, stampNow: boolean): (event: Event) => string {
  if (!stampNow) return (event) => JSON.stringify(event);
  const { path } = stream.leaves.find(({ name }) => name === stream.eventTime)!;
  const parents = path.slice(0, -1);
  const last = path.at(-1)!;
  return (event) => {
    const stamped = structuredClone(event);
    const parent = parents.reduce((at, name) => at[name] as Event, stamped);
    parent[last] = Date.now() / 1_000;
    return JSON.stringify(stamped);
  };
}
