// Writes events in the format of the public sensor file: every field quoted, moments as Java prints
// doubles (`1.5945120943859746E9`), numbers with a decimal point. Columns come from the declaration.
import type { Column, Stream } from '../streams/stream.ts';

/** An event as it goes over the wire. */
export type Event = Readonly<Record<string, unknown>>;

export interface CsvFormat {
  /** The first line, without its line end. */
  header: string;
  /** The line of one event, without its line end. */
  line: (event: Event) => string;
}

/** The format of a stream's file: the event time, the key, then the rest in wire order. */
export function csvFormat(stream: Stream): CsvFormat {
  const first = [stream.eventTime, stream.key];
  const columns = [
    ...first.map((name) => stream.leaves.find((leaf) => leaf.name === name)!),
    ...stream.leaves.filter(({ name }) => !first.includes(name)),
  ];
  const quoted = (cells: string[]): string => `"${cells.join('","')}"`;
  return {
    header: quoted(columns.map(({ name, field }) => field.csv ?? name)),
    line: (event) => quoted(columns.map((column) => cell(column, event))),
  };
}

function cell({ path, field }: Column, event: Event): string {
  let value: unknown = event;
  for (const name of path) value = (value as Event)[name];
  switch (field.kind) {
    case 'instant':
      return scientific(value as number);
    case 'float64':
      return decimal(value as number);
    case 'boolean':
    case 'integer':
    case 'message':
    case 'text':
      return String(value);
  }
}

function decimal(value: number): string {
  const digits = String(value);
  return Number.isInteger(value) ? `${digits}.0` : digits;
}

/** A number from 1 up in Java's notation: one digit, a point, at least one more digit, the exponent. */
export function scientific(value: number): string {
  const [whole = '', fraction = ''] = String(value).split('.');
  const rest = `${whole.slice(1)}${fraction}`.replace(/0+$/, '');
  return `${whole.slice(0, 1)}.${rest === '' ? '0' : rest}E${whole.length - 1}`;
}
