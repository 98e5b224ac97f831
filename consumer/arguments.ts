// What `npm run consumer` is told on its command line: nothing, or to replay.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';
import { streams } from '../streams/index.ts';
import { instantMs } from '../streams/instant.ts';
import type { Stream } from '../streams/stream.ts';

export const USAGE = `Lands the messages of a topic in ClickHouse, exactly once; or reads them again.

  npm run consumer                                consume, until Ctrl+C
  npm run consumer -- --from 2020-07-12T00:00Z    replay: read again what Kafka got since then into a
                                                  table beside the live one, and put it in its place
  npm run consumer -- --abandon                   drop a replay that was begun and not finished

  --stream NAME which stream to replay, where STREAMS does not name only one; default sensor_data
  --from TIME   an instant with its zone; compared with the timestamps of the Kafka records (the column
                kafka_timestamp), not with the events' own times. Rows from before are carried over.

Consumers may run meanwhile. A replay that was interrupted goes on when the same command is given
again. Settings are environment variables: see docs/configuration.md.
`;

export type ConsumerCommand =
  | { readonly kind: 'consume' }
  | { readonly kind: 'help' }
  /** `fromMs`: epoch milliseconds. `stream` undefined: the one that STREAMS names. */
  | { readonly kind: 'replay'; readonly fromMs: number; readonly stream: Stream | undefined }
  | { readonly kind: 'abandon'; readonly stream: Stream | undefined };

const options = {
  from: { type: 'string' },
  stream: { type: 'string' },
  abandon: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws {ConfigError} one line that names the argument and what is allowed. */
export function readCommand(args: readonly string[]): ConsumerCommand {
  const { abandon, from, help, stream: name } = parse(args);
  if (help) return { kind: 'help' };
  const stream = streams.find((each) => each.name === name);
  if (name !== undefined && stream === undefined) {
    const names = streams.map((each) => each.name).join(', ');
    throw wrong(`--stream: ${JSON.stringify(name)} is not one of ${names}`);
  }
  if (abandon && from !== undefined) throw wrong('--abandon: goes alone, without --from');
  if (abandon) return { kind: 'abandon', stream };
  if (from === undefined) {
    if (name !== undefined)
      throw wrong('--stream: goes with --from or --abandon; consumers have STREAMS');
    return { kind: 'consume' };
  }
  const fromMs = instantMs(from);
  if (fromMs === undefined || fromMs < 0) {
    const allowed = 'an instant since 1970 with its zone, as 2020-07-12T00:00Z';
    throw wrong(`--from: ${JSON.stringify(from)} is not ${allowed}`);
  }
  return { kind: 'replay', fromMs, stream };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw wrong(asError(cause).message.split('\n')[0]!, cause);
  }
}

function wrong(text: string, cause?: unknown): ConfigError {
  return new ConfigError(`${text}; see: npm run consumer -- --help`, { cause });
}
