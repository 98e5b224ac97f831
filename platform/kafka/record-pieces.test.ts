// A batch of any codec and size gives the same records whole or in pieces; what is too large is cut, what is
// past the limit or damaged is named, and the window stays small.
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, it } from 'vitest';
import { inflatedWhole } from './inflate.ts';
import { Records } from './record-batch.ts';
import { pieces, type InflateLimits } from './record-pieces.ts';
import { rawBatches } from './record-set.ts';
import { frameSnappy } from './snappy-frames.ts';
import { batchBytes, batchOf, recordBytes, varint, type TestRecord } from './test-batches.ts';

const limits: InflateLimits = { batchBytes: 2 ** 27, recordBytes: 2 ** 21 };
const log = { from: 0, end: 2 ** 40 };

interface Read {
  readonly offset: number;
  readonly value: string;
  readonly isCut: boolean;
  readonly wholeBytes: number;
}

async function read(bytes: Buffer, within = limits) {
  const [raw] = rawBatches(bytes, log);
  const found: Read[] = [];
  const damage: string[] = [];
  let covered = raw!.baseOffset - 1;
  let largest = 0;
  for await (const records of pieces(raw!, within)) {
    largest = Math.max(largest, records.bytes.buffer.byteLength);
    while (records.next()) {
      const { offset, isCut, valueAt, valueEnd, wholeValueBytes } = records;
      const wholeBytes = isCut ? wholeValueBytes : valueEnd - valueAt;
      const value = (records.value() ?? Buffer.alloc(0)).toString('latin1').slice(0, 20);
      found.push({ offset, isCut, wholeBytes, value });
    }
    expect(records.lastOffset).toBeGreaterThanOrEqual(covered);
    covered = records.lastOffset;
    if (records.damage !== undefined) damage.push(records.damage);
  }
  expect(covered).toBe(raw!.lastOffset);
  return { found, damage, largest };
}

const codecs = [
  ['gzip', 1],
  ['snappy', 2],
  ['lz4', 3],
  ['zstd', 4],
] as const;

