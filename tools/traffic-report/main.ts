// The program behind `npm run traffic-report`: a rolling summary of the traffic events, and all metrics as JSON.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClickHouseReader, ResultTooLargeError } from '../../platform/clickhouse/reader.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import type { Given } from '../../platform/command-line.ts';
import { readConfig, type Config } from '../../platform/config.ts';
import { ConfigError, UnavailableError } from '../../platform/errors.ts';
import { runProgram, type Service } from '../../platform/service.ts';
import { visible } from '../../platform/visible.ts';
import {
  metricsArguments,
  metricsCommand,
  metricsVariables,
  type MetricsArguments,
} from './arguments.ts';
import { MetricsQueries, type Since } from './queries.ts';
import { summary } from './summary.ts';
import { replaceFile } from './replace-file.ts';

export type MetricsConfig = Config<typeof metricsVariables>;

/** Some hundred thousand hourly counts. */
const MAX_RESULT_BYTES = 256 * 1024 * 1024;

function readerOf(config: MetricsConfig): ClickHouseReader {
  const target = clickhouseTarget(config);
  const { GRAFANA_CLICKHOUSE_PASSWORD: password = '', GRAFANA_CLICKHOUSE_USER: username } = config;
  const who = username === undefined ? target : { ...target, username, password };
  const maxExecutionSec = Math.max(1, Math.floor(config.CLICKHOUSE_TIMEOUT_MS / 1_000));
  const limits = { maxExecutionSec, maxResultBytes: MAX_RESULT_BYTES, maxConnections: 1 };
  return new ClickHouseReader(who, 'sensorhouse-metrics', limits);
}

/**
 * Prints summaries until there is no more to print or `signal`; resolves to the exit code.
 * @throws {ConfigError | UnavailableError}
 */
export async function printMetrics(
  config: MetricsConfig,
  args: MetricsArguments,
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  await using reader = readerOf(config);
  const queries = new MetricsQueries(reader, signal);
  const since: Since = args.fromBeginning ? null : await queries.nowMs();
  if (!args.fromBeginning) {
    const seconds = args.printEverySec;
    print(
      args.watch
        ? `Counting events that arrive from now on; a summary every ${seconds} s\n`
        : `Counting events that arrive in the next ${seconds} s; --from-beginning sums up all stored events\n`,
    );
    await pause(args.printEverySec, signal);
  }
  const stopped = (): boolean => signal.aborted;
  while (!stopped()) {
    try {
      await look(queries, since, args, print);
    } catch (thrown) {
      // What is watched may go away and come back; and a query may end because we do.
      if (!args.watch || !(thrown instanceof UnavailableError)) throw thrown;
      if (!stopped()) print(`${visible(thrown.message)}\n`);
    }
    if (!args.watch) break;
    await pause(args.printEverySec, signal);
  }
  return 0;
}

async function look(
  queries: MetricsQueries,
  since: Since,
  { days, exportPath }: MetricsArguments,
  print: (text: string) => void,
): Promise<void> {
  const rolling = await queries.rolling(since, days);
  if (exportPath !== undefined) {
    const snapshot = await queries.snapshot(rolling, days);
    await replaceFile(exportPath, `${JSON.stringify(snapshot, null, 1)}\n`);
  }
  print(summary(rolling, Date.now()));
}

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1_000, undefined, { signal }).catch(() => undefined);
}

function start(given: Given<typeof metricsCommand>): Promise<Service> {
  const args = metricsArguments(given);
  const print = (text: string): void => void process.stdout.write(text);
  const stop = new AbortController();
  const config = readConfig(metricsVariables);
  const ended = printMetrics(config, args, print, stop.signal).catch(told);
  return Promise.resolve({
    ended,
    finishes: !args.watch,
    stoppedCode: () => (args.watch ? 0 : 130),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended.catch(() => undefined);
    },
  });
}

/** Explains how to ask otherwise; the caller reports the rest. */
function told(thrown: unknown): never {
  if (thrown instanceof ResultTooLargeError) {
    throw new ConfigError(`--days: ${thrown.message}; ask for fewer days`, { cause: thrown });
  }
  throw thrown;
}

if (import.meta.main) await runProgram(metricsCommand, start);
