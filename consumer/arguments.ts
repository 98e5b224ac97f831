// The command line of `npm run consumer`: without options it consumes; with them it replays.
import {
  flagOption,
  usageError,
  valueOption,
  type CommandLine,
  type Given,
} from '../platform/command-line.ts';
import { readBy } from '../platform/config.ts';
import { streamOption } from '../platform/streams-variable.ts';
import { instantMs } from '../streams/instant.ts';
import type { Stream } from '../streams/stream.ts';
import { consumerVariables } from './config.ts';

export const consumerCommand = {
  command: 'npm run consumer',
  about:
    'Writes the messages of its topics into ClickHouse, each exactly once, until Ctrl+C; or replays a topic.',
  examples: [
    ['npm run consumer', 'consume, until Ctrl+C'],
    [
      'npm run consumer -- --from 2020-07-12T00:00Z',
      'replay: read again what Kafka got since then, into a table beside the live one, and swap the two',
    ],
    ['npm run consumer -- --abandon', 'drop a replay that was begun and not finished'],
  ],
  options: {
    from: valueOption(
      'TIME',
      readBy(
        {
          doc: 'replay from this instant; it is compared with the timestamps of the Kafka records (column kafka_timestamp), not with the times of the events; older rows are carried over',
        },
        epochMs,
        'an instant since 1970 with its zone, as 2020-07-12T00:00Z',
      ),
    ),
    stream: valueOption(
      'NAME',
      streamOption({
        doc: 'the stream to replay; default: the one that STREAMS names, else sensor_data',
      }),
    ),
    abandon: flagOption('drop an unfinished replay'),
  },
  variables: consumerVariables,
  notes: `Consumers may run during a replay. Give the same command again to go on with an interrupted replay.`,
  exitCodes: {
    0: 'stopped, or the replay is done',
    1: 'the replay does not add up: it says why, and whether the tables were swapped',
    3: 'Kafka or ClickHouse failed during a replay, or another run took it over',
  },
} as const satisfies CommandLine;

export type ConsumerTask =
  | { readonly kind: 'consume' }
  /** `fromMs`: epoch milliseconds. `stream` undefined: the one that STREAMS names. */
  | { readonly kind: 'replay'; readonly fromMs: number; readonly stream: Stream | undefined }
  | { readonly kind: 'abandon'; readonly stream: Stream | undefined };

/** @throws {ConfigError} one line for options that contradict each other. */
export function consumerTask({ values }: Given<typeof consumerCommand>): ConsumerTask {
  const { abandon, from: fromMs, stream } = values;
  if (abandon && fromMs !== undefined) {
    throw usageError(consumerCommand, '--abandon: goes alone, without --from');
  }
  if (abandon) return { kind: 'abandon', stream };
  if (fromMs !== undefined) return { kind: 'replay', fromMs, stream };
  if (stream === undefined) return { kind: 'consume' };
  throw usageError(
    consumerCommand,
    '--stream: goes with --from or --abandon; a consumer reads the variable STREAMS',
  );
}

function epochMs(written: string): number | undefined {
  const instant = instantMs(written);
  return instant === undefined || instant < 0 ? undefined : instant;
}
