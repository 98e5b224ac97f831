// Record batches as kafkajs itself writes them, read where they lie.
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { Records } from './record-batch.ts';
import { batchOf as batchOfTest } from './test-batches.ts';
import { rawBatches } from './record-set.ts';

const require = createRequire(import.meta.url);

interface Encoded {
  readonly buffer: Buffer;
}
interface Written {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestamp: number;
  readonly offsetDelta: number;
  readonly headers: Record<string, Buffer>;
}
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: {
  offsetDelta: number;
  timestampDelta: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, Buffer>;
}) => Encoded;
const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (batch: object) => Promise<Encoded>;
};

/** A batch in the log's bytes: what kafkajs sends, with the base offset a broker would give it. */
async function batchOf(written: readonly Written[], base: number, fixed = false): Promise<Buffer> {
  const first = Math.min(...written.map(({ timestamp }) => timestamp));
  const records = written.map((record) =>
    encodeRecord({ ...record, timestampDelta: record.timestamp - first }),
  );
  const { buffer } = await RecordBatch({
    firstTimestamp: first,
    maxTimestamp: Math.max(...written.map(({ timestamp }) => timestamp)),
    lastOffsetDelta: written.at(-1)!.offsetDelta,
    records,
  });
  const bytes = Buffer.from(buffer);
  bytes.writeBigInt64BE(BigInt(base));
  if (!fixed) return bytes;
  bytes.writeInt16BE(bytes.readInt16BE(21) | 0x08, 21);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

const log = { from: 0, end: 2 ** 52 };

function readAll(bytes: Buffer) {
  return rawBatches(bytes, log).flatMap((raw) => {
    const records = new Records(raw, raw.body);
    const found = [];
    while (records.next()) {
      const { offset, timestampMs } = records;
      const headers = records.headers().map(([name, value]) => [name, value?.toString()]);
      found.push({
        offset,
        timestampMs,
        key: records.key()?.toString() ?? null,
        value: records.value()?.toString() ?? null,
        headers,
      });
    }
    return found;
  });
}

const text = fc.option(fc.string({ maxLength: 300 }).map((value) => Buffer.from(value)));
const written = fc
  .array(
    fc.record({
      key: text,
      value: text,
      timestamp: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_102_444_800_000 })),
      step: fc.integer({ min: 1, max: 200 }),
      headers: fc.dictionary(
        fc.constantFrom('a', 'trace-id', 'ü'),
        fc.string().map((value) => Buffer.from(value)),
        { noNullPrototype: true },
      ),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((records) => {
    let offsetDelta = -1;
    return records.map(({ step, ...record }) => {
      // Compaction leaves holes between the records of a batch.
      offsetDelta += step;
      return { ...record, offsetDelta };
    });
  });

describe('record batches', () => {
  it('come back as they were written, holes and all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(written, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 0, max: 2 ** 50 }),
        async (batches, base) => {
          const bytes: Buffer[] = [];
          const expected = [];
          let from = base;
          for (const records of batches) {
            bytes.push(await batchOf(records, from));
            for (const { headers, key, offsetDelta, timestamp, value } of records) {
              expected.push({
                offset: from + offsetDelta,
                timestampMs: timestamp,
                key: key?.toString() ?? null,
                value: value?.toString() ?? null,
                headers: Object.entries(headers).map(([name, held]) => [name, held.toString()]),
              });
            }
            from += records.at(-1)!.offsetDelta + 1;
          }
          expect(readAll(Buffer.concat(bytes))).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  const plain = [0, 1].map((offsetDelta) => {
    const [key, value] = [Buffer.from('k'), Buffer.from('{}')];
    return { key, value, timestamp: 1_000 + offsetDelta, offsetDelta, headers: {} };
  });

  it('take the time of appending for all records where the topic says so', async () => {
    const times = readAll(await batchOf(plain, 7, true)).map(({ timestampMs }) => timestampMs);
    expect(times).toEqual([1_001, 1_001]);
  });

  it('keep the sign of a time that a double cannot hold exactly', async () => {
    const [raw] = rawBatches(await batchOf(plain, 0), log);
    // Attributes, a time of -2^62 after the first, the first offset, neither key, value nor headers.
    const delta = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    const record = Buffer.from([0, ...delta, 0, 1, 1, 0]);
    const body = Buffer.concat([Buffer.from([2 * record.length]), record]);
    const records = new Records({ ...raw!, count: 1, timestampMs: 0, body }, body);
    expect(records.next()).toBe(true);
    expect(records.timestampMs).toBeLessThan(0);
  });

  it('end where the fetch cut them off', async () => {
    const [first, second] = [await batchOf(plain, 0), await batchOf(plain, 2)];
    for (let cut = 0; cut < second.length; cut += 1) {
      const bytes = Buffer.concat([first, second.subarray(0, cut)]);
      expect(
        rawBatches(bytes, log).map(({ baseOffset, lastOffset }) => [baseOffset, lastOffset]),
      ).toEqual([[0, 1]]);
    }
  });

  it('find the last value of a header, whatever lies around it', () => {
    const name = fc.constantFrom('a', 'from', 'fro', 'from2', 'ü');
    const held = fc.option(fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)));
    const all = fc.array(fc.array(fc.tuple(name, held), { maxLength: 6 }), { maxLength: 5 });
    fc.assert(
      fc.property(all, (each) => {
        const written = each.map((headers) => ({ value: Buffer.from('from'), headers }));
        const [raw] = rawBatches(batchOfTest(written, 3), log);
        if (raw === undefined) return;
        const records = new Records(raw, raw.body);
        for (const headers of each) {
          expect(records.next()).toBe(true);
          const last = headers.findLast(([found]) => found === 'from')?.[1] ?? undefined;
          expect(records.header(Buffer.from('from'))).toEqual(last);
          expect(records.findHeader(Buffer.from('from'))).toBe(last !== undefined);
        }
      }),
    );
  });

  it('find no header behind a damaged one, and none in the record behind', () => {
    const from = { value: null, headers: [['from', Buffer.from('1')]] } as const;
    const [raw] = rawBatches(batchOfTest([from, from], 0), log);
    for (let at = 0; at < raw!.body.length / 2; at += 1) {
      const body = Buffer.from(raw!.body);
      // A length that reaches beyond the record.
      body[at] = 0xfe;
      const records = new Records({ ...raw!, body }, body);
      if (!records.next() || !records.findHeader(Buffer.from('from'))) continue;
      expect(records.headerEnd).toBeLessThanOrEqual(body.length / 2);
    }
  });
});
