// The text at the end of the command: the files it wrote, the points that a person has to review, and the
// commands to run next.
import { visibleLines } from '../../platform/visible.ts';
import { quoted } from '../../producers/file-event.ts';
import { PLAIN_NUMBER } from '../../streams/csv.ts';
import type { NewStreamRequest } from './arguments.ts';
import type { AlmostNumbers, Checked } from './check.ts';
import type { Plan } from './columns.ts';
import { fieldText } from './declaration.ts';
import { MAX_NUMBER_PANELS, numbersOf } from './starter.ts';
import type { Sample } from './sample.ts';

export function reportText(
  request: NewStreamRequest,
  { whole }: Pick<Sample, 'whole'>,
  plan: Plan,
  checked: Checked,
  written: readonly string[],
): string {
  const encoding = request.encoding === undefined ? '' : ` --encoding ${request.encoding}`;
  const rows = `${whole ? '' : 'the first '}${checked.rows} rows`;
  const lines = [
    `Wrote ${written.join(', ')}`,
    '',
    `Review streams/${request.name.replaceAll('_', '-')}.ts, derived from ${rows}:`,
    ...plan.leaves.map(
      (leaf) => `  ${leaf.name.padEnd(24)} ${fieldText(leaf.field)}${role(plan, leaf.name)}`,
    ),
    ...plan.leftOut.map(({ name, why }) => `  ${name.padEnd(24)} gets no column: ${why}`),
    ...review(plan, checked),
    '',
    'Then:',
    `  npm start -- --streams ${request.name} --data ${shellQuoted(request.path)}${encoding}`,
    `  npm run query -- "SELECT count() FROM ${request.name}"`,
  ];
  return `${visibleLines(lines.join('\n'))}\n`;
}

function role({ eventTime, key }: Plan, name: string): string {
  if (name === key) return '   the key';
  return name === eventTime ? '   when it happened' : '';
}

function review(plan: Plan, checked: Checked): string[] {
  const { leaves } = plan;
  const { almostNumbers, empty, first, refused, rows } = checked;
  const absent = leaves.filter(
    ({ field }) => field.kind === 'instant' && field.absent !== 'reject',
  );
  const said = empty.map(({ name, rows: count }) => {
    const timeless = absent.some(({ field, path }) => (field.csv ?? path.at(-1)) === name);
    const then = timeless
      ? 'such a row takes the time of its Kafka record'
      : `such a row is refused; --without ${name} would leave the column out`;
    return `- ${name} is empty in ${count} of ${rows} rows: ${then}.`;
  });
  said.push(
    ...almostNumbers.filter(({ name }) => name !== plan.key).map((one) => almost(one, rows)),
  );
  if (leaves.some(({ field }) => field.kind === 'integer')) {
    said.push('- integer() refuses decimals: where some may come, make it float64().');
  }
  const numbers = numbersOf(plan).length;
  if (numbers > MAX_NUMBER_PANELS) {
    const some = `${MAX_NUMBER_PANELS} of ${numbers} numbers`;
    said.push(`- The dashboard has panels for ${some}: others can be added to its list.`);
  }
  if (first === undefined) return ['', ...said, `- None of ${rows} rows would be refused.`];
  const where = `row ${first.row}: ${first.problem}`;
  return [
    '',
    ...said,
    `- ${refused} of ${rows} rows would be refused, and end a replay there; ${where}.`,
  ];
}

function almost({ example, forPeople, name, rows }: AlmostNumbers, of: number): string {
  if (forPeople) return `- ${name} became text() because of ${quoted(example)}: ${PLAIN_NUMBER}.`;
  const count = `${rows} of ${of} rows`;
  return `- ${name} became text() because ${count} hold no number there (${quoted(example)}). As float64() such rows are refused, or set aside by ON_BAD_ROW=dead-letter.`;
}

function shellQuoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
