// The hot path: reads an event straight from the bytes of a record into a block, without a string
// or an object per message. It understands only the layout that our producers and plain JSON
// encoders write (declared order, compact or with one space after `:` and `,`); anything else it
// leaves to scan-path.ts, and that to JSON.parse and the validator. Invariants, held by property tests:
//   - true means that JSON.parse and the validator would have given the very same row;
//   - false means nothing: the caller decides with the slow path;
//   - a number is only taken when it is provably the one JSON.parse gives (exact-number.ts).
import type { Block, BlockColumn } from '../platform/clickhouse/block.ts';
import { setInt64 } from '../platform/clickhouse/block.ts';
import {
  scanNumber,
  scannedDouble,
  scannedIsWhole,
  scannedInstantMs,
} from '../streams/exact-number.ts';
import type { Field } from '../streams/field.ts';
import { Literal } from '../streams/literal.ts';
import { isField, type EventShape, type Stream } from '../streams/stream.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

const TRUE = new Literal(Buffer.from('true'));
const FALSE = new Literal(Buffer.from('false'));

interface Step {
  readonly literal: Literal;
  readonly field: Field;
  readonly column: BlockColumn;
}

interface Layout {
  readonly steps: readonly Step[];
  readonly tail: Literal;
}

/**
 * Compiles the hot path of a stream for one block. The function sets (not commits) the block's next
 * row from bytes `from` to `to` and returns true, or returns false and leaves it to the slow path.
 */
export function compileFastPath(
  stream: Stream,
  block: Block,
): (bytes: Uint8Array, from: number, to: number, recordTimeMs: number) => boolean {
  const compact = layoutOf(stream, block, ':', ',');
  const spaced = layoutOf(stream, block, ': ', ', ');
  // Records of one batch share their bytes, so the view is made once for thousands of them. Asking
  // either for its `buffer` instead would cost every record two calls out of compiled code.
  let viewed: Uint8Array = new Uint8Array(0);
  let view: DataView = new DataView(viewed.buffer);
  return (bytes, from, to, recordTimeMs) => {
    if (viewed !== bytes) {
      viewed = bytes;
      view = new DataView(bytes.buffer);
    }
    return (
      readEvent(compact, view, bytes, from, to, block.rows, recordTimeMs) ||
      readEvent(spaced, view, bytes, from, to, block.rows, recordTimeMs)
    );
  };
}

function layoutOf(stream: Stream, block: Block, colon: string, comma: string): Layout {
  const texts = template(stream.event, colon, comma).split('\0');
  const literals = texts.map((text) => new Literal(Buffer.from(text)));
  const steps = stream.leaves.map(({ name, field }, index) => {
    const at = stream.columns.findIndex((column) => column.name === name);
    return { literal: literals[index]!, field, column: block.columns[at]! };
  });
  return { steps, tail: literals.at(-1)! };
}

/** The event as JSON text with `\0` where a value goes. */
function template(shape: EventShape, colon: string, comma: string): string {
  const members = Object.entries(shape).map(([name, child]) => {
    if (isField(child)) return `${JSON.stringify(child.wire ?? name)}${colon}\0`;
    return `${JSON.stringify(name)}${colon}${template(child, colon, comma)}`;
  });
  return `{${members.join(comma)}}`;
}

function readEvent(
  { steps, tail }: Layout,
  view: DataView,
  bytes: Uint8Array,
  from: number,
  to: number,
  row: number,
  recordTimeMs: number,
): boolean {
  const base = bytes.byteOffset;
  let at = from;
  for (let index = 0; index < steps.length; index += 1) {
    const { literal, field, column } = steps[index]!;
    // 5 more: what `false` needs to be looked at. Shorter endings are rare; the slow path takes them.
    if (at + literal.length + 5 > to || !literal.isAt(view, base + at)) return false;
    at += literal.length;
    switch (column.kind) {
      case 'float64': {
        const end = scanNumber(bytes, at);
        if (end < 0 || field.kind !== 'float64') return false;
        const value = scannedDouble(bytes, at, end);
        if (!(value >= field.min && value <= field.max)) return false;
        column.float64.values[row] = value;
        at = end;
        break;
      }
      case 'integer': {
        const end = scanNumber(bytes, at);
        if (end < 0 || field.kind !== 'integer' || !scannedIsWhole()) return false;
        const value = scannedDouble(bytes, at, end);
        if (!Number.isSafeInteger(value) || !(value >= field.min && value <= field.max))
          return false;
        setInt64(column.int64.values, row, value);
        at = end;
        break;
      }
      case 'boolean': {
        const isTrue = TRUE.isAt(view, base + at);
        if (!isTrue && !FALSE.isAt(view, base + at)) return false;
        at += isTrue ? TRUE.length : FALSE.length;
        column.uint8.values[row] = isTrue ? 1 : 0;
        break;
      }
      case 'text': {
        const end = scanText(bytes, at, to);
        if (end < 0 || field.kind !== 'text' || end - at - 2 > field.maxBytes) return false;
        column.text.setBytes(bytes, at + 1, end - 1);
        at = end;
        break;
      }
      case 'instant': {
        const end = scanNumber(bytes, at);
        if (end < 0 || field.kind !== 'instant') return false;
        const ms = scannedInstantMs();
        const isAhead = recordTimeMs >= 0 && ms > recordTimeMs + field.maxAheadMs;
        if (!(ms >= field.minMs) || isAhead) return false;
        setInt64(column.int64.values, row, ms);
        at = end;
        break;
      }
    }
  }
  return at + tail.length === to && tail.isAt(view, base + at);
}

/** The end of a plain, non-empty ASCII string that starts at `at` and ends before `to`, or -1. */
function scanText(bytes: Uint8Array, at: number, to: number): number {
  if (bytes[at] !== QUOTE) return -1;
  for (let index = at + 1; index < to; index += 1) {
    const byte = bytes[index]!;
    if (byte === QUOTE) return index === at + 1 ? -1 : index + 1;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return -1;
  }
  return -1;
}
