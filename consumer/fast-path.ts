// The hot path: reads an event straight from the bytes of a record into a block, without a string
// or an object per message. It understands only the layout that our producers and plain JSON
// encoders write (declared order, compact or with one space after `:` and `,`); anything else it
// leaves to JSON.parse and the validator. Invariants, held by property tests:
//   - true means that JSON.parse and the validator would have given the very same row;
//   - false means nothing: the caller decides with the slow path;
//   - a value is only taken when it is exact: doubles with at most 2^53 as digits and a power of ten
//     up to 22 (both exact, so one division rounds correctly), instants away from a millisecond's edge.
import type { Block, BlockColumn } from '../platform/clickhouse/block.ts';
import { setInt64 } from '../platform/clickhouse/block.ts';
import type { Field } from '../streams/field.ts';
import { isField, type EventShape, type Stream } from '../streams/stream.ts';

const EXACT_INTEGER = 2 ** 53;
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const [QUOTE, MINUS, POINT, BACKSLASH] = [0x22, 0x2d, 0x2e, 0x5c];
const [ZERO, NINE, UPPER_E, LOWER_E] = [0x30, 0x39, 0x45, 0x65];
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');

type Step = { readonly literal: Uint8Array; readonly field: Field; readonly column: BlockColumn };

interface Layout {
  readonly steps: readonly Step[];
  readonly tail: Uint8Array;
}

/**
 * Compiles the hot path of a stream for one block. The function sets (not commits) the block's next
 * row from `bytes` and returns true, or returns false and leaves the decision to the slow path.
 */
export function compileFastPath(
  stream: Stream,
  block: Block,
): (bytes: Uint8Array, recordTimeMs: number) => boolean {
  const layouts = [layoutOf(stream, block, ':', ','), layoutOf(stream, block, ': ', ', ')];
  return (bytes, recordTimeMs) => {
    for (const layout of layouts) {
      if (!startsWith(bytes, 0, layout.steps[0]!.literal)) continue;
      return readEvent(layout, bytes, block.rows, recordTimeMs);
    }
    return false;
  };
}

function layoutOf(stream: Stream, block: Block, colon: string, comma: string): Layout {
  const texts = template(stream.event, colon, comma).split('\0');
  const literals = texts.map((text) => Uint8Array.from(Buffer.from(text)));
  const steps = stream.leaves.map(({ name, field }, index) => {
    const at = stream.columns.findIndex((column) => column.name === name);
    return { literal: literals[index]!, field, column: block.columns[at]! };
  });
  return { steps, tail: literals.at(-1)! };
}

/** The event as JSON text with `\0` where a value goes. */
function template(shape: EventShape, colon: string, comma: string): string {
  const members = Object.entries(shape).map(([name, child]) => {
    const value = isField(child) ? '\0' : template(child, colon, comma);
    return `${JSON.stringify(name)}${colon}${value}`;
  });
  return `{${members.join(comma)}}`;
}

function readEvent(
  { steps, tail }: Layout,
  bytes: Uint8Array,
  row: number,
  recordTimeMs: number,
): boolean {
  let at = 0;
  for (let index = 0; index < steps.length; index += 1) {
    const { literal, field, column } = steps[index]!;
    if (!startsWith(bytes, at, literal)) return false;
    at += literal.length;
    switch (column.kind) {
      case 'float64': {
        at = scanNumber(bytes, at);
        if (at < 0 || field.kind !== 'float64') return false;
        const value = scanned(bytes);
        if (!(value >= field.min && value <= field.max)) return false;
        column.float64.values[row] = value;
        break;
      }
      case 'boolean': {
        const isTrue = startsWith(bytes, at, TRUE);
        if (!isTrue && !startsWith(bytes, at, FALSE)) return false;
        at += isTrue ? TRUE.length : FALSE.length;
        column.uint8.values[row] = isTrue ? 1 : 0;
        break;
      }
      case 'text': {
        const end = scanText(bytes, at);
        if (end < 0 || field.kind !== 'text' || end - at - 2 > field.maxBytes) return false;
        column.text.setBytes(bytes, at + 1, end - 1);
        at = end;
        break;
      }
      case 'instant': {
        at = scanNumber(bytes, at);
        if (at < 0 || field.kind !== 'instant') return false;
        const ms = scannedInstantMs();
        if (!(ms >= field.minMs && ms <= recordTimeMs + field.maxAheadMs)) return false;
        setInt64(column.int64.values, row, ms);
        break;
      }
    }
  }
  return at + tail.length === bytes.length && startsWith(bytes, at, tail);
}

