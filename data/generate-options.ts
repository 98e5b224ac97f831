// The command line of `npm run data`, and how a request that makes no sense is refused.
import { valueOption, type CommandLine, type Given } from '../platform/command-line.ts';
import { integer, oneOf, text } from '../platform/config.ts';
import { ConfigError } from '../platform/errors.ts';
import { fullRowCount } from './device-model.ts';
import type { RowLimit } from './sensor-csv.ts';
import {
  TRAFFIC_FILES,
  TRAFFIC_FULL_FILE,
  TRAFFIC_SEED,
  readTrafficOptions,
} from './traffic/traffic-options.ts';
import type { TrafficOptions } from './traffic/write-traffic.ts';

export interface GenerateOptions {
  rows: RowLimit;
  /** Unsigned 32-bit integer; the same seed gives the same file on every machine. */
  seed: number;
  out: string;
}

/** The seed of the committed file. */
export const DEFAULT_SEED = 20_200_712;
/** The committed file ends as soon as every device has this many rows. */
export const DEFAULT_LIMIT = { perDevice: 4000 } as const;
/** The name of the committed file, in this folder. */
export const DEFAULT_FILE = 'sensor_data.csv';
const FULL_FILE = 'sensor_data_full.csv';

export const dataCommand = {
  command: 'npm run data',
  about: 'Writes generated data: the sensor CSV, or the reports of traffic detectors.',
  examples: [
    [
      'npm run data',
      `data/${DEFAULT_FILE}, the committed file: ${DEFAULT_LIMIT.perDevice}+ rows per device`,
    ],
    ['npm run data -- --rows all', `data/${FULL_FILE}, all ${fullRowCount} rows`],
    ['npm run data -- --rows 500 --out few.csv.gz'],
    ['npm run data -- --stream traffic', `data/${TRAFFIC_FILES.join(', ')}`],
    ['npm run data -- --stream traffic --rows all', `data/${TRAFFIC_FULL_FILE}`],
    ['npm run data -- --stream traffic --rows 500 --out few.ndjson'],
  ],
  options: {
    stream: valueOption(
      'NAME',
      oneOf({ doc: 'sensors or traffic', default: 'sensors' }, ['sensors', 'traffic']),
    ),
    rows: valueOption(
      'N|all',
      text({ doc: 'the first N rows of the full-size data, or all of them' }),
    ),
    out: valueOption(
      'PATH',
      text({
        doc: 'where to write; compressed if it ends in .gz; traffic as .json, .ndjson, .jsonl or .csv',
      }),
    ),
    seed: valueOption(
      'N',
      integer(
        {
          doc: `another data set of the same kind; ${DEFAULT_SEED} for sensors, ${TRAFFIC_SEED} for traffic unless given`,
        },
        0,
        0xffff_ffff,
      ),
    ),
  },
} as const satisfies CommandLine;

/**
 * What the command line asks for. `here` gives the full path of a file beside the generator.
 * @throws {ConfigError} one line that names the option, its value and what is allowed.
 */
export function generateOptions(
  { values }: Given<typeof dataCommand>,
  here: (name: string) => string,
): GenerateOptions | TrafficOptions {
  if (values.stream === 'traffic') return readTrafficOptions(values, rowCount, here);
  const { out, seed = DEFAULT_SEED } = values;
  const rows = readRows(values.rows);
  return { rows, seed, out: out ?? here(ownFile(rows, seed)) };
}

function readRows(text: string | undefined): RowLimit {
  if (text === undefined) return DEFAULT_LIMIT;
  if (text === 'all') return fullRowCount;
  return rowCount(text, fullRowCount);
}

function ownFile(rows: RowLimit, seed: number): string {
  if (rows === fullRowCount) return FULL_FILE;
  if (rows === DEFAULT_LIMIT && seed === DEFAULT_SEED) return DEFAULT_FILE;
  throw new ConfigError(
    `--out: missing; without it --rows N and --seed would overwrite the committed ${DEFAULT_FILE}`,
  );
}

function rowCount(text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= max) return value;
  throw new ConfigError(
    `--rows: ${JSON.stringify(text)} is not an integer from 1 to ${max}, or all`,
  );
}
