// Record batches for tests, byte by byte as they lie in the log: of any codec, with anything in them.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import lz4 from 'lz4-napi';
import snappy from 'snappy';
import { crc32c } from './crc32c.ts';
import { frameSnappy } from './snappy-frames.ts';

export interface TestRecord {
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly (readonly [name: string, value: Buffer | null])[];
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);
}

/** One record as it lies in a batch. */
export function recordBytes(
  { headers = [], key = null, value }: TestRecord,
  delta: number,
): Buffer {
  const named = headers.flatMap(([name, held]) => [sized(Buffer.from(name)), sized(held)]);
  const fields = [Buffer.from([0]), varint(0), varint(delta), sized(key), sized(value)];
  return sized(Buffer.concat([...fields, varint(headers.length), ...named]));
}

const compressors = [
  (bytes: Buffer) => bytes,
  (bytes: Buffer) => gzipSync(bytes),
  (bytes: Buffer) => frameSnappy(snappy.compressSync(bytes)),
  (bytes: Buffer) => lz4.compressFrameSync(bytes),
  (bytes: Buffer) => zstdCompressSync(bytes),
];

export interface TestBatch {
  readonly baseOffset: number;
  readonly codec?: number;
  readonly count: number;
  readonly lastOffsetDelta?: number;
  /** What the codec is applied to. */
  readonly inflated?: Buffer;
  /** Instead: the compressed bytes. */
  readonly body?: Buffer;
}

/** Of every record. */
const TIMESTAMP_MS = 1_700_000_000_000n;

/** A batch with a right checksum, whatever is in it. */
export function batchBytes(batch: TestBatch): Buffer {
  const { baseOffset, codec = 0, count, inflated = Buffer.alloc(0) } = batch;
  const body = batch.body ?? compressors[codec]!(inflated);
  const head = Buffer.alloc(61);
  head.writeBigInt64BE(BigInt(baseOffset));
  head.writeInt32BE(49 + body.length, 8);
  head.writeInt8(2, 16);
  head.writeInt16BE(codec, 21);
  head.writeInt32BE(batch.lastOffsetDelta ?? count - 1, 23);
  head.writeBigInt64BE(TIMESTAMP_MS, 27);
  head.writeBigInt64BE(TIMESTAMP_MS, 35);
  head.writeBigInt64BE(-1n, 43);
  head.writeInt32BE(count, 57);
  const bytes = Buffer.concat([head, body]);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** The same of records. */
export function batchOf(records: readonly TestRecord[], baseOffset: number, codec = 0): Buffer {
  const inflated = Buffer.concat(records.map(recordBytes));
  return batchBytes({ baseOffset, codec, count: records.length, inflated });
}
