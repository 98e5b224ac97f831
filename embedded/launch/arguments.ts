// The command line of `npm start`. An option that has a variable sets it in the environment; the
// rest is about this start alone.
import {
  flagOption,
  settingOption,
  usageError,
  valueOption,
  type CommandLine,
  type Given,
} from '../../platform/command-line.ts';
import { integer, readBy, text } from '../../platform/config.ts';
import { streamWords } from '../../platform/streams-variable.ts';
import { producerVariables } from '../../producers/config.ts';
import { launchVariables } from './config.ts';

/** The console tail: the first records of each topic are shown. */
export interface TailOptions {
  /** Records of each topic. */
  readonly max: number;
  readonly showKeys: boolean;
}

export interface LaunchOptions {
  /** Send the rows, prove that they arrived, and end. */
  readonly once: boolean;
  /** Whether our own producers replay files. */
  readonly replay: boolean;
  /** Whether rows are ingested into ClickHouse. */
  readonly sink: boolean;
  /** Undefined: nothing is shown. */
  readonly tail: TailOptions | undefined;
  /** Processors and tail read what the topics hold already, too. */
  readonly fromBeginning: boolean;
  /** Brokers that run already, instead of the embedded one. */
  readonly bootstrap: string | undefined;
  /** URL of a ClickHouse that runs already, instead of the embedded one. */
  readonly clickhouse: string | undefined;
}

export const startCommand = {
  command: 'npm start',
  about:
    'Starts Kafka, ClickHouse, producers, processors and the consumer on this machine, without Docker.',
  examples: [
    ['npm start', 'replay the data of all streams in a loop, until Ctrl+C'],
    [
      'npm start -- --once',
      'send ROW_LIMIT (4000) rows per producer as fast as possible, prove that each arrived exactly once, and exit',
    ],
    [
      'npm start -- --no-producers',
      'services only: send with your own devices or npm run producer',
    ],
    ['npm start -- --streams traffic', `only these: ${streamWords().join(', ')}`],
    ['npm run query -- "SELECT count() FROM sensor_data"', 'ask ClickHouse, running or not'],
    ['npm run tail -- --topic sensor_data', 'show records'],
    ['npm run reset', 'delete the data'],
  ],
  options: {
    once: flagOption('send the rows once, prove that they arrived, and exit'),
    streams: settingOption('LIST', 'STREAMS', 'streams or families, separated by commas'),
    interval: settingOption('MS', 'INTERVAL_MS', 'pause between two rows of a producer'),
    max: settingOption('ROWS', 'ROW_LIMIT', 'rows per producer, or all'),
    loop: flagOption('start the data again at its end', { sets: 'LOOP' }),
    'use-now-ts': flagOption('stamp events with the current time', { sets: 'USE_NOW_TS' }),
    data: settingOption(
      'PATH',
      'DATA_PATH',
      'another file to replay, of the one family in --streams',
    ),
    encoding: settingOption(
      'ENCODING',
      'DATA_ENCODING',
      'how its characters are written, such as latin1',
    ),
    producers: flagOption('start servers, processors, consumer and live page, and no producers', {
      default: true,
    }),
    sink: flagOption('do not ingest into ClickHouse', { default: true }),
    'sink-batch': settingOption('ROWS', 'BATCH_SIZE', 'rows at which a flush is due'),
    tail: flagOption('do not show records on the console', { default: true }),
    'tail-max': valueOption(
      'N',
      integer({ doc: 'how many of each topic are shown', default: 5 }, 1, 999_999_999),
    ),
    'show-keys': flagOption('show their keys, too'),
    'from-beginning': flagOption('processors and tail begin with what the topics hold already'),
    bootstrap: valueOption(
      'BROKERS',
      text({ doc: 'use this Kafka (host:port) instead of the embedded one' }),
    ),
    clickhouse: valueOption(
      'URL',
      readBy(
        { doc: 'use this ClickHouse instead of the embedded one' },
        readUrl,
        'http://host:port',
      ),
    ),
  },
  variables: {
    ...launchVariables,
    PRODUCER: {
      ...producerVariables.PRODUCER,
      doc: 'Only this producer, such as producer_C or traffic; unset: all of the streams.',
      fallback: undefined,
    },
  },
  notes: `Options with a variable in brackets set it for all parts. Unless set, ROW_LIMIT is endless and INTERVAL_MS the
producer's own; with --once they are 4000 and 0. The other variables of producers and consumer work, too:
npm run producer -- --help, npm run consumer -- --help. DATA_PATH without --streams is a file of the sensors.`,
  exitCodes: {
    0: 'stopped, or with --once every row arrived exactly once',
    1: 'a part failed, or the account does not add up',
    3: 'a server is away',
  },
} as const satisfies CommandLine;

/** @throws {ConfigError} one line for options that contradict each other. */
export function launchOptions({ values }: Given<typeof startCommand>): LaunchOptions {
  const { bootstrap, clickhouse, once, producers: replay, sink, tail } = values;
  if (once && !replay) {
    throw usageError(startCommand, '--once: sends rows, so it goes without --no-producers');
  }
  const shown = { max: values['tail-max'], showKeys: values['show-keys'] };
  return {
    ...{ once, replay, sink, bootstrap, clickhouse },
    tail: tail && !once ? shown : undefined,
    fromBeginning: values['from-beginning'],
  };
}

function readUrl(written: string): string | undefined {
  const full = /^https?:\/\//.test(written) ? written : `http://${written}`;
  return URL.canParse(full) ? full : undefined;
}
