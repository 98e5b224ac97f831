// The tables of a benchmark run: every figure beside its target and as a ratio to the limits that
// were measured in the same run.
import type { Result } from './child.ts';
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
/** In a shorter run the first insert of the table engine holds everything: it was 5 × as fast as the consumer. */
const RATIO_ROWS = 1_000_000;

function medianOf(rounds: readonly Round[], figure: (round: Round) => number): number {
  return median(rounds.map(figure));
}

/** What the product is held to, as ratios to what was measured in the same rounds. */
export function ratioTable(rounds: readonly Round[], rows: number): string {
  const shareOf = (fetch: Part): string => {
    const share = medianOf(rounds, (round) => {
      const limit = Math.min(round[fetch].rowsPerSec, round['insert-limit'].rowsPerSec);
      return round['end-to-end'].rowsPerSec / limit;
    });
    return `${(share * 100).toFixed(0)} %`;
  };
  const ahead = medianOf(
    rounds,
    (round) => round['end-to-end'].rowsPerSec / round['table-engine'].rowsPerSec,
  );
  const endToEnd = medianOf(rounds, (round) => round['end-to-end'].rowsPerSec);
  const rss = medianOf(rounds, (round) => round['end-to-end'].peakRssMb);
  return [
    '| figure | measured | target |',
    '| --- | --- | --- |',
    `| end to end | ${whole(endToEnd)} rows/s | ≥ 400,000 rows/s |`,
    `| share of the slower limit: kafkajs draining the topic, insert | ${shareOf('fetch-kafkajs')} | ≥ 65 % |`,
    `| the same with the consumer's own way to fetch, which is faster | ${shareOf('fetch-raw')} | |`,
    `| against the Kafka table engine | ${rows < RATIO_ROWS ? 'too short to say' : `${ahead.toFixed(1)} ×`} | ≥ 3.5 × |`,
    `| peak RSS of the consumer | ${whole(rss)} MB | ≤ 300 MB |`,
  ].join('\n');
}

/** Rows per second of every part: median, and the slowest and fastest round. */
export function throughputTable(rounds: readonly Round[], rows: number): string {
  const lines = Object.entries(NAMES).map(([part, name]) => {
    const found = rounds.map((round) => round[part as Part].rowsPerSec);
    const sec = rows / median(found);
    const figures = [median(found), Math.min(...found), Math.max(...found)].map(whole);
    return `| ${name} | ${figures.join(' | ')} | ${sec.toFixed(1)} |`;
  });
  return [
    '| part | rows/s | slowest | fastest | seconds |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** What each process spends on a row, its own start included, and its largest memory. */
export function processTable(rounds: readonly Round[], rows: number): string {
  const micros = (sec: number): string => ((sec / rows) * 1e6).toFixed(2);
  const lines = Object.entries(NAMES).map(([part, name]) => {
    const of = (figure: (cost: Cost) => number): number =>
      medianOf(rounds, (round) => figure(round[part as Part]));
    const cpu = [
      of(({ cpuSec }) => cpuSec),
      of(({ engineCpuSec }) => engineCpuSec),
      of(({ brokerCpuSec }) => brokerCpuSec),
    ].map(micros);
    const rss = of(({ peakRssMb }) => peakRssMb);
    return `| ${name} | ${cpu.join(' | ')} | ${whole(rss)} |`;
  });
  const last = rounds.at(-1)!['end-to-end'];
  return [
    '| part | own CPU µs/row | engine | broker | own peak RSS MB |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
    '',
    `Peak RSS of the engine ${whole(last.enginePeakRssMb)} MB, of the broker ${whole(last.brokerPeakRssMb)} MB.`,
  ].join('\n');
}

export interface Growth {
  readonly partitions: number;
  readonly rows: number;
  readonly cost: Cost;
}

/** What a processor between two topics costs: records a second, and how much later they can be read. */
export function hopTable(result: Result, rows: number): string {
  const ms = (figure: string): string => `${Math.round(result[figure] ?? NaN)} ms`;
  return [
    `${whole(rows)} traffic reports, raw topic → processor → processed topic → consumer → table: ` +
      `${whole(result.rowsPerSec)} rows/s.`,
    '',
    '| from sending a report until it can be read from | p50 | p99 |',
    '| --- | --- | --- |',
    `| the raw topic | ${ms('rawP50Ms')} | ${ms('rawP99Ms')} |`,
    `| the processed topic | ${ms('hopP50Ms')} | ${ms('hopP99Ms')} |`,
  ].join('\n');
}

/** How the end-to-end cost changes with partitions and with the backlog's length; one run each. */
export function growthTable(growths: readonly Growth[]): string {
  const lines = growths.map(({ cost, partitions, rows }) => {
    const { brokerCpuSec, cpuSec, engineCpuSec } = cost;
    const micros = ((cpuSec + engineCpuSec + brokerCpuSec) / rows) * 1e6;
    const figures = [whole(cost.rowsPerSec), micros.toFixed(2), whole(cost.peakRssMb)];
    return `| ${partitions} | ${whole(rows)} | ${figures.join(' | ')} |`;
  });
  return [
    '| partitions | rows | end to end rows/s | CPU µs/row, all processes | peak RSS MB |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
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
