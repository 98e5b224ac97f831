// A JSON file is checked as the consumer checks its messages: what a number's double hides, its text tells.
import { expect, it } from 'vitest';
import { instant, integer, text } from '../streams/field.ts';
import { defineTopicStream } from '../streams/stream.ts';
import { JsonEvents } from './json-events.ts';

const stream = defineTopicStream({
  name: 'pumps',
  topic: { name: 'pumps', partitions: 1, retentionMs: -1 },
  event: { id: text(), ts: instant(), strokes: integer() },
  key: 'id',
  eventTime: 'ts',
});

it.each(['9007199254740990.5', '0.99999999999999999999', '40.5'])('refuses %s strokes', (count) => {
  const json = `{"id":"p1","ts":1700000000,"strokes":${count}}`;
  for (const onBadRow of ['stop', 'dead-letter'] as const) {
    const events = new JsonEvents({ path: 'pumps.ndjson', stream, onBadRow });
    const read = events.read(Buffer.from(json), { line: 1 });
    expect(read?.misfit?.problem).toContain(`member strokes: ${count} is not a whole number`);
    expect(read?.json).toBe(onBadRow === 'stop' ? undefined : json);
  }
});
