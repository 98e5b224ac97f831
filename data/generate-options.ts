// What `npm run data` can be asked for, and how a request that makes no sense is turned down.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';
import { fullRowCount } from './device-model.ts';
import type { RowLimit } from './sensor-csv.ts';
import { TRAFFIC_FILES, TRAFFIC_FULL_FILE, readTrafficOptions } from './traffic/traffic-options.ts';
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

export const HELP = `Writes generated data: the sensor CSV, or the reports of traffic detectors.

  npm run data                       data/${DEFAULT_FILE}, the committed file: ${DEFAULT_LIMIT.perDevice}+ rows per device
  npm run data -- --rows all         data/${FULL_FILE}, all ${fullRowCount} rows
  npm run data -- --rows 500 --out few.csv.gz
  npm run data -- --stream traffic   data/${TRAFFIC_FILES.join(', ')}
  npm run data -- --stream traffic --rows all    data/${TRAFFIC_FULL_FILE}
  npm run data -- --stream traffic --rows 500 --out few.ndjson

  --stream NAME  sensors (the default) or traffic
  --rows N|all   the first N rows of the full-size data, or all of them
  --out PATH     where to write; compressed if it ends in .gz; traffic as .json, .ndjson, .jsonl or .csv
  --seed N       another data set of the same kind (default ${DEFAULT_SEED} for sensors)
  --help         this text
`;

/**
 * Reads the command line. `here` gives the full path of a file beside the generator.
 * @throws {ConfigError} one line that names the option, its value and what is allowed.
 */
export function readOptions(
  args: readonly string[],
  here: (name: string) => string,
): GenerateOptions | TrafficOptions | 'help' {
  const given = parse(args);
  if (given.help === true) return 'help';
  if (given.out === '') throw new ConfigError('--out: "" is not a path');
  const { stream = 'sensors' } = given;
  if (stream === 'traffic') return readTrafficOptions(given, integer, here);
  if (stream !== 'sensors') {
    throw new ConfigError(`--stream: ${JSON.stringify(stream)} is not sensors or traffic`);
  }
  const seed = integer('--seed', given.seed ?? String(DEFAULT_SEED), 0, 0xffff_ffff);
  const rows = readRows(given.rows);
  return { rows, seed, out: given.out ?? here(ownFile(rows, seed)) };
}

function readRows(text: string | undefined): RowLimit {
  if (text === undefined) return DEFAULT_LIMIT;
  if (text === 'all') return fullRowCount;
  return integer('--rows', text, 1, fullRowCount, ', or all');
}

function ownFile(rows: RowLimit, seed: number): string {
  if (rows === fullRowCount) return FULL_FILE;
  if (rows === DEFAULT_LIMIT && seed === DEFAULT_SEED) return DEFAULT_FILE;
  throw new ConfigError(
    `--out: missing; without it --rows N and --seed would overwrite the committed ${DEFAULT_FILE}`,
  );
}

function integer(option: string, text: string, min: number, max: number, or = ''): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new ConfigError(
    `${option}: ${JSON.stringify(text)} is not an integer from ${min} to ${max}${or}`,
  );
}

function parse(args: readonly string[]): {
  stream?: string;
  rows?: string;
  seed?: string;
  out?: string;
  help?: boolean;
} {
  const text = { type: 'string' } as const;
  try {
    const help = { type: 'boolean', short: 'h' } as const;
    const options = { stream: text, rows: text, seed: text, out: text, help };
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const [problem = ''] = asError(cause).message.split(/[.\n]/);
    throw new ConfigError(`${problem}; npm run data -- --help lists the options`, { cause });
  }
}
