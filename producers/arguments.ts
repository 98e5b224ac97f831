// The command line of a producer: an optional `run`, a producer and a number of rows, as in `run producer_C 5`.
// All of it goes over the environment.
import {
  settingOption,
  usageError,
  type CommandLine,
  type Example,
  type Given,
} from '../platform/command-line.ts';
import { allProducers } from './catalogue.ts';
import { producerVariables } from './config.ts';
import type { Producer } from './producer.ts';

const EXAMPLES: readonly Example[] = [
  ['npm run producer -- producer_C 5'],
  ['npm run producer -- traffic 5'],
  ['ROW_LIMIT=all INTERVAL_MS=0 npm run producer -- B'],
  ['docker run --rm sensor-producer --help'],
  ['docker run --rm sensor-producer run producer_C 5'],
  ['docker run --rm sensor-producer run traffic 5'],
  ['docker run --rm -e PRODUCER=producer_B -e KAFKA_BROKER=kafka:9092 sensor-producer --rows all'],
  ['docker run --rm -v ./my.csv:/app/data/sensor_data.csv:ro sensor-producer'],
];

export const producerCommand = {
  command: 'npm run producer',
  about: 'Replays the events of a file to Kafka: CSV, a JSON array, or one JSON object a line.',
  examples: EXAMPLES,
  positionals: [
    { name: 'run', doc: 'may be left out' },
    { name: 'PRODUCER', doc: 'what to replay (PRODUCER)' },
    { name: 'ROWS', doc: 'how many rows, or all (ROW_LIMIT)' },
  ],
  options: {
    rows: settingOption('ROWS', 'ROW_LIMIT', 'the same as the argument ROWS'),
    encoding: settingOption('ENCODING', 'DATA_ENCODING', 'how the characters are written'),
  },
  list: ['Producers', allProducers.map((each) => [each.name, described(each)] as const)],
  variables: producerVariables,
  exitCodes: {
    0: 'done, also when events were printed as [DRY-RUN]',
    1: 'failed',
    2: 'change a variable, an argument, the file or the login to Kafka first',
    3: 'Kafka is away (ON_KAFKA_DOWN=fail)',
  },
} as const satisfies CommandLine;

/** `help`, as programs of other kinds take it, means `--help`. */
export function withHelpOption(args: readonly string[]): readonly string[] {
  const first = args[0] === 'run' ? 1 : 0;
  return args[first] === 'help' ? args.with(first, '--help') : args;
}

/**
 * The variables that the arguments set.
 * @throws {ConfigError} one line, for too many of them.
 */
export function producerSettings({
  env,
  positionals,
}: Given<typeof producerCommand>): Record<string, string> {
  const [producer, rows, surplus] = positionals[0] === 'run' ? positionals.slice(1) : positionals;
  if (surplus !== undefined) {
    throw usageError(producerCommand, `unexpected argument ${JSON.stringify(surplus)}`);
  }
  return {
    ...(producer === undefined ? {} : { PRODUCER: producer }),
    ...(rows === undefined ? {} : { ROW_LIMIT: rows }),
    ...env,
  };
}

function described({ deviceId, file, stream }: Producer): string {
  if (deviceId !== undefined) return `device ${deviceId}`;
  return `stream ${stream.name}, from ${file ?? 'the file in DATA_PATH'}`;
}
