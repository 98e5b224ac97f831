// The producers there are: one for everything that can be replayed, found by its name.
import { describe, expect, it } from 'vitest';
import { topicStreams, transforms } from '../streams/index.ts';
import { trafficRaw } from '../streams/traffic.ts';
import { allProducers, producerNamed, producersOf } from './catalogue.ts';
import { producers } from './devices.ts';

describe('the catalogue', () => {
  it('replays every stream that no transform makes, and no other', () => {
    const made = new Set(transforms.flatMap(({ outputs }) => outputs));
    const replayed = allProducers.filter(({ deviceId }) => deviceId === undefined);
    expect(new Set(replayed.map(({ stream }) => stream))).toEqual(
      new Set(topicStreams.filter((stream) => !made.has(stream))),
    );
    expect(replayed.find(({ stream }) => stream === trafficRaw)!.name).toBe('traffic');
  });

  it('gives each producer a name of its own, by which it is found in any case', () => {
    expect(new Set(allProducers.map(({ name }) => name.toLowerCase())).size).toBe(
      allProducers.length,
    );
    for (const producer of allProducers) {
      expect(producerNamed(producer.name)).toBe(producer);
      expect(producerNamed(` ${producer.name.toUpperCase()} `)).toBe(producer);
    }
    expect(producerNamed('b.py')).toBe(producers[1]);
    expect(producerNamed('traffic_raw')!.name).toBe('traffic');
  });

  it.each(['', 'D', 'traffic_events', 'traffic_viz', 'trafficx', 'sensors'])(
    'does not guess what %j means',
    (written) => expect(producerNamed(written)).toBeUndefined(),
  );

  it('knows those of a family that need no file to be told', () => {
    expect(producersOf('sensors')).toEqual(producers);
    expect(producersOf('traffic').map(({ name }) => name)).toEqual(['traffic']);
    expect(producersOf('pumps')).toEqual([]);
  });
});
