// Decides, from a sample and the types that ClickHouse infers, which fields a stream has and what their
// columns are called. Pure: a person reviews the outcome.
import { ConfigError } from '../../platform/errors.ts';
import { bare, noHeaderHint } from '../../producers/csv-header.ts';
import { quoted } from '../../producers/file-event.ts';
import { wrapperHint } from '../../producers/json-fault.ts';
import { DECIMAL } from '../../streams/csv.ts';
import { boolean, float64, instant, integer, text, type Field } from '../../streams/field.ts';
import { INSTANT_FORM, instantFault } from '../../streams/instant-fault.ts';
import { instantMs } from '../../streams/instant.ts';
import { coordinates, ingestTime, originColumns } from '../../streams/table.ts';
import type { Column } from '../../streams/stream.ts';
import type { NewStreamRequest } from './arguments.ts';
import type { Sample, SampledColumn } from './sample.ts';

export interface LeftOut {
  /** As the file names it. */
  readonly name: string;
  readonly why: string;
}

export interface Plan {
  /** In the file's order; `path` leads to the value in an event. */
  readonly leaves: readonly Column[];
  /** Names of columns. */
  readonly key: string;
  readonly eventTime: string;
  readonly leftOut: readonly LeftOut[];
}

/** Columns that every table has, and what queries of the dashboards call their own values. */
const RESERVED = new Set([
  ...[ingestTime, ...coordinates, ...originColumns].map(({ name }) => name),
  ...['time', 'moment', 'rows', 'events', 'edge', 'replayed', 'place', 'change', 'arrived'],
  // JavaScript's objects do not keep a member of this name.
  '__proto__',
]);
const PREFIX = 'event_';
const YEAR_2000_MS = Date.UTC(2000, 0, 1);
const YEAR_2200_MS = Date.UTC(2200, 0, 1);
const LONG_TEXT_BYTES = 128;
const MAX_NAMES_SHOWN = 30;
const MAX_DICTIONARY = 10_000;

/** How the file names a column: members of nested objects with dots. */
export function nameInFile({ path }: Pick<SampledColumn, 'path'>): string {
  return path.join('.');
}

/** A name for each column that is free and a plain identifier; `misread` ones are not used. */
export function columnNames(
  columns: readonly SampledColumn[],
  misread: ReadonlySet<string> = new Set(),
): string[] {
  const taken = new Set<string>();
  return columns.map(({ path }) => {
    const plain = identifier(path.at(-1)!);
    const first = RESERVED.has(plain) || misread.has(plain) ? `${PREFIX}${plain}` : plain;
    const isFree = (name: string): boolean => {
      return !taken.has(name) && !RESERVED.has(name) && !misread.has(name);
    };
    let name = [first, identifier(path.join('_'))].find(isFree);
    for (let count = 2; name === undefined; count += 1) {
      name = [`${first}_${count}`].find(isFree);
    }
    taken.add(name);
    return name;
  });
}

function identifier(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name;
  const plain = name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '');
  return /^[a-z]/.test(plain) ? plain : `c_${plain}`.replace(/_$/, '');
}

/**
 * `types` and `names` are those of the sample's columns.
 * @throws {ConfigError} for a column that the file does not have, or cannot be key or time.
 */
export function planColumns(
  sample: Sample,
  types: readonly (string | undefined)[],
  names: readonly string[],
  request: Pick<NewStreamRequest, 'key' | 'time' | 'without'>,
): Plan {
  const inFile = sample.columns.map(nameInFile);
  const [keyAt, timeAt] = [indexOf('--key', request.key), indexOf('--time', request.time)];
  for (const name of request.without) indexOf('--without', name);
  const leaves: Column[] = [];
  const leftOut: LeftOut[] = [];
  for (const [index, column] of sample.columns.entries()) {
    const name = inFile[index]!;
    if (name === '' && sample.format === 'csv' && index !== keyAt && index !== timeAt) {
      leftOut.push({ name: `column ${index + 1}`, why: 'the header has no name for it' });
      continue;
    }
    if (request.without.includes(name) && index !== keyAt && index !== timeAt) {
      leftOut.push({ name, why: '--without names it' });
      continue;
    }
    const field =
      index === timeAt
        ? timeField(column, sample.format)
        : index === keyAt
          ? keyField(column, types[index], sample.format)
          : fieldOf(column, types[index], sample);
    if (typeof field === 'string') leftOut.push({ name, why: field });
    else leaves.push(leafOf(sample.format, column.path, names[index]!, field));
  }
  return { leaves, key: names[keyAt]!, eventTime: names[timeAt]!, leftOut };

  function indexOf(option: string, name: string): number {
    const index = inFile.indexOf(name);
    if (index >= 0) return index;
    const all = inFile.slice(0, MAX_NAMES_SHOWN).map(cut).join(', ');
    const more = inFile.length - MAX_NAMES_SHOWN;
    const has = `it has ${all}${more > 0 ? ` and ${more} more` : ''}`;
    const hint = missingHint(sample, inFile, name);
    throw new ConfigError(`${option}: the file has no ${JSON.stringify(name)}; ${has}${hint}`);
  }
}

