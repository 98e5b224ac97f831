// The options of `npm run data -- --stream traffic`.
import { ConfigError } from '../../platform/errors.ts';
import { formatOf, type TrafficOptions } from './write-traffic.ts';

/** The seed of the committed files. */
export const TRAFFIC_SEED = 20_240_304;
/** The committed files; the NDJSON is not committed: it has nothing that the JSON has not. */
export const TRAFFIC_FILES = [
  'traffic_counts.json',
  'traffic_counts.ndjson',
  'traffic_counts.csv',
] as const;
export const TRAFFIC_FULL_FILE = 'traffic_counts_full.json';
/** The full-size data have a few more rows, how many depends on the seed. */
export const TRAFFIC_ROWS_MAX = 350_000;

/** What was written for each option. */
export interface GivenOptions {
  readonly rows?: string | undefined;
  readonly seed?: number | undefined;
  readonly out?: string | undefined;
}

/** Reads a number of rows up to a most. */
type ReadRowCount = (text: string, max: number) => number;

/**
 * @throws {ConfigError} one line that names the option, its value and what is allowed.
 */
export function readTrafficOptions(
  given: GivenOptions,
  readRowCount: ReadRowCount,
  here: (name: string) => string,
): TrafficOptions {
  const seed = given.seed ?? TRAFFIC_SEED;
  const rows = readRows(given.rows, readRowCount);
  if (given.out === undefined) return { rows, seed, outs: ownFiles(rows, seed).map(here) };
  if (formatOf(given.out) !== undefined) return { rows, seed, outs: [given.out] };
  throw new ConfigError(
    `--out: ${JSON.stringify(given.out)} does not end in .json, .ndjson, .jsonl or .csv, with or without .gz`,
  );
}

function readRows(text: string | undefined, readRowCount: ReadRowCount): TrafficOptions['rows'] {
  if (text === undefined) return 'committed';
  return text === 'all' ? Infinity : readRowCount(text, TRAFFIC_ROWS_MAX);
}

function ownFiles(rows: TrafficOptions['rows'], seed: number): readonly string[] {
  if (rows === Infinity) return [TRAFFIC_FULL_FILE];
  if (rows === 'committed' && seed === TRAFFIC_SEED) return TRAFFIC_FILES;
  throw new ConfigError(
    `--out: missing; without it --rows N and --seed would overwrite the committed ${TRAFFIC_FILES[0]}`,
  );
}
