// The command line of a producer: an optional `run`, a producer and a number of rows. What it says
// goes over the environment. Also the help text, made from the declared variables.
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../platform/errors.ts';
import { producerVariables } from './config.ts';
import { allProducers } from './catalogue.ts';
import type { Producer } from './producer.ts';

type Environment = Record<string, string | undefined>;

/**
 * `env` as the arguments change it, or the help text when that was asked for.
 * @throws {ConfigError} one line, for an option or a number of arguments that does not exist.
 */
export function applyArguments(args: readonly string[], env: Environment): Environment | string {
  const command = new Command('producer')
    .argument('[words...]')
    .option('--rows <rows>')
    .option('--encoding <encoding>')
    .helpOption('-h, --help')
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    command.parse(args, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.code === 'commander.helpDisplayed') return helpText();
    throw new ConfigError(`${thrown.message}; see --help`, { cause: thrown });
  }
  const words = command.args[0] === 'run' ? command.args.slice(1) : command.args;
  if (words[0] === 'help') return helpText();
  if (words.length > 2) {
    throw new ConfigError(`error: ${JSON.stringify(words[2])} is one word too many; see --help`);
  }
  const { encoding, rows = words[1] } = command.opts<{ encoding?: string; rows?: string }>();
  return {
    ...env,
    ...(words[0] === undefined ? {} : { PRODUCER: words[0] }),
    ...(rows === undefined ? {} : { ROW_LIMIT: rows }),
    ...(encoding === undefined ? {} : { DATA_ENCODING: encoding }),
  };
}

function helpText(): string {
  const rows = Object.entries(producerVariables).map(
    ([name, { doc, allowed, fallback, secret }]) =>
      `  ${name.padEnd(25)} ${doc}\n${' '.repeat(28)}${secret ? 'a secret' : allowed}; default ${fallback ?? 'unset'}`,
  );
  return `Replays the events of a file to Kafka: CSV, a JSON array, or one JSON object a line.

Usage: producer [run] [producer] [rows] [--rows <rows>] [--encoding <encoding>]

Producers:
${allProducers.map((each) => `  ${each.name.padEnd(25)} ${described(each)}`).join('\n')}

Variables:
${rows.join('\n')}

Examples:
  npm run producer -- producer_C 5
  npm run producer -- traffic 5
  ROW_LIMIT=all INTERVAL_MS=0 npm run producer -- B
  docker run --rm sensor-producer --help
  docker run --rm sensor-producer run producer_C 5
  docker run --rm sensor-producer run traffic 5
  docker run --rm -e PRODUCER=producer_B -e KAFKA_BROKER=kafka:9092 sensor-producer --rows all
  docker run --rm -v ./my.csv:/app/data/sensor_data.csv:ro sensor-producer

Exit codes: 0 done (also when events were printed as [DRY-RUN]), 1 failed, 2 something has to be
changed: a variable, an argument, the file, or how to log in to Kafka; 3 Kafka is away (ON_KAFKA_DOWN=fail).
`;
}

function described({ deviceId, file, stream }: Producer): string {
  if (deviceId !== undefined) return `device ${deviceId}`;
  return `stream ${stream.name}, from ${file ?? 'the file in DATA_PATH'}`;
}