function cut(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

/** What the person may have meant, or what the file is instead. */
function missingHint(
  { format, header, rows }: Sample,
  inFile: readonly string[],
  name: string,
): string {
  const alike = inFile.find((each) => bare(each) === bare(name));
  if (alike !== undefined) return `; is ${JSON.stringify(alike)} meant?`;
  if (format === 'csv') return noHeaderHint(header);
  const wrapped = wrapperHint(rows[0]);
  if (wrapped !== '' || rows.length > 1) return wrapped;
  return '; the file is one object: write an array of objects, or one object a line';
}

/** CSV columns become members of their own name; members of JSON events keep theirs. */
function leafOf(
  format: Sample['format'],
  path: readonly string[],
  name: string,
  field: Field,
): Column {
  const last = path.at(-1)!;
  if (name === last) return { name, path, field };
  if (format === 'csv') return { name, path: [name], field: { ...field, csv: last } };
  return { name, path, field: { ...field, wire: last } };
}

function timeField(column: SampledColumn, format: Sample['format']): Field {
  const values = present(column);
  const option = `--time: column ${nameInFile(column)}`;
  if (values.length === 0) throw new ConfigError(`${option} is empty in every row`);
  for (const value of values) {
    const time = timeOf(value, format);
    const shown = quoted(typeof value === 'string' ? value : JSON.stringify(value));
    if (time === undefined)
      throw new ConfigError(`${option} has ${shown}: ${INSTANT_FORM} is needed`);
    const ms = instantMs(time);
    const fault = ms === undefined || ms > YEAR_2200_MS ? instantFault(instant(), time) : undefined;
    if (fault !== undefined) throw new ConfigError(`${option} has ${shown}, which ${fault}`);
    if (ms! > YEAR_2200_MS)
      throw new ConfigError(`${option} has ${shown}: in seconds that is after 2200`);
  }
  return values.length < column.values.length ? instant({ absent: 'record-timestamp' }) : instant();
}

function keyField(
  column: SampledColumn,
  type: string | undefined,
  format: Sample['format'],
): Field {
  if (type === undefined) {
    throw new ConfigError(`--key: column ${nameInFile(column)} is empty in every row`);
  }
  const name = nameInFile(column);
  if (format === 'csv' || present(column).every((value) => typeof value === 'string')) {
    return text({ repeats: true, ...roomFor(present(column)) });
  }
  if (/^U?Int/.test(type)) return integer();
  throw new ConfigError(
    `--key: column ${name} is of type ${type}; a key is text or a whole number`,
  );
}

/** The field, or why there is none. */
function fieldOf(
  column: SampledColumn,
  type: string | undefined,
  { columns, format }: Sample,
): Field | string {
  const values = present(column);
  if (type === undefined) return 'empty in every row';
  if (columns.some((other) => isWithin(other, column))) return 'an object in some rows only';
  if (/^U?Int\d+$/.test(type)) return integerField(values, format);
  if (type.startsWith('Float')) return float64();
  if (type === 'Bool') return boolean();
  // The reader of CSV takes them in any case; ClickHouse in lower case only.
  if (format === 'csv' && values.every(isTrueOrFalse)) return boolean();
  if (type.startsWith('DateTime')) {
    const moments = values.map((value) => momentOf(value, format));
    const good = moments.every((ms) => ms !== undefined && ms >= YEAR_2000_MS);
    return good ? instant({ maxAheadMs: Number.MAX_SAFE_INTEGER }) : textField(values);
  }
  if (/^(String|Date(32)?)$/.test(type)) return textField(values);
  return `of type ${type}`;
}

function isWithin(inner: SampledColumn, outer: SampledColumn): boolean {
  const deeper = inner.path.length > outer.path.length;
  return deeper && outer.path.every((name, index) => inner.path[index] === name);
}

function integerField(values: readonly unknown[], format: Sample['format']): Field | string {
  const safe = values.every((value) => Number.isSafeInteger(Number(value)));
  if (format === 'json') return safe ? integer() : 'larger than JSON numbers hold exactly';
  // A number would lose the zeros, or digits.
  const numbers = safe && !values.some((value) => /^[+-]?0\d/.test(value as string));
  return numbers ? integer() : textField(values);
}

function textField(values: readonly unknown[]): Field {
  const distinct = new Set(values).size;
  const repeats = distinct <= MAX_DICTIONARY && 2 * distinct <= values.length;
  return text({ ...(repeats ? { repeats } : {}), ...roomFor(values) });
}

/** Twice what the longest text needs, as a power of two, where the default may not do. */
function roomFor(values: readonly unknown[]): { maxBytes?: number } {
  const longest = values.reduce<number>((most, value) => {
    return Math.max(most, typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }, 0);
  if (longest <= LONG_TEXT_BYTES) return {};
  return { maxBytes: 2 ** Math.ceil(Math.log2(2 * longest)) };
}

function present({ values }: SampledColumn): unknown[] {
  return values.filter((value) => value !== undefined);
}

function isTrueOrFalse(value: unknown): boolean {
  return typeof value === 'string' && /^(true|false)$/i.test(value);
}

function momentOf(value: unknown, format: Sample['format']): number | undefined {
  const time = timeOf(value, format);
  return time === undefined ? undefined : instantMs(time);
}

/** The time as an event has it: cells that are decimals become numbers, members stay what they are. */
function timeOf(value: unknown, format: Sample['format']): number | string | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  return format === 'csv' && DECIMAL.test(value) ? Number(value) : value;
}
