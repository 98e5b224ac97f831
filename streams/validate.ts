// Decides whether a parsed event is a row, strictly: nothing is coerced, clamped, defaulted or
// guessed. It looks only at the event and the record's own time, so a replay decides the same.
import type { Field, Float64Field, InstantField, IntegerField, TextField } from './field.ts';
import { LAST_INSTANT_MS, instantMs } from './instant.ts';
import { isWhole, mayHideFraction, numberText } from './json-number.ts';
import { reject, rejectWith, type Rejection } from './rejection.ts';
import type { Column, Stream } from './stream.ts';

/** A row's values in the order of `stream.columns`. */
export type RowValues = (string | number)[];

/** The time of a record that nobody gave one. */
export const NO_RECORD_TIME = -1;

/**
 * Fills `into` (in column order) and returns undefined, or returns why the event is no row; `into` is
 * then unspecified. `recordTimeMs` is the time Kafka gave the record, epoch milliseconds; below zero
 * there is none, and no time can lie too far ahead of it. `json` is the text that was parsed, where
 * there is one: a number that JSON.parse rounded to a whole one is told by it alone.
 */
export type Validate = (
  event: unknown,
  recordTimeMs: number,
  into: RowValues,
  json?: string,
) => Rejection | undefined;

/** Compiles the validator of a stream's columns. */
export function compileValidator({ columns }: Pick<Stream, 'columns'>): Validate {
  const wholes = columns.filter(({ field: { kind } }) => kind === 'integer' || kind === 'boolean');
  return (event, recordTimeMs, into, json) => {
    let mayBeRounded = false;
    for (const [index, column] of columns.entries()) {
      if (column.field.kind === 'message') {
        // Whoever has the message's bytes sets it; the event is only what is in them.
        into[index] = '';
        continue;
      }
      const value = valueAt(event, column.path);
      if ((value ?? undefined) === undefined && takesRecordTime(event, column, recordTimeMs)) {
        into[index] = recordTimeMs;
        continue;
      }
      if (value === undefined) return absence(event, column);
      mayBeRounded ||= typeof value === 'number' && wholes.includes(column);
      const checked = checkField(column.field, column.path.join('.'), value, recordTimeMs);
      if (typeof checked === 'object') return checked;
      into[index] = checked;
    }
    if (!mayBeRounded || json === undefined || !mayHideFraction(json)) return undefined;
    return hiddenFraction(wholes, json);
  };
}

/** Why the first of `columns` that is not whole in the text is refused, though its double is whole. */
function hiddenFraction(columns: readonly Column[], json: string): Rejection | undefined {
  for (const { field, path } of columns) {
    const written = numberText(json, path);
    if (written === undefined || isWhole(written)) continue;
    const reason = field.kind === 'integer' ? 'not_an_integer' : 'out_of_range';
    return rejectWith(reason, path.join('.'), written);
  }
  return undefined;
}

/** A parsed JSON document never holds undefined, so undefined says that the path leads nowhere. */
function valueAt(event: unknown, path: readonly string[]): unknown {
  let value = event;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** Whether only this member is missing, of a field that then is the time of the record. */
function takesRecordTime(event: unknown, { field, path }: Column, recordTimeMs: number): boolean {
  if (field.kind !== 'instant' || field.absent === 'reject' || recordTimeMs < 0) return false;
  return isObject(valueAt(event, path.slice(0, -1)));
}

function absence(event: unknown, { path }: Column): Rejection {
  for (let depth = 0; depth < path.length; depth += 1) {
    const parent = valueAt(event, path.slice(0, depth));
    if (!isObject(parent)) return reject('not_an_object', path.slice(0, depth).join('.'), parent);
    if (!Object.hasOwn(parent, path[depth]!)) break;
  }
  return reject('missing_field', path.join('.'));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One field's value as the row holds it, or why it is not one. `at` is its dotted path. */
export function checkField(
  field: Field,
  at: string,
  value: unknown,
  recordTimeMs: number,
): string | number | Rejection {
  if (value === null) return reject('null_field', at);
  switch (field.kind) {
    case 'text':
      return checkText(field, at, value);
    case 'float64':
      return checkFloat64(field, at, value);
    case 'integer':
      return checkInteger(field, at, value);
    case 'message':
      return reject('wrong_type', at, value);
    case 'boolean':
      if (value === true || value === 1) return 1;
      if (value === false || value === 0) return 0;
      return reject(typeof value === 'number' ? 'out_of_range' : 'wrong_type', at, value);
    case 'instant':
      return checkInstant(field, at, value, recordTimeMs);
  }
}

function checkText(field: TextField, at: string, value: unknown): string | Rejection {
  if (typeof value !== 'string') return reject('wrong_type', at, value);
  const fits = value !== '' && Buffer.byteLength(value) <= field.maxBytes && value.isWellFormed();
  return fits ? value : reject('out_of_range', at, value);
}

function checkFloat64(field: Float64Field, at: string, value: unknown): number | Rejection {
  if (typeof value !== 'number') return reject('wrong_type', at, value);
  if (!Number.isFinite(value)) return reject('not_finite', at, value);
  return value >= field.min && value <= field.max ? value : reject('out_of_range', at, value);
}

function checkInteger(field: IntegerField, at: string, value: unknown): number | Rejection {
  if (typeof value !== 'number') return reject('wrong_type', at, value);
  if (!Number.isFinite(value)) return reject('not_finite', at, value);
  if (!Number.isInteger(value)) return reject('not_an_integer', at, value);
  if (!Number.isSafeInteger(value)) return reject('out_of_range', at, value);
  // -0 is a number that an Int64 does not have.
  return value >= field.min && value <= field.max ? value + 0 : reject('out_of_range', at, value);
}

function checkInstant(
  field: InstantField,
  at: string,
  value: unknown,
  recordTimeMs: number,
): number | Rejection {
  if (typeof value !== 'number' && typeof value !== 'string') {
    return reject('wrong_type', at, value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return reject('not_finite', at, value);
  const ms = instantMs(value);
  if (ms === undefined) return reject('invalid_instant', at, value);
  const isAhead = recordTimeMs >= 0 && ms > recordTimeMs + field.maxAheadMs;
  const sane = ms >= field.minMs && ms <= LAST_INSTANT_MS && !isAhead;
  return sane ? ms : reject('instant_out_of_range', at, value);
}
