// The command line of `npm start`.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../../platform/errors.ts';
import { launchVariables } from './config.ts';

export interface Arguments {
  readonly once: boolean;
  readonly help: boolean;
}

/** @throws {ConfigError} one line, for an argument that does not exist. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        once: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (thrown) {
    const [line] = asError(thrown).message.split('\n');
    throw new ConfigError(`${line}; see npm start -- --help`, { cause: asError(thrown) });
  }
}

/** What `--help` prints. */
export function helpText(): string {
  const ports = Object.entries(launchVariables).map(
    ([name, { doc, fallback }]) => `  ${name.padEnd(16)} ${doc} Default ${fallback}.`,
  );
  return `Starts Kafka, ClickHouse, the consumer and the producers on this machine, without Docker.

  npm start              replays the sensor data in a loop until Ctrl+C
  npm start -- --once    sends ROW_LIMIT (4000) rows per producer as fast as possible, proves that
                         every one arrived exactly once, and exits with 0; with 1 if not

Variables:
${ports.join('\n')}
  PRODUCER         Only this producer, such as producer_C. Default: all three.
  ROW_LIMIT        Rows per producer, or all. Default: endless; with --once 4000.
  INTERVAL_MS      Pause between two rows of a producer. Default 200; with --once 0.
  DATA_PATH        Another CSV file.

All others of producers and consumer work too: npm run producer -- --help

  npm run query -- "SELECT count() FROM sensor_data"     asks ClickHouse, running or not
  npm run reset                                          deletes the data
`;
}