describe.each(codecs)('a batch of %s in pieces', (_, codec) => {
  it('has the records that it has whole', async () => {
    const value = fc.oneof(
      { weight: 20, arbitrary: fc.string({ maxLength: 200 }).map((text) => Buffer.from(text)) },
      fc.integer({ min: 0, max: 1_500_000 }).map((length) => Buffer.alloc(length, length % 251)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 40 }), async (values) => {
        const records: TestRecord[] = values.map((held) => ({
          key: Buffer.from('k'),
          value: held,
        }));
        const bytes = batchOf(records, 5, codec);
        const { damage, found } = await read(bytes);
        expect(damage).toEqual([]);
        expect(found.map(({ offset }) => offset)).toEqual(values.map((_value, at) => 5 + at));
        expect(found.map(({ wholeBytes }) => wholeBytes)).toEqual(
          values.map(({ length }) => length),
        );
        const [raw] = rawBatches(bytes, log);
        const whole = await inflatedWhole(raw!.body, codec, 2 ** 30);
        expect(whole?.equals(Buffer.concat(records.map(recordBytes)))).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('is not inflated beyond what is asked for', async () => {
    const [raw] = rawBatches(batchOf([{ value: Buffer.alloc(20_000_000) }], 0, codec), log);
    expect(await inflatedWhole(raw!.body, codec, 8_388_608)).toBeUndefined();
    expect((await inflatedWhole(raw!.body, codec, 2 ** 25))?.length).toBe(20_000_013);
  });

  it('cuts a record that is too large and reads those around it, in a window of a megabyte', async () => {
    const small = { value: Buffer.from('small') };
    const bytes = batchOf([small, { value: Buffer.alloc(24_000_000, 'x') }, small], 0, codec);
    const { damage, found, largest } = await read(bytes);
    expect(damage).toEqual([]);
    expect(found).toEqual([
      { offset: 0, isCut: false, wholeBytes: 5, value: 'small' },
      { offset: 1, isCut: true, wholeBytes: 24_000_000, value: 'x'.repeat(20) },
      { offset: 2, isCut: false, wholeBytes: 5, value: 'small' },
    ]);
    expect(largest).toBe(1_048_576);
  });

  it('ends at the limit, with what lies before it', async () => {
    const records = Array.from({ length: 300 }, () => ({ value: Buffer.alloc(50_000) }));
    const { damage, found } = await read(batchOf(records, 0, codec), {
      ...limits,
      batchBytes: 5_000_000,
    });
    expect(found).toHaveLength(99);
    expect(damage).toEqual(['it inflates to more than 5000000 bytes']);
  });

  it('keeps no record of what it cannot decompress', async () => {
    const body = Buffer.from('this is not compressed at all, by no codec that there is');
    const { damage, found } = await read(batchBytes({ baseOffset: 0, codec, count: 5, body }));
    expect(found).toEqual([]);
    expect(damage).toHaveLength(1);
  });

  it('gives the same when it is read again, whichever byte is wrong', async () => {
    const records = Array.from({ length: 400 }, (_each, at) => ({
      value: Buffer.from(`{"n":${at}}`),
    }));
    const [raw] = rawBatches(batchOf(records, 0, codec), log);
    await fc.assert(
      fc.asyncProperty(fc.nat(raw!.body.length - 1), fc.nat(255), async (at, byte) => {
        const body = Buffer.from(raw!.body);
        body[at] = byte;
        const bytes = batchBytes({ baseOffset: 0, codec, count: 400, body });
        const first = await read(bytes);
        expect(await read(bytes)).toEqual(first);
        expect(new Set(first.found.map(({ offset }) => offset)).size).toBe(first.found.length);
      }),
      { numRuns: 40 },
    );
  });
});

describe('frames that brokers and Java clients read as one', () => {
  const [one, other] = [0, 3].map((from) =>
    Buffer.concat([0, 1, 2].map((at) => recordBytes({ value: Buffer.from('v') }, from + at))),
  ) as [Buffer, Buffer];
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const [stream, another] = [one, other].map((bytes) => frameSnappy(compressSync(bytes)));
  const [frame, next] = [one, other].map((bytes) => zstdCompressSync(bytes));

  it.each([
    ['two gzip members', 1, [gzipSync(one), gzipSync(other)]],
    ['two snappy streams', 2, [stream!, another!]],
    ['two zstd frames', 4, [frame!, next!]],
    ['an empty zstd frame before others', 4, [zstdCompressSync(''), frame!, next!]],
    ['skippable zstd frames', 4, [skippable, frame!, skippable, next!, skippable]],
  ])('%s', async (_, codec, parts) => {
    const bytes = batchBytes({ baseOffset: 0, codec, count: 6, body: Buffer.concat(parts) });
    const { damage, found } = await read(bytes);
    expect([found.map(({ offset }) => offset), damage]).toEqual([[0, 1, 2, 3, 4, 5], []]);
    const [raw] = rawBatches(bytes, log);
    const whole = await inflatedWhole(raw!.body, codec, one.length + other.length);
    expect(whole?.equals(Buffer.concat([one, other]))).toBe(true);
    expect(await inflatedWhole(raw!.body, codec, one.length + other.length - 1)).toBeUndefined();
  });

  it('not of more zstd frames than are worth a decoder each', async () => {
    const body = Buffer.concat([...Array<Buffer>(256).fill(frame!), frame!]);
    expect(await inflatedWhole(body, 4, 2 ** 20)).toBeUndefined();
    expect((await inflatedWhole(body.subarray(frame!.length), 4, 2 ** 20))?.length).toBe(
      256 * one.length,
    );
  });
});

it('an unknown codec is damage', async () => {
  const { damage, found } = await read(
    batchBytes({ baseOffset: 0, codec: 6, count: 5, body: Buffer.alloc(9) }),
  );
  expect([found, damage]).toEqual([[], ['it cannot be decompressed (6 is not a known codec)']]);
});

it('one record of a gigabyte is cut without being inflated', async () => {
  const size = 1_000_000_000;
  const head = [varint(size + 20), Buffer.from([0]), varint(0), varint(0), varint(-1), varint(size)];
  const inflated = Buffer.concat([...head, Buffer.alloc(4_000_000)]);
  // Its second half is missing: nobody looks for it.
  for (const [codec, body] of [[1, gzipSync(inflated)], [4, zstdCompressSync(inflated)]] as const) {
    const { damage, found } = await read(batchBytes({ baseOffset: 0, codec, count: 1, body }));
    expect(damage).toEqual([]);
    expect(found).toMatchObject([{ offset: 0, isCut: true, wholeBytes: size }]);
  }
}); // prettier-ignore

describe('records that contradict themselves', () => {
  const good = recordBytes({ value: Buffer.from('good') }, 0);
  it.each([
    [
      'end early',
      Buffer.concat([good, recordBytes({ value: Buffer.alloc(40) }, 1).subarray(0, 20)]),
    ],
    ['have a negative length', Buffer.concat([good, varint(-7), Buffer.alloc(40)])],
    ['have a length without an end', Buffer.concat([good, Buffer.alloc(60, 0xff)])],
    ['have the same offset again', Buffer.concat([good, good])],
    ['lie beyond their batch', Buffer.concat([good, recordBytes({ value: Buffer.alloc(1) }, 9)])],
  ])('%s: those before them are kept, whole or in pieces', async (_, inflated) => {
    for (const codec of [0, 1, 2, 3, 4]) {
      const bytes = batchBytes({ baseOffset: 7, codec, count: 3, inflated });
      const [raw] = rawBatches(bytes, log);
      const records = new Records(raw!, (await inflatedWhole(raw!.body, codec, 2 ** 20))!);
      expect(records.next()).toBe(true);
      expect([records.offset, records.value()?.toString()]).toEqual([7, 'good']);
      while (records.next());
      expect(records.offset).toBe(7);
      expect(records.damage).toBeTypeOf('string');
      if (codec === 0) continue;
      const { damage, found } = await read(bytes);
      expect(found).toMatchObject([{ offset: 7, value: 'good' }]);
      expect(damage).toHaveLength(1);
    }
  });
});

it('does not pass over a batch for which memory ran out', async () => {
  const [raw] = rawBatches(batchOf([{ value: Buffer.from('x') }], 0), log);
  const starved = {
    ...raw!,
    get body(): Buffer {
      throw new RangeError('Array buffer allocation failed');
    },
  };
  await expect(pieces(starved, limits).next()).rejects.toThrow(RangeError);
});

describe('what ends the records of a batch early', () => {
  const damageOf = async (inflated: Buffer, count = 2): Promise<string[]> =>
    (await read(batchBytes({ baseOffset: 0, codec: 1, count, inflated }))).damage;
  const one = recordBytes({ value: Buffer.from('v') }, 0);

  it('is named: a number without an end, a record without a length, an order that is none', async () => {
    const disorder = 'a record has no length, or its offset is not after the one before it';
    const behind = (byte: number) => Buffer.concat([one, Buffer.alloc(1_100_000, byte)]);
    expect(await damageOf(behind(0xff))).toEqual(['a number in a record has no end']);
    expect(await damageOf(behind(0))).toEqual([disorder]);
    expect(await damageOf(Buffer.concat([one, one, behind(0)]))).toEqual([disorder]);
    expect(await damageOf(one)).toEqual(['its records end early']);
    expect(await damageOf(one, 1)).toEqual([]);
  });

  it('is not a record of exactly the size that is read whole; one byte more is cut', async () => {
    const record = { value: Buffer.alloc(1_500_000, 'x') };
    const bytes = batchOf([record], 0, 1);
    const recordSize = recordBytes(record, 0).length;
    const isCut = async (most: number) =>
      (await read(bytes, { ...limits, recordBytes: most })).found.map((each) => each.isCut);
    expect(await isCut(recordSize)).toEqual([false]);
    expect(await isCut(recordSize - 1)).toEqual([true]);
  });
});
