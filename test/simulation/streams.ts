// The declarations of the simulated streams: what is consumed as it was produced, and what processors make.
import { integer } from '../../streams/field.ts';
import { defineStream, defineTopicStream } from '../../streams/stream.ts';

const common = {
  event: { id: integer({ min: 0, max: 2 ** 31 }) },
  key: 'id',
  eventTime: 'id',
} as const;
const table = { name: 'simulated', orderBy: ['id'] } as const;

export const raw = defineTopicStream({
  ...common,
  name: 'simulated_raw',
  topic: { name: 'raw', partitions: 2, retentionMs: -1 },
});

export const consumed = defineStream({
  ...common,
  name: 'simulated',
  topic: { name: 'simulated', partitions: 2, retentionMs: -1 },
  table,
});

export const made = defineStream({
  ...common,
  name: 'simulated',
  topic: { name: 'simulated', partitions: 2, retentionMs: -1 },
  origin: raw,
  table,
});
