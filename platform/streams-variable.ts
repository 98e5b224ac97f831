// The environment variables that select streams, by name, family or all, and rename their topics.
import { streams } from '../streams/index.ts';
import { sensorData } from '../streams/sensor-data.ts';
import type { Stream } from '../streams/stream.ts';
import { readBy, type Variable } from './config.ts';

const ALL = 'all';

/** Every word that {@link chooseStreams} takes. */
export function streamWords(among: readonly Stream[] = streams): string[] {
  return [...new Set([ALL, ...among.flatMap(({ family, name }) => [family, name])])];
}

/**
 * The streams that `written` names: words separated by commas, each a stream, a family, or all. In the
 * order of the catalogue; undefined when a word is none of them.
 */
export function chooseStreams(
  written: string,
  among: readonly Stream[] = streams,
): Stream[] | undefined {
  const words = written.split(',').map((word) => word.trim());
  if (words.some((word) => !streamWords(among).includes(word))) return undefined;
  return among.filter(({ family, name }) => {
    return words.includes(ALL) || words.includes(family) || words.includes(name);
  });
}

/** A variable that holds streams with a table. */
export function streamsVariable(given: {
  readonly default: string;
  readonly doc: string;
}): Variable<readonly Stream[]> & { fallback: string } {
  return {
    doc: given.doc,
    allowed: `${streamWords().join(', ')}, or several separated by commas`,
    fallback: given.default,
    secret: false,
    parse: (written) => {
      const value = chooseStreams(written);
      return value === undefined ? { ok: false } : { ok: true, value };
    },
  };
}

/** The value of an option that names one stream with a table. */
export function streamOption<const D extends { doc: string; default?: string }>(options: D) {
  const names = streams.map(({ name }) => name);
  const named = (written: string): Stream | undefined =>
    streams.find(({ name }) => name === written);
  return readBy<Stream, D>(options, named, `one of ${names.join(', ')}`);
}

/** What is chosen, and how a topic is called that is not its stream's own. */
export interface ChosenStreams {
  readonly STREAMS: readonly Stream[];
  /** Of sensor_data, or of the only stream. */
  readonly KAFKA_TOPIC?: string | undefined;
}

/** The topics that fill a stream's table. */
export function topicsOf(stream: Stream, { KAFKA_TOPIC: given, STREAMS }: ChosenStreams): string[] {
  const renamed = STREAMS.length === 1 ? STREAMS[0] : sensorData;
  if (given === undefined || stream.name !== renamed?.name) return [stream.topic.name];
  return given.split(',');
}
