// The kinds of value an event can carry. A field is pure data: what is allowed on the wire and how
// ClickHouse stores it. Everything that reads fields (validator, CSV reader, encoder, DDL) switches
// on `kind`, so a new kind shows up as a type error wherever it still has to be handled.

interface Common {
  /** Name in the event, where it differs from the column's. */
  readonly wire?: string;
  /** Column header in a CSV file, where it differs from the field's own name. */
  readonly csv?: string;
  /** Compression codec of the ClickHouse column, when the kind's measured default is not the best. */
  readonly codec?: string;
}

/** A string, stored as it is. */
export interface TextField extends Common {
  readonly kind: 'text';
  readonly maxBytes: number;
  /** True for names that repeat (devices, states): stored through a dictionary. */
  readonly repeats: boolean;
}

/** A finite IEEE 754 double within bounds. Not rounded, not converted. */
export interface Float64Field extends Common {
  readonly kind: 'float64';
  readonly min: number;
  readonly max: number;
}

/**
 * A whole number within bounds, at most 2^53 - 1 either way: what JSON numbers hold exactly. The text
 * decides: `1.0` and `1e3` are whole, 9007199254740990.5 is not, though JSON.parse rounds it.
 */
export interface IntegerField extends Common {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
}

/** `true`/`false` or `1`/`0` on the wire, UInt8 in the table. */
export interface BooleanField extends Common {
  readonly kind: 'boolean';
}

/**
 * A moment: epoch seconds (a number) or an ISO-8601 instant with its zone (a string) on the wire,
 * milliseconds in the table. Judged against the time Kafka gave the record, never the wall clock,
 * so that a replay decides the same. A record without a time lets it lie ahead as far as a column holds.
 */
export interface InstantField extends Common {
  readonly kind: 'instant';
  /** Earliest sane moment, epoch milliseconds. */
  readonly minMs: number;
  /** How far the moment may lie after the record's Kafka timestamp. */
  readonly maxAheadMs: number;
  /** What an event without it (no such member, or null) gets: a rejection, or its record's time. */
  readonly absent: 'reject' | 'record-timestamp';
}

/**
 * The whole message as it came, byte for byte, without a byte order mark before it. It stands in the table
 * only, never in the event.
 */
export interface MessageField extends Common {
  readonly kind: 'message';
}

export type Field =
  TextField | Float64Field | IntegerField | BooleanField | InstantField | MessageField;

/** What a validated row holds for a field. Instants are epoch milliseconds, booleans 0 or 1. */
export type ValueOf<F extends Field> = F extends TextField | MessageField ? string : number;

type Given<F extends Field> = Partial<Omit<F, 'kind'>>;

const YEAR_2000_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;

export function text(given: Given<TextField> = {}): TextField {
  return { kind: 'text', maxBytes: 256, repeats: false, ...given };
}

export function float64(given: Given<Float64Field> = {}): Float64Field {
  return { kind: 'float64', min: -Number.MAX_VALUE, max: Number.MAX_VALUE, ...given };
}

export function integer(given: Given<IntegerField> = {}): IntegerField {
  return { kind: 'integer', min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, ...given };
}

export function boolean(given: Given<BooleanField> = {}): BooleanField {
  return { kind: 'boolean', ...given };
}

export function instant(given: Given<InstantField> = {}): InstantField {
  return { kind: 'instant', minMs: YEAR_2000_MS, maxAheadMs: DAY_MS, absent: 'reject', ...given };
}

export function message(given: Given<MessageField> = {}): MessageField {
  return { kind: 'message', ...given };
}
