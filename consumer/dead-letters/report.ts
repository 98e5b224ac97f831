// The list of dead letters and the account of a re-drive as text for a person, or as JSON.
import type { ReasonSummary } from './list.ts';
import { printable, printableJson } from './printable.ts';
import type { Tally } from './redrive-forecast.ts';
import type { RedriveAccount } from './redriver.ts';

const COLUMNS = [
  ['reason', ({ reason }) => printable(reason)],
  ['letters', ({ letters }) => String(letters)],
  ['open', ({ open }) => String(open)],
  ['re-driven', ({ published }) => String(published)],
  ['in doubt', ({ doubtful }) => String(doubtful)],
  ['attempts', ({ attempts }) => String(attempts)],
  ['first', ({ first }) => first],
  ['last', ({ last }) => last],
] as const satisfies readonly (readonly [string, (summary: ReasonSummary) => string])[];

/** The list, ending in a line break. Nothing from a message gets through unescaped. */
export function letterList(stream: string, reasons: readonly ReasonSummary[]): string {
  if (reasons.length === 0) return `${stream}: no dead letters\n`;
  const rows = [COLUMNS.map(([name]) => name as string)];
  for (const summary of reasons) rows.push(COLUMNS.map(([, cell]) => cell(summary)));
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const pad = (cell: string, at: number): string => {
    return at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!);
  };
  const lines = rows.map((row) => row.map(pad).join('  ').trimEnd());
  const sum = (key: 'open' | 'doubtful'): number => reasons.reduce((all, of) => all + of[key], 0);
  const open = sum('open');
  const what =
    open === 0
      ? 'there is nothing to publish again'
      : `publish ${open === 1 ? 'it' : 'them'} again with: npm run dead-letters -- --redrive`;
  const notes = [`${open} open; ${what}`];
  if (sum('doubtful') > 0) {
    notes.push(
      `${sum('doubtful')} in doubt: they may be in the topic already; --redrive --in-doubt ` +
        'publishes them again, at the risk of a second row',
    );
  }
  return [stream, ...lines, '', ...reasons.flatMap(exampleOf), '', ...notes, ''].join('\n');
}

function exampleOf({ example, reason }: ReasonSummary): string[] {
  const { bytes, detail, field, key, offset, partition, source, value } = example;
  const what = [field, detail].filter((part) => part !== '').map(printable);
  const of = what.length === 0 ? '' : ` (${what.join(': ')})`;
  return [
    `${printable(reason)}${of}: ${printable(source)}, partition ${partition}, offset ${offset}`,
    `  key ${printable(key) || 'none'}, ${bytes} bytes: ${printable(value)}`,
  ];
}

/** The same as JSON, ending in a line break. */
export function letterJson(reasons: readonly ReasonSummary[]): string {
  return `${printableJson(reasons)}\n`;
}

/** What the consumer would make of the open letters, before any is published; lines for a person. */
export function forecastLines(stream: string, tally: Tally, evenIfRejected: boolean): string {
  const { filtered, letters, rejections, unknown } = tally;
  const lines: string[] = [];
  if (rejections > 0) {
    const which = `${rejections} of ${letters} would be rejected again`;
    const what = evenIfRejected
      ? 'they are published because of --even-if-rejected'
      : 'they stay open (--even-if-rejected publishes them)';
    lines.push(`${stream}: ${which}: ${printable(tally.reasons)}; ${what}`);
  }
  if (filtered > 0) {
    lines.push(`${stream}: the processor would filter out ${filtered} of ${letters}`);
  }
  if (unknown > 0) {
    lines.push(
      `${stream}: ${unknown} of ${letters} go to a processor outside of this project: whether it would reject them is unknown`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** The outcome of published letters. */
export function outcomeLine(stream: string, tally: Tally): string {
  const { letters, rejections, rows } = tally;
  const parts = [`${rows} ${rows === 1 ? 'is a row' : 'are rows'} now`];
  if (rejections > 0) parts.push(`${rejections} rejected again: ${printable(tally.reasons)}`);
  const left = letters - rows - rejections;
  if (left > 0)
    parts.push(`${left} not ingested yet; npm run audit shows later whether they landed`);
  return `${stream}: of ${letters} published again ${parts.join(', ')}\n`;
}

/** One line: what a re-drive did. */
export function accountLine(stream: string, account: RedriveAccount): string {
  const { doubtful, finished, homeless, kept, published, refused } = account;
  const parts = [`${published} published again`];
  if (finished > 0) parts.push(`${finished} of an interrupted run finished`);
  if (kept > 0) parts.push(`${kept} would be rejected again, still open`);
  if (refused > 0) parts.push(`${refused} refused by Kafka, still open`);
  if (doubtful > 0) parts.push(`${doubtful} in doubt`);
  if (homeless > 0) parts.push(`${homeless} of topics that do not exist any more`);
  return `${stream}: ${parts.join(', ')}`;
}
