// What `npm run metrics` is told on its command line.
import { parseArgs } from 'node:util';
import { ConfigError, asError } from '../platform/errors.ts';

export const USAGE = `Sums up the traffic events in ClickHouse: totals, peaks, averages, sensors by status.

  npm run metrics                                  count what arrives for 10 s, print it, end
  npm run metrics -- --from-beginning              print what is stored, at once
  npm run metrics -- --watch --print-every 10      print every 10 s what arrived since, until Ctrl+C
  npm run metrics -- --from-beginning --export-json data/metrics/snapshot.json

  --print-every N      seconds between two summaries, and how long one counts (10)
  --watch              go on until Ctrl+C
  --from-beginning     everything that is stored counts, not only what arrives from now on
  --export-json PATH   with every summary, replace that file by the metrics as JSON
  --days N             the newest days that have events, for availability and in the file (14)

docs/traffic-metrics.md says what each figure means. Settings are environment variables: see docs/configuration.md.
`;

export interface MetricsArguments {
  readonly printEverySec: number;
  readonly watch: boolean;
  readonly fromBeginning: boolean;
  /** Undefined: no file. */
  readonly exportPath: string | undefined;
  readonly days: number;
}

const options = {
  'print-every': { type: 'string', default: '10' },
  watch: { type: 'boolean', default: false },
  'from-beginning': { type: 'boolean', default: false },
  'export-json': { type: 'string' },
  days: { type: 'string', default: '14' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** @throws {ConfigError} one line that names the argument and what is allowed. */
export function readArguments(args: readonly string[]): MetricsArguments | 'help' {
  const given = parse(args);
  if (given.help) return 'help';
  const exportPath = given['export-json'];
  if (exportPath?.trim() === '') throw wrong('export-json', '', 'the path of a file');
  return {
    printEverySec: whole('print-every', given['print-every'], 3_600),
    watch: given.watch,
    fromBeginning: given['from-beginning'],
    exportPath,
    days: whole('days', given.days, 3_660),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const said = asError(cause).message.split('\n')[0]!;
    throw new ConfigError(`${said}; see: npm run metrics -- --help`, { cause });
  }
}

function whole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d{1,6}$/.test(text) && value >= 1 && value <= max) return value;
  throw wrong(name, text, `an integer from 1 to ${max}`);
}

function wrong(name: string, value: string, allowed: string): ConfigError {
  return new ConfigError(`--${name}: ${JSON.stringify(value)} is not ${allowed}`);
}
