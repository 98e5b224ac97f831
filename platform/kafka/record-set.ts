// A record set of Kafka's log format, cut into its batches without decompressing them. Every batch is held
// to its checksum and its lengths; one that fails is named damaged and ends the set, because nothing that
// it says about itself, or about the transactions around it, can be trusted. Pure.
import { crc32c } from './crc32c.ts';
import type { RawRecordBatch } from './record-batch.ts';

/** Bytes before the records: base offset to record count. */
const HEAD_BYTES = 61;
const LENGTH_AT = 8;
/** The length counts from here. */
const COUNTED_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
/** The checksum covers everything from here on. */
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const FIRST_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const COUNT_AT = 57;

const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/** What was asked for: the first offset, and one past the last offset of the log. */
export interface Asked {
  readonly from: number;
  readonly end: number;
}

/**
 * The batches of a record set, up to the first damaged one. What follows the last whole batch was cut off by
 * the fetch's byte limit, which the protocol allows, but never in the first batch.
 */
export function rawBatches(records: Buffer, { end, from }: Asked): RawRecordBatch[] {
  const found: RawRecordBatch[] = [];
  let next = from;
  for (let at = 0; at < records.length;) {
    const batchEnd = endOf(records, at);
    const isCut = batchEnd === undefined || batchEnd > records.length;
    if (found.length > 0 && (isCut || next >= end)) break;
    const damage = isCut
      ? 'it is cut short'
      : (damageOf(records, at, batchEnd) ?? misplaced(records, at, { from: next, end }));
    if (damage !== undefined) {
      found.push(damagedBatch(records, at, { from: next, end }, damage));
      break;
    }
    const batch = rawBatch(records.subarray(at, batchEnd));
    found.push(batch);
    next = Math.max(next, batch.lastOffset + 1);
    at = batchEnd!;
  }
  return found;
}

/** Where the batch at `at` says that it ends; undefined when not even its head is there. */
function endOf(records: Buffer, at: number): number | undefined {
  if (at + HEAD_BYTES > records.length) return undefined;
  return at + COUNTED_AT + records.readInt32BE(at + LENGTH_AT);
}

function damageOf(records: Buffer, at: number, end: number): string | undefined {
  const magic = records.readInt8(at + MAGIC_AT);
  if (magic !== 2) return `its magic is ${magic}, not 2`;
  if (end < at + HEAD_BYTES) return 'it is shorter than its head';
  const checksum = records.readUInt32BE(at + CRC_AT);
  if (crc32c(records.subarray(at + ATTRIBUTES_AT, end)) !== checksum)
    return 'its checksum is wrong';
  const base = records.readBigInt64BE(at);
  if (base < 0n || base > BigInt(Number.MAX_SAFE_INTEGER)) return 'its offset is out of range';
  if (records.readInt32BE(at + LAST_OFFSET_DELTA_AT) < 0) return 'it ends before it begins';
  if (records.readInt32BE(at + COUNT_AT) < 0) return 'its number of records is negative';
  return undefined;
}

/** Neither its offset nor its length is covered by the checksum; a batch follows the one before it. */
function misplaced(records: Buffer, at: number, { end, from }: Asked): string | undefined {
  const base = Number(records.readBigInt64BE(at));
  const last = base + records.readInt32BE(at + LAST_OFFSET_DELTA_AT);
  if (last < from) return `it ends at offset ${last}, before the ${from} that was asked for`;
  return last < end ? undefined : `it ends at offset ${last}, beyond the end of the log`;
}

function rawBatch(bytes: Buffer): RawRecordBatch {
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const baseOffset = Number(bytes.readBigInt64BE(0));
  const timestampIsFixed = (attributes & LOG_APPEND_TIME) !== 0;
  return {
    baseOffset,
    lastOffset: baseOffset + bytes.readInt32BE(LAST_OFFSET_DELTA_AT),
    count: bytes.readInt32BE(COUNT_AT),
    codec: attributes & CODEC_MASK,
    control: (attributes & CONTROL) !== 0,
    transactional: (attributes & TRANSACTIONAL) !== 0,
    producerId: bytes.readBigInt64BE(PRODUCER_ID_AT),
    timestampMs: Number(
      bytes.readBigInt64BE(timestampIsFixed ? MAX_TIMESTAMP_AT : FIRST_TIMESTAMP_AT),
    ),
    timestampIsFixed,
    body: bytes.subarray(HEAD_BYTES),
    damage: undefined,
  };
}

/** Stands for a batch that cannot be read: no records, from the offset asked for to {@link lastOffset}. */
function damagedBatch(records: Buffer, at: number, asked: Asked, damage: string): RawRecordBatch {
  return {
    baseOffset: asked.from,
    lastOffset: lastOffset(records, at, asked),
    count: 0,
    codec: 0,
    control: false,
    transactional: false,
    producerId: -1n,
    timestampMs: 0,
    timestampIsFixed: false,
    // Its head, by which it is known again when it is fetched a second time.
    body: records.subarray(at, at + HEAD_BYTES),
    damage,
  };
}

/**
 * The last offset of a batch of which nothing can be trusted: before the batch that follows, else what it
 * says itself where that is possible, else only the one that was asked for. Too few offsets cost another
 * fetch, too many would pass over records that can be read.
 */
function lastOffset(records: Buffer, at: number, { end, from }: Asked): number {
  const next = endOf(records, at) ?? records.length;
  if (next >= at + HEAD_BYTES && next + HEAD_BYTES <= records.length) {
    const base = Number(records.readBigInt64BE(next));
    const isBatch = damageOf(records, next, endOf(records, next)!) === undefined;
    if (isBatch && base > from && base <= end) return base - 1;
  }
  if (at + FIRST_TIMESTAMP_AT > records.length) return from;
  const base = Number(records.readBigInt64BE(at));
  const last = base + records.readInt32BE(at + LAST_OFFSET_DELTA_AT);
  return base <= from && from <= last && last < end ? last : from;
}
