// The tables of a benchmark run: every figure beside its target and as a ratio to the limits that
// were measured in the same run.
import type { Cost, Part } from './parts.ts';
import { median } from './usage.ts';

/** One round: each part's result. */
export type Round = Record<Part, Cost>;

export interface Latency {
  /** Events per second. */
  readonly rate: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const NAMES: Record<Part, string> = {
  'fetch-kafkajs': 'fetch only, kafkajs drains the topic',
  'fetch-raw': 'fetch only, as the consumer fetches',
  'insert-limit': 'insert only (encoded blocks over HTTP)',
  'end-to-end': 'end to end (the consumer)',
  'table-engine': "ClickHouse's Kafka table engine",
};
const FLUSH_INTERVAL_MS = 2_000;

/** Throughput, cost and the three ratios the product is held to. */
export function throughputTable(
  rounds: readonly Round[],
  rows: number,
  fill: { readonly rowsPerSec: number },
): string {
  const of = (part: Part, figure: (result: Round[Part]) => number): number =>
    median(rounds.map((round) => figure(round[part])));
  const parts = Object.keys(NAMES) as Part[];
  const lines = parts.map((part) => {
    const perSec = of(part, ({ rowsPerSec }) => rowsPerSec);
    const own = (of(part, ({ cpuSec }) => cpuSec) / rows) * 1e6;
    const engine = (of(part, ({ engineCpuSec }) => engineCpuSec) / rows) * 1e6;
    const rss = of(part, ({ peakRssMb }) => peakRssMb);
    const figures = [whole(perSec), own.toFixed(2), engine.toFixed(2), whole(rss)];
    return `| ${NAMES[part]} | ${figures.join(' | ')} |`;
  });
  const share = median(
    rounds.map((round) => {
      const limit = Math.min(round['fetch-raw'].rowsPerSec, round['insert-limit'].rowsPerSec);
      return round['end-to-end'].rowsPerSec / limit;
    }),
  );
  const ahead = median(
    rounds.map((round) => round['end-to-end'].rowsPerSec / round['table-engine'].rowsPerSec),
  );
  const endToEnd = of('end-to-end', ({ rowsPerSec }) => rowsPerSec);
  return [
    '| part | rows/s | own CPU µs/row | engine CPU µs/row | peak RSS MB |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
    '| figure | measured | target |',
    '| --- | --- | --- |',
    `| end to end | ${whole(endToEnd)} rows/s | ≥ 400,000 rows/s |`,
    `| share of the slower limit | ${(share * 100).toFixed(0)} % | ≥ 65 % |`,
    `| against the Kafka table engine | ${ahead.toFixed(1)} × | ≥ 3.5 × |`,
    `| peak RSS of the consumer | ${whole(of('end-to-end', ({ peakRssMb }) => peakRssMb))} MB | ≤ 300 MB |`,
    `| one producer, nothing held back | ${whole(fill.rowsPerSec)} rows/s | |`,
  ].join('\n');
}

/** Time from sending an event until a query sees it. */
export function latencyTable(latencies: readonly Latency[]): string {
  const lines = latencies.map(({ p50Ms, p99Ms, rate }) => {
    const target = `≤ ${whole(FLUSH_INTERVAL_MS + 100)} ms`;
    return `| ${whole(rate)} | ${whole(p50Ms)} | ${whole(p99Ms)} | ${target} |`;
  });
  return [
    '| events/s | event to queryable p50 ms | p99 ms | target p99 |',
    '| --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function whole(figure: number): string {
  return Math.round(figure).toLocaleString('en');
}