function startsWith(bytes: Uint8Array, at: number, literal: Uint8Array): boolean {
  if (at + literal.length > bytes.length) return false;
  for (let index = 0; index < literal.length; index += 1) {
    if (bytes[at + index] !== literal[index]) return false;
  }
  return true;
}

/** The end of a plain, non-empty ASCII string that starts at `at`, or -1. */
function scanText(bytes: Uint8Array, at: number): number {
  if (bytes[at] !== QUOTE) return -1;
  for (let index = at + 1; index < bytes.length; index += 1) {
    const byte = bytes[index]!;
    if (byte === QUOTE) return index === at + 1 ? -1 : index + 1;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return -1;
  }
  return -1;
}

// What scanNumber found; one number is in flight at a time and an object per number would be garbage.
const number = { from: 0, to: 0, negative: false, whole: 0, fraction: 0, decimals: 0 };

/** Scans a JSON number without exponent at `at` into `number`; its end, or -1 when it is none. */
function scanNumber(bytes: Uint8Array, at: number): number {
  const negative = bytes[at] === MINUS;
  let index = negative ? at + 1 : at;
  const first = index;
  let byte = bytes[index]!;
  let whole = 0;
  while (byte >= ZERO && byte <= NINE) {
    whole = whole * 10 + (byte - ZERO);
    byte = bytes[++index]!;
  }
  const wholeDigits = index - first;
  if (wholeDigits === 0 || (wholeDigits > 1 && bytes[first] === ZERO)) return -1;
  let fraction = 0;
  let decimals = 0;
  if (byte === POINT) {
    const start = index + 1;
    byte = bytes[++index]!;
    while (byte >= ZERO && byte <= NINE) {
      fraction = fraction * 10 + (byte - ZERO);
      byte = bytes[++index]!;
    }
    decimals = index - start;
    if (decimals === 0) return -1;
  }
  if (byte === LOWER_E || byte === UPPER_E) return -1;
  number.from = at;
  number.to = index;
  number.negative = negative;
  number.whole = whole;
  number.fraction = fraction;
  number.decimals = decimals;
  return index;
}

/** The double nearest to the scanned number. */
function scanned(bytes: Uint8Array): number {
  const { decimals, fraction, from, negative, to, whole } = number;
  if (decimals < POWERS.length) {
    const power = POWERS[decimals]!;
    const digits = whole * power + fraction;
    if (digits < EXACT_INTEGER) return negative ? -digits / power : digits / power;
  }
  return Number(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1'));
}

/**
 * Epoch milliseconds of the scanned seconds, or NaN when the digits alone cannot tell. The slow path
 * goes through the nearest double to whole microseconds. Below 2^31 s that is exact for up to six
 * decimals; for more it errs by less than 1 µs, so the edges of a millisecond are left to it.
 */
function scannedInstantMs(): number {
  const { decimals, fraction, negative, whole } = number;
  if (negative || whole >= 2 ** 31 || decimals > 9) return NaN;
  if (decimals <= 6) return whole * 1_000 + Math.floor((fraction * POWERS[6 - decimals]!) / 1_000);
  const micros = fraction / POWERS[decimals - 6]!;
  const inMilli = micros % 1_000;
  return inMilli < 2 || inMilli > 997 ? NaN : whole * 1_000 + Math.floor(micros / 1_000);
}
