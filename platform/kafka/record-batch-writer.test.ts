// Batches of our own writer, read back by our reader and by kafkajs's, of every codec and in halves.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { registerCodecs } from './codecs.ts';
import { inflatedWhole } from './inflate.ts';
import { Records } from './record-batch.ts';
import { rawBatches } from './record-set.ts';
import {
  CODEC_NAMES,
  RecordBatchWriter,
  batchOfRecords,
  halved,
  headerBlock,
  type OutgoingRecord,
} from './record-batch-writer.ts';
import type { EncodedBatch } from './encoded-batch.ts';

const require = createRequire(import.meta.url);
interface TheirRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: string;
  readonly offset: string;
  readonly headers: Record<string, Buffer | Buffer[]>;
}
const decodeTheirs = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (
  decoder: object,
) => Promise<{ records: TheirRecord[]; producerId: string; firstSequence: number }>;
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
registerCodecs();

const bytes = (maxLength: number): fc.Arbitrary<Buffer | null> =>
  fc.option(fc.uint8Array({ maxLength }).map((held) => Buffer.from(held)));
/** Around the lengths at which a varint grows. */
const sizes = [0, 1, 30, 62, 63, 64, 100, 8_050, 8_191, 8_192, 20_000];
const sized = fc.constantFrom(...sizes).map((length) => Buffer.alloc(length, 'abcdefg'));
const time = fc.oneof(
  fc.constantFrom(-1, 0, 1_700_000_000_000),
  fc.integer({ min: 0, max: 4_102_444_800_000 }),
);
const record: fc.Arbitrary<OutgoingRecord> = fc.record({
  key: fc.oneof(bytes(30), sized),
  value: fc.oneof(bytes(300), sized),
  headers: fc.array(fc.tuple(fc.constantFrom('a', 'ü', '', '__proto__'), bytes(80)), {
    maxLength: 4,
  }),
  timestampMs: time,
});
const records = fc.array(record, { minLength: 1, maxLength: 12 });
const codec = fc.constantFrom(...CODEC_NAMES);

/** Compared as text: buffers are compared byte by byte, which takes minutes. */
const shown = (records: readonly OutgoingRecord[]): string[] =>
  records.map(({ headers, key, timestampMs, value }) => {
    const hex = (held: Buffer | null): string => held?.toString('latin1') ?? 'null';
    const named = headers.map(([name, held]) => `${name}=${hex(held)}`);
    return [timestampMs, hex(key), hex(value), ...named].join('|');
  });
const bytesOf = (batch: EncodedBatch): string => batch.bytes.toString('latin1');

/** What our own reader makes of the bytes that are sent. */
async function readBack(batch: EncodedBatch): Promise<OutgoingRecord[]> {
  const sent = batch.stamped({ producerId: 7, epoch: 1 });
  const [raw] = rawBatches(sent, { from: 0, end: batch.count });
  expect(raw!.damage).toBeUndefined();
  expect(raw!.count).toBe(batch.count);
  const inflated = await inflatedWhole(raw!.body, raw!.codec, 2 ** 26);
  const cursor = new Records(raw!, inflated!);
  const found: OutgoingRecord[] = [];
  while (cursor.next()) {
    const { timestampMs } = cursor;
    const [key, value] = [cursor.key(), cursor.value()];
    found.push({ key, value, headers: cursor.headers(), timestampMs });
  }
  expect(cursor.damage).toBeUndefined();
  return found;
}

describe('a record batch of our own', () => {
  it('is read back as it was written, whatever the codec', async () => {
    await fc.assert(
      fc.asyncProperty(records, codec, async (written, name) => {
        expect(shown(await readBack(batchOfRecords(2, written, name)))).toEqual(shown(written));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same however its records were appended', () => {
    fc.assert(
      fc.property(records, codec, (written, name) => {
        const [ranges, inPlace] = [new RecordBatchWriter(), new RecordBatchWriter()];
        for (const { headers, key, timestampMs, value } of written) {
          const at = Buffer.concat([Buffer.alloc(3), key ?? Buffer.alloc(0)]);
          const keyEnd = key === null ? 2 : 3 + key.length;
          const held = value ?? Buffer.alloc(0);
          const [from, to] = value === null ? [0, -1] : [0, value.length];
          const block = headers.length === 0 ? undefined : headerBlock(headers);
          ranges.append(at, 3, keyEnd, held, from, to, timestampMs, block);
          const place = inPlace.openValue(at, 3, keyEnd, timestampMs, held.length + (block?.length ?? 0)); // prettier-ignore
          if (value === null) {
            inPlace.append(at, 3, keyEnd, held, 0, -1, timestampMs, block);
          } else {
            held.copy(inPlace.bytes, place);
            inPlace.closeValue(place, place + held.length, block);
          }
        }
        const expected = bytesOf(batchOfRecords(0, written, name));
        expect(bytesOf(ranges.seal(0, name))).toBe(expected);
        expect(bytesOf(inPlace.seal(0, name))).toBe(expected);
        // A writer is as new after that.
        ranges.add(written[0]!);
        expect(bytesOf(ranges.seal(0, name))).toBe(bytesOf(batchOfRecords(0, [written[0]!], name)));
      }),
    );
  });

  it('is read by kafkajs, with its producer and its sequence', async () => {
    await fc.assert(
      fc.asyncProperty(records, codec, fc.nat(2 ** 31 - 1), async (written, name, sequence) => {
        const batch = batchOfRecords(0, written, name);
        batch.sequence = sequence;
        const sent = batch.stamped({ producerId: 123_456_789_012, epoch: 3 });
        // It reads the head up to the magic itself.
        const theirs = await decodeTheirs(new Decoder(sent));
        expect(theirs).toMatchObject({ producerId: '123456789012', firstSequence: sequence });
        const read = theirs.records.map(({ key, timestamp, value }) => {
          return { key, value, headers: [], timestampMs: Number(timestamp) };
        });
        expect(shown(read)).toEqual(shown(written.map((each) => ({ ...each, headers: [] }))));
        expect(theirs.records.map(({ offset }) => Number(offset))).toEqual([...written.keys()]);
      }),
      { numRuns: 60 },
    );
  });

  it('falls into two halves that hold the same records in order', async () => {
    const several = fc.array(record, { minLength: 2, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(several, codec, async (written, name) => {
        const halves = await halved(batchOfRecords(4, written, name), 'lz4');
        expect(halves.map(({ count }) => count)).toEqual([
          Math.ceil(written.length / 2),
          Math.floor(written.length / 2),
        ]);
        expect(halves.every(({ partition }) => partition === 4)).toBe(true);
        expect(shown((await Promise.all(halves.map(readBack))).flat())).toEqual(shown(written));
      }),
      { numRuns: 50 },
    );
  });

  it('takes times that no batch can hold exactly for the last one that it can', async () => {
    const far = { key: null, value: null, headers: [], timestampMs: 2 ** 63 };
    const [read] = await readBack(batchOfRecords(0, [far]));
    expect(read!.timestampMs).toBe(2 ** 53);
    expect(() => batchOfRecords(0, [{ ...far, timestampMs: NaN }])).toThrow(RangeError);
  });

  it('counts sequences on at 0 behind the largest Int32', () => {
    const value = Buffer.from('v');
    const batch = batchOfRecords(0, Array(5).fill({ key: null, value, headers: [], timestampMs: 0 })); // prettier-ignore
    batch.sequence = 2 ** 31 - 5;
    expect(batch.nextSequence).toBe(0);
    batch.sequence = 2 ** 31 - 2;
    expect(batch.nextSequence).toBe(3);
  });
});
