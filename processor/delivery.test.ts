// Every record gets there in its order, or a stub for it does, whatever the broker refuses for its size.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EncodedBatch } from '../platform/kafka/encoded-batch.ts';
import {
  batchOfRecords,
  recordsIn,
  type OutgoingRecord,
} from '../platform/kafka/record-batch-writer.ts';
import type { Sent } from '../platform/kafka/record-sender.ts';
import { deliver, stubOf } from './delivery.ts';

const record = (number: number, bytes = 10): OutgoingRecord => ({
  key: Buffer.from('k'),
  value: Buffer.alloc(bytes, 'x'),
  headers: [['other', null], ['sensorhouse-from', Buffer.from(`t@id/0/${number}`)]], // prettier-ignore
  timestampMs: 1_000 + number,
});
const originOf = ({ headers }: OutgoingRecord): string => headers.at(-1)![1]!.toString();

/** What a sender says whose broker takes values of at most so many bytes. */
function broker(bytesMax: number) {
  const log: OutgoingRecord[] = [];
  const send = async (batch: EncodedBatch): Promise<Sent> => {
    const records = await recordsIn(batch);
    const large = records.findIndex(({ value }) => value!.length > bytesMax);
    log.push(...records.slice(0, large < 0 ? records.length : large));
    if (large < 0) return { kind: 'landed' };
    const [refused, ...behind] = [records.slice(large, large + 1), records.slice(large + 1)]
      .filter(({ length }) => length > 0)
      .map((some) => batchOfRecords(0, some));
    return { kind: 'refused', refused: refused!, behind, reason: 'MESSAGE_TOO_LARGE' };
  };
  return { log, send };
}

describe('deliver', () => {
  it('replaces a refused record, and continues behind it', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 9 }), async (all, each) => {
        const { log, send } = broker(100);
        const records = all.map((bytes, number) => record(number, bytes));
        const batches = Array.from({ length: Math.ceil(records.length / each) }, (_, at) => {
          return batchOfRecords(0, records.slice(at * each, (at + 1) * each));
        });
        const refused: string[] = [];
        await deliver(batches, send, (stub) => refused.push(originOf(stub)));
        expect(log.map(originOf)).toEqual(records.map(originOf));
        const large = records.filter(({ value }) => value!.length > 100);
        expect(refused).toEqual(large.map(originOf));
        for (const [at, landed] of log.entries()) {
          if (large.includes(records[at]!)) expect(landed).not.toEqual(records[at]);
          else expect(landed).toEqual(records[at]);
        }
      }),
    );
  });

  it('gives up where not even a stub is taken', async () => {
    const { send } = broker(5);
    await expect(deliver([batchOfRecords(0, [record(0)])], send, () => undefined)).rejects.toThrow(
      /refuses even/,
    );
  });
});

describe('a stub', () => {
  it('names the refused record, under the origin, the key and the time of the record', () => {
    expect(stubOf(record(7, 3_000), 'MESSAGE_TOO_LARGE')).toEqual({
      key: Buffer.from('k'),
      value: Buffer.from('{"refused":"MESSAGE_TOO_LARGE","bytes":3000}'),
      headers: [['sensorhouse-from', Buffer.from('t@id/0/7')]],
      timestampMs: 1_007,
    });
    const large = { ...record(1), key: Buffer.alloc(5_000), value: null };
    expect(stubOf(large, 'INVALID_RECORD')).toMatchObject({ key: null });
    expect(stubOf(record(1), 'INVALID_TIMESTAMP').timestampMs).toBeGreaterThan(1_700_000_000_000);
  });
});

it('a stub keeps a key of a kilobyte, and no longer one', () => {
  const keyed = (bytes: number) =>
    stubOf({ ...record(1), key: Buffer.alloc(bytes) }, 'MESSAGE_TOO_LARGE').key;
  expect(keyed(1_024)).toHaveLength(1_024);
  expect(keyed(1_025)).toBeNull();
  expect(stubOf({ ...record(1), key: null }, 'MESSAGE_TOO_LARGE').key).toBeNull();
});
