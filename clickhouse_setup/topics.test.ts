// What `npm run topics` says about topics: one line each, and how to remove a difference.
import { describe, expect, it } from 'vitest';
import { topicStreams } from '../streams/index.ts';
import { declaredTopics, topicsReport } from './topics.ts';

const topic = { name: 'readings', partitions: 3, retentionMs: 7 * 86_400_000 };
const found = {
  partitions: 3,
  retentionMs: String(topic.retentionMs),
  cleanupPolicy: 'delete',
  maxMessageBytes: '1048588',
};

describe('the declared topics', () => {
  it('are those of every stream, the sensors’ under the name that is configured', () => {
    const own = topicStreams.map((stream) => stream.topic.name);
    expect(declaredTopics(undefined).map(({ name }) => name)).toEqual(own);
    expect(declaredTopics('other').map(({ name }) => name)).toEqual(
      own.map((name) => (name === 'sensor_data' ? 'other' : name)),
    );
  });
});

describe('the report', () => {
  it('shows what is there and agrees', () => {
    const other = { ...topic, name: 'r', retentionMs: -1 };
    const all = new Map([['readings', found], ['r', { ...found, partitions: 12, retentionMs: '-1' }]]); // prettier-ignore
    const { agrees, text } = topicsReport([topic, other], all, new Set(['r']));
    expect(agrees).toBe(true);
    expect(text.split('\n')).toEqual([
      'topic     partitions  retention  state',
      'readings           3  7 d        as declared',
      'r                 12  for ever   created',
      '',
    ]);
  });

  it('names what is missing or differs, with the remedy', () => {
    const other = { ...topic, name: 'gone', retentionMs: 90_000 };
    const all = new Map([['readings', { ...found, partitions: 1 }]]);
    const { agrees, text } = topicsReport([topic, other], all, new Set());
    expect(agrees).toBe(false);
    expect(text).toMatch(/^readings +1 {2}7 d +differs$/m);
    expect(text).toMatch(/^gone +3 {2}90 s +missing$/m);
    expect(text).toMatch(/--alter --topic readings --partitions 3$/m);
    expect(text).toMatch(/^topic gone does not exist; to create it: npm run topics$/m);
  });
});
