// The second path of the decoder, for an event with its declared members in any order and others beside them:
// it reads the bytes once and takes the values from them. It keeps the promise of fast-path.ts: true means
// that JSON.parse and the validator would have given the very same row; false means that the next path
// decides.
import { setInt64, type Block, type BlockColumn } from '../platform/clickhouse/block.ts';
import { scanNumber, scannedDouble } from '../streams/exact-number.ts';
import { JsonScan } from '../streams/json-scan.ts';
import type { Stream } from '../streams/stream.ts';

const LOWER_T = 0x74;

/** The function sets (not commits) the block's next row and returns true, or leaves it to the slow path. */
export function compileScanPath(
  { columns, leaves }: Stream,
  block: Block,
): (bytes: Uint8Array, from: number, to: number, recordTimeMs: number) => boolean {
  const scan = new JsonScan(leaves);
  const targets = leaves.map(({ name }) => {
    return block.columns[columns.findIndex((column) => column.name === name)]!;
  });
  return (bytes, from, to, recordTimeMs) => {
    if (!scan.scan(bytes, from, to, recordTimeMs)) return false;
    const row = block.rows;
    for (let index = 0; index < targets.length; index += 1) {
      setValue(targets[index]!, row, bytes, scan, index, recordTimeMs);
    }
    return true;
  };
}

function setValue(
  column: BlockColumn,
  row: number,
  bytes: Uint8Array,
  scan: JsonScan,
  index: number,
  recordTimeMs: number,
): void {
  const from = scan.from[index]!;
  const to = scan.to[index]!;
  switch (column.kind) {
    case 'text':
      column.text.setBytes(bytes, from + 1, to - 1);
      break;
    case 'float64':
      scanNumber(bytes, from);
      column.float64.values[row] = scannedDouble(bytes, from, to);
      break;
    case 'integer':
      scanNumber(bytes, from);
      setInt64(column.int64.values, row, scannedDouble(bytes, from, to));
      break;
    case 'boolean':
      column.uint8.values[row] = bytes[from] === LOWER_T ? 1 : 0;
      break;
    case 'instant':
      // Only an instant may be absent: then it is the time of the record.
      setInt64(column.int64.values, row, from < 0 ? recordTimeMs : scan.instantsMs[index]!);
      break;
  }
}
