// An audit as text for a person: one line per partition, a sum, and a verdict that names each difference.
import type { TopicAudit } from './audit.ts';
import { redriveNotes } from '../dead-letters/redrive-audit.ts';
import type { PartitionAudit } from './reckoning.ts';

const COLUMNS = [
  ['partition', ({ partition }) => String(partition)],
  ['begin', ({ begin }) => String(begin)],
  ['end', ({ end }) => String(end)],
  ['good', ({ good }) => String(good)],
  ['dead', ({ dead }) => String(dead)],
  ['gap', ({ gap }) => String(gap)],
  ['absent', ({ absent }) => String(absent)],
  ['duplicate', ({ duplicates }) => String(duplicates)],
  ['unreadable', ({ unreadable }) => String(unreadable)],
  ['older', ({ older }) => String(older)],
  ['missing', ({ missing }) => String(missing)],
  ['surplus', ({ surplus }) => String(surplus)],
  ['beyond', ({ beyond }) => String(beyond)],
  ['behind', ({ behind }) => String(behind)],
  ['checksum', ({ checksum }) => checksum.toString(16)],
] as const satisfies readonly (readonly [string, (audit: PartitionAudit) => string])[];

/** The table and the verdict, ending in a line break. `hidden` says what an open transaction hides. */
export function auditReport(audit: TopicAudit, hidden = ''): string {
  const cells = audit.partitions.map((partition) => COLUMNS.map(([, cell]) => cell(partition)));
  const table = [COLUMNS.map(([name]) => name as string), ...cells];
  const widths = COLUMNS.map((_, at) => Math.max(...table.map((line) => line[at]!.length)));
  const lines = table.map((line) => line.map((cell, at) => cell.padStart(widths[at]!)).join('  '));
  const { earlier, withoutCoordinates } = audit;
  const notes: string[] = [];
  if (earlier.rows > 0) notes.push(`${earlier.rows} rows of earlier topics of this name stay`);
  if (withoutCoordinates > 0) {
    notes.push(`${withoutCoordinates} rows of an older installation have no coordinates`);
  }
  const expired = audit.partitions.filter((partition) => partition.expired > 0);
  if (expired.length > 0) {
    const which = expired.map((each) => `${each.partition} below ${each.expired}`).join(', ');
    notes.push(`kept for ${audit.retentionDays ?? 0} days; not checked: partition ${which}`);
  }
  notes.push(...redriveNotes(audit.redrives));
  const head = `${audit.table} from ${audit.source}`;
  return [head, ...lines, ...notes, verdict(audit, hidden), ''].join('\n');
}

type Figure =
  | 'good' | 'dead' | 'gap' | 'absent' | 'duplicates' | 'unreadable'
  | 'missing' | 'surplus' | 'beyond'; // prettier-ignore

/** One line: does it add up? */
export function verdict({ behind, earlier, exact, partitions }: TopicAudit, hidden = ''): string {
  const sum = (key: Figure): number => partitions.reduce((all, audit) => all + audit[key], 0);
  const logged = partitions.reduce((all, { begin, end }) => all + end - begin, 0);
  const late = lateness(behind, hidden);
  // Compacted and transactional topics only: offsets that no record ever had for us.
  const absent = sum('absent') === 0 ? '' : ` + ${sum('absent')} absent`;
  const twice = sum('duplicates') === 0 ? '' : ` + ${sum('duplicates')} duplicates`;
  const passed = sum('unreadable') === 0 ? '' : ` + ${sum('unreadable')} unreadable`;
  const parts = `${sum('good')} good + ${sum('dead')} dead + ${sum('gap')} gap${absent}${twice}${passed}`;
  const account = `${parts} of ${logged} in the log`;
  if (exact) return `EXACT: ${account}${late}`;
  const surplus = sum('surplus') + earlier.surplus;
  return `DOES NOT ADD UP: ${account}, ${sum('missing')} missing, ${surplus} too many, ${sum('beyond')} beyond the log${late}`;
}

/** What is still to be ingested and what nobody may read yet, to go behind an account. */
export function lateness(behind: number, hidden: string): string {
  const late = behind === 0 ? '' : `, behind by ${behind}`;
  return hidden === '' ? late : `${late}, ${hidden}`;
}

/** Sum of the checksums of all rows, as a producer's run prints it. */
export function totalChecksum({ partitions }: TopicAudit): bigint {
  return partitions.reduce((all, { checksum }) => all + checksum, 0n);
}
