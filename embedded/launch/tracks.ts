// The tracks of a start: which families it runs, which producers and processors belong to them, and for each
// table the source of the records that must arrive in it. Pure.
import { allProducers, producerNamed, producersOf } from '../../producers/catalogue.ts';
import type { Producer } from '../../producers/producer.ts';
import { ConfigError } from '../../platform/errors.ts';
import { transforms } from '../../streams/index.ts';
import type { Stream } from '../../streams/stream.ts';
import type { Transform } from '../../streams/transform.ts';

/** From the topic that producers send to into a table. */
export interface Track {
  readonly stream: Stream;
  /** The topic that producers send to. */
  readonly topic: string;
  /** The topic that the consumer reads: another one when a processor is in between. */
  readonly landed: string;
  /** The processor in between. */
  readonly processor: Transform | undefined;
  /** Names of the producers that send to it. */
  readonly producers: readonly string[];
}

/** The producers of `streams`; with `onlyName` that one; `data` is a file that was named for them. */
export function producersFor(
  streams: readonly Stream[],
  onlyName: string,
  data: string | undefined,
): readonly Producer[] {
  if (onlyName !== '') {
    const only = producerNamed(onlyName);
    const names = allProducers.map(({ name }) => name).join(', ');
    if (only === undefined) {
      throw new ConfigError(`PRODUCER: ${JSON.stringify(onlyName)} is not one of ${names}`);
    }
    return [only];
  }
  const families = [...new Set(streams.map(({ family }) => family))];
  if (data !== undefined && families.length > 1) {
    const which = families.join(' and ');
    throw new ConfigError(`DATA_PATH: ${data} cannot be of ${which}; choose one with --streams`);
  }
  return families.flatMap((family) => {
    const own = producersOf(family);
    if (own.length > 0 || data === undefined) return own;
    return allProducers.filter((producer) => producer.family === family);
  });
}

/** The transforms between the topics of the producers and the tables, and those that go on from there. */
export function transformsFor(streams: readonly Stream[]): readonly Transform[] {
  const families = new Set(streams.map(({ family }) => family));
  return transforms.filter(({ input }) => families.has(input.family));
}

/** The ways of each stream; `topicsOf` names the topics that the consumer reads into its table. */
export function tracksOf(
  streams: readonly Stream[],
  producers: readonly Producer[],
  topicsOf: (stream: Stream) => readonly string[],
): Track[] {
  return streams.flatMap((stream) => {
    const { origin } = stream;
    const sends = producers.filter(({ stream: to }) => to.name === (origin ?? stream).name);
    const names = sends.map(({ name }) => name);
    const processor = transforms.find(({ input, outputs }) => {
      return input.name === origin?.name && outputs.some(({ name }) => name === stream.name);
    });
    return topicsOf(stream).map((landed, at) => {
      const topic = origin?.topic.name ?? landed;
      return { stream, topic, landed, processor, producers: at === 0 ? names : [] };
    });
  });
}
