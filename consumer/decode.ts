// Turns the bytes of one Kafka record into a row of a block or into a rejection. Pure: the same
// bytes and record time always give the same answer, and a rejected record leaves no trace.
import { setInt64, type Block, type TextColumn } from '../platform/clickhouse/block.ts';
import { byteOrderMark, parseMessage } from '../streams/json-message.ts';
import { reject, undecodable, type Rejection } from '../streams/rejection.ts';
import type { Stream } from '../streams/stream.ts';
import { compileValidator, type RowValues } from '../streams/validate.ts';
import { compileFastPath } from './fast-path.ts';
import { compileScanPath } from './scan-path.ts';

/** The value is bytes `from` to `to` of `bytes`; there is none (a tombstone) when `to` is below `from`. */
export type Decode = (
  bytes: Uint8Array,
  from: number,
  to: number,
  recordTimeMs: number,
) => Rejection | undefined;

type QuickPath = (bytes: Uint8Array, from: number, to: number, recordTimeMs: number) => boolean;

/** After an event that the fast path did not take, so many begin with the other one. */
const SCANS = 100;

/**
 * Compiles the decoder of a stream for one block. It sets the block's next row (the caller commits
 * it) and returns undefined, or says why there is none; it never throws. `recordTimeMs` is the record's
 * Kafka timestamp, epoch milliseconds, below zero for none; `maxMessageBytes` bounds the value.
 */
export function compileDecode(stream: Stream, block: Block, maxMessageBytes: number): Decode {
  const quickly = compileQuickPaths(stream, block);
  const validate = compileValidator(stream);
  const row: RowValues = [];
  const whole = messageColumn(stream, block);
  const slow: Decode = (bytes, from, to, recordTimeMs) => {
    const parsed = parseMessage(bytes.subarray(from, to));
    if ('reason' in parsed) return parsed;
    const rejection = validate(parsed.value, recordTimeMs, row, parsed.text);
    if (rejection !== undefined) return rejection;
    setRow(block, row);
    whole?.setBytes(bytes, from + byteOrderMark(bytes, from), to);
    return undefined;
  };
  return (bytes, from, to, recordTimeMs) => {
    if (to < from) return reject('tombstone');
    if (to - from > maxMessageBytes) return reject('too_large', '', to - from);
    try {
      if (!quickly(bytes, from, to, recordTimeMs)) return slow(bytes, from, to, recordTimeMs);
      whole?.setBytes(bytes, from, to);
      return undefined;
    } catch (thrown) {
      // What was set of the row is not committed: the next record overwrites it.
      return undecodable(thrown);
    }
  };
}

/**
 * The two paths that need neither a string nor an object, of which the one that took the last event is tried first:
 * they take the same values. Now and then the faster one gets another chance.
 */
function compileQuickPaths(stream: Stream, block: Block): QuickPath {
  const fastPath = compileFastPath(stream, block);
  const scanPath = compileScanPath(stream, block);
  let scansLeft = 0;
  return (bytes, from, to, recordTimeMs) => {
    if (scansLeft > 0) {
      scansLeft -= 1;
      return scanPath(bytes, from, to, recordTimeMs) || fastPath(bytes, from, to, recordTimeMs);
    }
    if (fastPath(bytes, from, to, recordTimeMs)) return true;
    const isTaken = scanPath(bytes, from, to, recordTimeMs);
    if (isTaken) scansLeft = SCANS;
    return isTaken;
  };
}

/** The column that holds the message whole, where the stream has one. */
function messageColumn(stream: Stream, block: Block): TextColumn | undefined {
  const at = stream.columns.findIndex(({ field }) => field.kind === 'message');
  const column = block.columns[at];
  return column?.kind === 'text' ? column.text : undefined;
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
