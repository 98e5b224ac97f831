// The command line of `npm start`. What a part can be told by a variable goes over the environment; the
// rest is about this start alone.
import { parseArgs } from 'node:util';
import { streamWords } from '../../platform/streams-variable.ts';
import { ConfigError, asError } from '../../platform/errors.ts';
import { launchVariables, type Environment } from './config.ts';

/** The console tail: the first records of each topic are shown. */
export interface TailOptions {
  /** Records of each topic. */
  readonly max: number;
  readonly showKeys: boolean;
}

export interface LaunchOptions {
  /** Send the rows, prove that they arrived, and end. */
  readonly once: boolean;
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

export interface Arguments extends LaunchOptions {
  readonly help: boolean;
  /** Variables that the arguments set. */
  readonly env: Environment;
}

const TAIL_MAX = 5;

const options = {
  once: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  streams: { type: 'string' },
  interval: { type: 'string' },
  max: { type: 'string' },
  loop: { type: 'boolean' },
  'use-now-ts': { type: 'boolean' },
  data: { type: 'string' },
  encoding: { type: 'string' },
  sink: { type: 'boolean', default: true },
  'sink-batch': { type: 'string' },
  tail: { type: 'boolean', default: true },
  'tail-max': { type: 'string' },
  'show-keys': { type: 'boolean', default: false },
  'from-beginning': { type: 'boolean', default: false },
  bootstrap: { type: 'string' },
  clickhouse: { type: 'string' },
} as const;

/** The variable that an option with a value stands for. */
const OVER_ENVIRONMENT = {
  streams: 'STREAMS',
  interval: 'INTERVAL_MS',
  max: 'ROW_LIMIT',
  data: 'DATA_PATH',
  encoding: 'DATA_ENCODING',
  'sink-batch': 'BATCH_SIZE',
} as const;

/** @throws {ConfigError} one line, for an argument that does not exist or a value that cannot be. */
export function readArguments(args: readonly string[]): Arguments {
  const values = parse(args);
  const env: Environment = {};
  for (const [option, variable] of Object.entries(OVER_ENVIRONMENT)) {
    const value = values[option as keyof typeof OVER_ENVIRONMENT];
    if (value !== undefined) env[variable] = value;
  }
  if (values.loop !== undefined) env['LOOP'] = String(values.loop);
  if (values['use-now-ts'] !== undefined) env['USE_NOW_TS'] = String(values['use-now-ts']);
  const max = values['tail-max'] === undefined ? TAIL_MAX : whole('--tail-max', values['tail-max']);
  const shown = values.tail && !values.once;
  return {
    once: values.once,
    help: values.help,
    sink: values.sink,
    tail: shown ? { max, showKeys: values['show-keys'] } : undefined,
    fromBeginning: values['from-beginning'],
    bootstrap: values.bootstrap,
    clickhouse: url(values.clickhouse),
    env,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowNegative: true }).values;
  } catch (thrown) {
    const [line] = asError(thrown).message.split('\n');
    throw new ConfigError(`${line}; see npm start -- --help`, { cause: asError(thrown) });
  }
}

function whole(option: string, written: string): number {
  const value = /^\d{1,9}$/.test(written) ? Number(written) : 0;
  if (value >= 1) return value;
  throw new ConfigError(`${option}: ${JSON.stringify(written)} is not an integer from 1`);
}

function url(written: string | undefined): string | undefined {
  if (written === undefined) return undefined;
  const full = /^https?:\/\//.test(written) ? written : `http://${written}`;
  if (URL.canParse(full)) return full;
  throw new ConfigError(`--clickhouse: ${JSON.stringify(written)} is not http://host:port`);
}

/** What `--help` prints. */
export function helpText(): string {
  const ports = Object.entries(launchVariables).map(
    ([name, { doc, fallback }]) => `  ${name.padEnd(16)} ${doc} Default ${fallback}.`,
  );
  return `Starts Kafka, ClickHouse, producers, processors and the consumer on this machine, without Docker.

  npm start                       replays the data of all streams in a loop until Ctrl+C
  npm start -- --once             sends ROW_LIMIT (4000) rows per producer as fast as possible, proves that
                                  every one arrived exactly once, and exits with 0; with 1 if not
  npm start -- --streams traffic  only these: ${streamWords().join(', ')}

  --streams LIST        streams or families, separated by commas
  --interval MS         pause between two rows of a producer (INTERVAL_MS)
  --max ROWS            rows per producer, or all (ROW_LIMIT)
  --loop, --no-loop     start the data again at its end (LOOP)
  --use-now-ts          stamp events with the current time (USE_NOW_TS)
  --data PATH           another file to replay, of the one family in --streams (DATA_PATH)
  --encoding ENCODING   how its characters are written, such as latin1 (DATA_ENCODING)
  --no-sink             do not ingest into ClickHouse
  --sink-batch ROWS     rows at which a flush is due (BATCH_SIZE)
  --no-tail             do not show records on the console
  --tail-max N          how many of each topic are shown; default ${TAIL_MAX}
  --show-keys           show their keys, too
  --from-beginning      processors and tail begin with what the topics hold already
  --bootstrap BROKERS   use this Kafka (host:port) instead of the embedded one
  --clickhouse URL      use this ClickHouse instead of the embedded one

Variables:
${ports.join('\n')}
  PRODUCER         Only this producer, such as producer_C or traffic. Default: all of the streams.
  ROW_LIMIT        Rows per producer, or all. Default: endless; with --once 4000.
  INTERVAL_MS      Pause between two rows of a producer. Default: the producer's own; with --once 0.
  DATA_PATH        Another file; without --streams it is the sensors'.

All others of producers and consumer work too: npm run producer -- --help

  npm run query -- "SELECT count() FROM sensor_data"     asks ClickHouse, running or not
  npm run tail -- --topic sensor_data                    shows records
  npm run reset                                          deletes the data
`;
}
