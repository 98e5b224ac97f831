// Turns the bytes of one Kafka record into a row of a block or into a rejection. Pure: the same
// bytes and record time always give the same answer, and a rejected record leaves no trace.
import { isUtf8 } from 'node:buffer';
import { setInt64, type Block, type TextColumn } from '../platform/clickhouse/block.ts';
import { reject, type Rejection } from '../streams/rejection.ts';
import type { Stream } from '../streams/stream.ts';
import { compileValidator, type RowValues } from '../streams/validate.ts';
import { compileFastPath } from './fast-path.ts';

/** The value is bytes `from` to `to` of `bytes`; there is none (a tombstone) when `to` is below `from`. */
export type Decode = (
  bytes: Uint8Array,
  from: number,
  to: number,
  recordTimeMs: number,
) => Rejection | undefined;

/**
 * Compiles the decoder of a stream for one block. It sets the block's next row (the caller commits
 * it) and returns undefined, or says why there is none. `recordTimeMs` is the record's Kafka
 * timestamp, epoch milliseconds; `maxMessageBytes` bounds the value.
 */
export function compileDecode(stream: Stream, block: Block, maxMessageBytes: number): Decode {
  const fastPath = compileFastPath(stream, block);
  const validate = compileValidator(stream);
  const row: RowValues = [];
  const whole = messageColumn(stream, block);
  return (bytes, from, to, recordTimeMs) => {
    if (to < from) return reject('tombstone');
    if (to - from > maxMessageBytes) return reject('too_large', '', to - from);
    if (fastPath(bytes, from, to, recordTimeMs)) {
      whole?.setBytes(bytes, from, to);
      return undefined;
    }
    const parsed = parse(bytes.subarray(from, to));
    if ('rejection' in parsed) return parsed.rejection;
    const rejection = validate(parsed.event, recordTimeMs, row);
    if (rejection !== undefined) return rejection;
    setRow(block, row);
    whole?.setBytes(bytes, from, to);
    return undefined;
  };
}

/** The column that holds the message whole, where the stream has one. */
function messageColumn(stream: Stream, block: Block): TextColumn | undefined {
  const at = stream.columns.findIndex(({ field }) => field.kind === 'message');
  const column = block.columns[at];
  return column?.kind === 'text' ? column.text : undefined;
}

function parse(value: Uint8Array): { event: unknown } | { rejection: Rejection } {
  if (value.length === 0) return { rejection: reject('empty_value') };
  if (!isUtf8(value)) return { rejection: reject('invalid_utf8') };
  const text = Buffer.from(value.buffer, value.byteOffset, value.length).toString('utf8');
  const event = parseJson(text);
  if (event !== undefined) return { event };
  // Python and others write bare NaN and Infinity, which is not JSON but worth its own name.
  const finite = text.replace(STRING_OR_NOT_FINITE, (match) => (match[0] === '"' ? match : '0'));
  const reason = parseJson(finite) === undefined ? 'invalid_json' : 'not_finite';
  return { rejection: reject(reason, '', text) };
}

const STRING_OR_NOT_FINITE = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity|nan|inf)\b/g;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function setRow(block: Block, row: RowValues): void {
  for (const [index, column] of block.columns.entries()) {
    const value = row[index]!;
    switch (column.kind) {
      case 'text':
        column.text.set(value as string);
        break;
      case 'float64':
        column.float64.values[block.rows] = value as number;
        break;
      case 'boolean':
        column.uint8.values[block.rows] = value as number;
        break;
      case 'integer':
      case 'instant':
        setInt64(column.int64.values, block.rows, value as number);
        break;
    }
  }
}
