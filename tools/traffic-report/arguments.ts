// The command line of `npm run traffic-report`.
import { flagOption, valueOption, type Given } from '../../platform/command-line.ts';
import { clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import { integer, text } from '../../platform/config.ts';

export const metricsVariables = {
  ...clickhouseVariables,
  GRAFANA_CLICKHOUSE_USER: text({
    doc: 'ClickHouse user that only reads; if it is set, npm run traffic-report queries as this user.',
  }),
  GRAFANA_CLICKHOUSE_PASSWORD: text({
    doc: 'Password of GRAFANA_CLICKHOUSE_USER.',
    secret: true,
  }),
} as const;

export const metricsCommand = {
  command: 'npm run traffic-report',
  about: 'Sums up the traffic events in ClickHouse: totals, peaks, averages, sensors by status.',
  examples: [
    ['npm run traffic-report', 'count the events of 10 s, print the summary, end'],
    ['npm run traffic-report -- --from-beginning', 'sum up all stored events, at once'],
    [
      'npm run traffic-report -- --watch --print-every 10',
      'print every 10 s the events since the last one, until Ctrl+C',
    ],
    ['npm run traffic-report -- --from-beginning --export-json data/metrics/snapshot.json'],
  ],
  options: {
    'print-every': valueOption(
      'N',
      integer(
        { doc: 'seconds between two summaries, and how long one counts', default: 10 },
        1,
        3_600,
      ),
    ),
    watch: flagOption('go on until Ctrl+C'),
    'from-beginning': flagOption('count all stored events, not only those that arrive from now on'),
    'export-json': valueOption(
      'PATH',
      text({ doc: 'with every summary, replace this file by the metrics as JSON' }),
    ),
    days: valueOption(
      'N',
      integer(
        {
          doc: 'the newest days that have events, for availability and in the file',
          default: 14,
        },
        1,
        3_660,
      ),
    ),
  },
  variables: metricsVariables,
  notes: 'docs/traffic-metrics.md explains each figure.',
  exitCodes: {
    0: 'printed, or Ctrl+C ended --watch',
    3: 'ClickHouse is away',
    130: 'Ctrl+C before the first summary',
  },
} as const;

export interface MetricsArguments {
  readonly printEverySec: number;
  readonly watch: boolean;
  readonly fromBeginning: boolean;
  /** Undefined: no file. */
  readonly exportPath: string | undefined;
  readonly days: number;
}

export function metricsArguments({ values }: Given<typeof metricsCommand>): MetricsArguments {
  return {
    printEverySec: values['print-every'],
    watch: values.watch,
    fromBeginning: values['from-beginning'],
    exportPath: values['export-json'],
    days: values.days,
  };
}
