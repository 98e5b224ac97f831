// Finds times in an event that the file may hold and the consumer would reject: times in another unit than
// seconds, before the earliest of the stream, or far ahead of now, when Kafka takes the event.
import { aheadFault, instantFault } from '../streams/instant-fault.ts';
import { instantMs } from '../streams/instant.ts';
import type { Column, TopicStream } from '../streams/stream.ts';
import type { Event } from './file-event.ts';

export interface TimeFault {
  readonly leaf: Column;
  readonly value: number | string;
  /** In words that follow the value. */
  readonly problem: string;
}

/** Compiles the check of every time that the stream declares; a time that is not there is not looked at. */
export function compileTimeCheck({
  leaves,
}: Pick<TopicStream, 'leaves'>): (event: unknown) => TimeFault | undefined {
  const times = leaves.flatMap((leaf) =>
    leaf.field.kind === 'instant' ? [{ leaf, field: leaf.field }] : [],
  );
  return (event) => {
    for (const { field, leaf } of times) {
      const value = valueAt(event, leaf.path);
      if (typeof value !== 'number' && typeof value !== 'string') continue;
      const ms = instantMs(value);
      const nowMs = Date.now();
      // Nearly every time: read once, and never put into words.
      if (ms !== undefined && ms >= field.minMs && ms <= nowMs) continue;
      const problem = instantFault(field, value) ?? aheadFault(field, ms!, nowMs);
      if (problem !== undefined) return { leaf, value, problem };
    }
    return undefined;
  };
}

/** What stands at a path of an event, undefined where it leads nowhere. */
export function valueAt(event: unknown, path: readonly string[]): unknown {
  let value = event;
  for (const name of path) {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    if (!inside) return undefined;
    value = (value as Event)[name];
  }
  return value;
}
