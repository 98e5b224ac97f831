// Chooses the reports for a request for traffic data, and the file that they go into.
import { writeWhole } from '../whole-file.ts';
import { trafficChunks, type TrafficFormat } from './traffic-files.ts';
import { trafficReports, type TrafficReport } from './traffic-model.ts';

export interface TrafficOptions {
  /** `committed`: the sparse data; else the first so many rows of the full-size data. */
  readonly rows: 'committed' | number;
  /** Unsigned 32-bit integer; the same seed gives the same files on every machine. */
  readonly seed: number;
  /** A file for each form that is wanted; the name says the form. */
  readonly outs: readonly string[];
}

/** The form that a file's name says, with or without .gz; undefined when it says none. */
export function formatOf(path: string): TrafficFormat | undefined {
  const ending = /\.(json|ndjson|jsonl|csv)(\.gz)?$/.exec(path)?.[1];
  return ending === 'jsonl' ? 'ndjson' : (ending as TrafficFormat | undefined);
}

/** The reports that the options ask for, in ascending time. */
export function reportsOf({
  rows,
  seed,
}: Pick<TrafficOptions, 'rows' | 'seed'>): Iterable<TrafficReport> {
  if (rows === 'committed') return trafficReports(seed, 'sparse');
  return rows === Infinity ? trafficReports(seed, 'full') : trafficReports(seed, 'full').take(rows);
}

/**
 * Writes one of the files and returns its size in bytes.
 * @throws {ConfigError} if it cannot be written there.
 */
export function writeTraffic(options: TrafficOptions, out: string): Promise<number> {
  return writeWhole(out, trafficChunks(formatOf(out) ?? 'json', reportsOf(options)));
}
