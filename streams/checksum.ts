// One number for the contents of many rows, whatever their order: the sum of the CRC-32 of each
// row's canonical text. Computed here from a validated row and by ClickHouse from a stored one; both
// sides derive from the declaration, so a producer's run and an audit can compare what they print.
import { crc32 } from 'node:zlib';
import type { Field } from './field.ts';
import type { Stream } from './stream.ts';
import type { RowValues } from './validate.ts';

/** Between the values of a row; no value but a text can contain it. */
const SEPARATOR = '\n';

/**
 * Compiles the checksum of one row of a stream: an integer below 2^32. Values come in the order of
 * `stream.columns`, as the validator fills them. Add the results up, as bigint where there are many.
 * The message itself is no part of it: whoever sums up values may not have it.
 */
export function compileRowChecksum(stream: Stream): (row: Readonly<RowValues>) => number {
  const canonical = stream.columns.flatMap(({ field }, index) =>
    field.kind === 'message' ? [] : [{ index, text: canonicalOf(field) }],
  );
  return (row) => crc32(canonical.map(({ index, text }) => text(row[index]!)).join(SEPARATOR));
}

/** The same of a stored row, as an expression over the table's columns. */
export function rowChecksumSql(stream: Stream): string {
  const columns = stream.columns.filter(({ field }) => field.kind !== 'message');
  const texts = columns.map(({ name, field }) => canonicalSql(name, field));
  return `CRC32(arrayStringConcat([${texts.join(', ')}], '\\n'))`;
}

function canonicalOf(field: Field): (value: string | number) => string {
  switch (field.kind) {
    case 'text':
    case 'message':
    case 'integer':
    case 'boolean':
    case 'instant':
      return String;
    case 'float64':
      return (value) => doubleBits(value as number).toString();
  }
}

function canonicalSql(name: string, field: Field): string {
  switch (field.kind) {
    case 'text':
    case 'message':
    case 'integer':
    case 'boolean':
      return `toString(${name})`;
    case 'instant':
      return `toString(toUnixTimestamp64Milli(${name}))`;
    case 'float64':
      return `toString(reinterpretAsUInt64(${name}))`;
  }
}

const BITS = new DataView(new ArrayBuffer(8));

/** The bits and not the digits: how a double is printed differs between programs. */
function doubleBits(value: number): bigint {
  BITS.setFloat64(0, value);
  return BITS.getBigUint64(0);
}
