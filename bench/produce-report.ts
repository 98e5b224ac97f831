// The tables of the produce path: every program with its rate, its cost and its ratio to Java's in the same rounds.
import type { Result } from './child.ts';
import { PRODUCE_PARTS, PROCESS_PARTS, type ProcessPart, type ProducePart } from './produce.ts';
import { median } from './usage.ts';

export type Measured<Part extends string> = Partial<Record<Part, readonly Result[]>>;

const PRODUCE_TARGETS: readonly { readonly part: ProducePart; readonly ratio: (rows: number) => number }[] = [
  { part: 'ready', ratio: (rows) => (rows < LONG_ROWS ? 2 : 1.5) },
  { part: 'csv', ratio: (rows) => (rows < LONG_ROWS ? 1 : 0.65) },
]; // prettier-ignore
const LONG_ROWS = 5_000_000;
/** A shorter run is Java's warm-up and both sides' start, and compares nothing. */
const RATIO_ROWS = 1_000_000;

export function produceTable(rows: number, measured: Measured<ProducePart>): string {
  const java = measured['java-ready'];
  const targetOf = (part: string): string => {
    const ratio = PRODUCE_TARGETS.find((target) => target.part === part)?.ratio(rows);
    return ratio === undefined ? '' : `≥ ${ratio} ×`;
  };
  const lines = Object.entries(PRODUCE_PARTS).flatMap(([part, name]) => {
    const found = measured[part as ProducePart];
    if (found === undefined) return [];
    const isJava = part === 'java-ready';
    const against = isJava ? '' : ratioOf(found, java, rows);
    return [lineOf(name, found, rows, [against, targetOf(part)])];
  });
  const head = 'records/s | slowest | fastest | CPU µs a record | peak RSS MB';
  return [
    `${whole(rows)} records of about 215 bytes, 3 partitions, acks = all, idempotent, lz4.`,
    '',
    `| into Kafka | ${head} | × ProducerPerformance | target |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

export function processTable(rows: number, measured: Measured<ProcessPart>): string {
  const own = measured.processor;
  const lines = Object.entries(PROCESS_PARTS).flatMap(([part, name]) => {
    const found = measured[part as ProcessPart];
    if (found === undefined) return [];
    const isJava = part !== 'processor';
    const target = part === 'java-at-least-once' ? '≥ 1.5 ×' : '≥ 2 ×';
    const cells = isJava ? [ratioOf(own, found, rows), target] : ['', ''];
    return [lineOf(name, found, rows, cells)];
  });
  const head = 'records/s | slowest | fastest | CPU µs a record | peak RSS MB';
  return [
    `${whole(rows)} traffic reports from one topic into another, 3 partitions.`,
    '',
    `| raw → processed | ${head} | the processor is | target |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function lineOf(name: string, found: readonly Result[], rows: number, more: string[]): string {
  const rates = found.map(({ rowsPerSec }) => rowsPerSec);
  const cpu = (median(found.map(({ cpuSec }) => cpuSec)) / rows) * 1e6;
  const rss = Math.max(...found.map(({ peakRssMb }) => peakRssMb));
  const figures = [median(rates), Math.min(...rates), Math.max(...rates)].map(whole);
  return `| ${[name, ...figures, cpu.toFixed(2), whole(rss), ...more].join(' | ')} |`;
}

/** The median of the ratios of each round; nothing for runs that are too short to compare. */
function ratioOf(
  found: readonly Result[] | undefined,
  limit: readonly Result[] | undefined,
  rows: number,
): string {
  if (found === undefined || limit === undefined || rows < RATIO_ROWS) return 'too short to say';
  const ratios = found.map(({ rowsPerSec }, round) => rowsPerSec / limit[round]!.rowsPerSec);
  return `${median(ratios).toFixed(2)} ×`;
}

function whole(figure: number): string {
  return Math.round(figure).toLocaleString('en');
}
