// All producers: those of the sensor boards, that of the traffic detectors, and one for each other stream
// that no transform makes, whose file the person names.
import { topicStreams, transforms } from '../streams/index.ts';
import type { TopicStream } from '../streams/stream.ts';
import { trafficRaw } from '../streams/traffic.ts';
import { findProducer, producers } from './devices.ts';
import { INTERVAL_MS, type Producer } from './producer.ts';

const traffic: Producer = {
  name: 'traffic',
  stream: trafficRaw,
  family: trafficRaw.family,
  file: 'data/traffic_counts.json',
  intervalMs: 5_000,
};

/** Those that replay a file which is part of the project. */
const declared: readonly Producer[] = [...producers, traffic];

/** A producer for each stream that can be replayed whole and has none. */
function ofStreams(streams: readonly TopicStream[]): Producer[] {
  const made = new Set(transforms.flatMap(({ outputs }) => outputs));
  const whole = new Set(
    declared.filter(({ deviceId }) => deviceId === undefined).map(({ stream }) => stream),
  );
  return streams
    .filter((stream) => !made.has(stream) && !whole.has(stream))
    .map((stream) => ({
      name: stream.name,
      stream,
      family: stream.family,
      intervalMs: INTERVAL_MS,
    }));
}

/** All producers; those with a file of their own come first. */
export const allProducers: readonly Producer[] = [...declared, ...ofStreams(topicStreams)];

/**
 * The producer a person means: a device as {@link findProducer} knows it, or the name of a producer or of
 * the stream it replays whole, in any case. Undefined when it is none of them.
 */
export function producerNamed(written: string): Producer | undefined {
  const name = written.trim().toLowerCase();
  const whole = allProducers.filter(({ deviceId }) => deviceId === undefined);
  return (
    findProducer(written) ??
    whole.find((producer) => producer.name.toLowerCase() === name) ??
    whole.find(({ stream }) => stream.name.toLowerCase() === name)
  );
}

/** The producers of a family that have a file to replay without being told one. */
export function producersOf(family: string): readonly Producer[] {
  return declared.filter((producer) => producer.family === family);
}
