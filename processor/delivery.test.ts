// Every record gets there in its order, or a stub for it does, whatever the broker refuses for its size.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlacedRecord, Sent } from '../platform/kafka/record-sender.ts';
import { deliver, portions, stubOf } from './delivery.ts';

const record = (number: number, bytes = 10): PlacedRecord => ({
  key: Buffer.from('k'),
  value: Buffer.alloc(bytes, 'x'),
  headers: [['other', null], ['sensorhouse-from', Buffer.from(`t@id/0/${number}`)]], // prettier-ignore
  timestampMs: 1_000 + number,
});
const originOf = ({ headers }: PlacedRecord): string => headers.at(-1)![1]!.toString();

/** What a sender says whose broker takes values of at most so many bytes. */
function broker(bytesMax: number) {
  const log: PlacedRecord[] = [];
  const send = (records: readonly PlacedRecord[]): Promise<Sent> => {
    const large = records.findIndex(({ value }) => value!.length > bytesMax);
    const landed = large < 0 ? records.length : large;
    log.push(...records.slice(0, landed));
    if (large < 0) return Promise.resolve({ kind: 'landed' });
    return Promise.resolve({ kind: 'refused', landed, reason: 'MESSAGE_TOO_LARGE' });
  };
  return { log, send };
}

describe('deliver', () => {
  it('replaces what is refused, and goes on behind it', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, async (all) => {
        const { log, send } = broker(100);
        const records = all.map((bytes, number) => record(number, bytes));
        const refused: string[] = [];
        await deliver(records, send, (each) => refused.push(originOf(each)));
        expect(log.map(originOf)).toEqual(records.map(originOf));
        const large = records.filter(({ value }) => value!.length > 100);
        expect(refused).toEqual(large.map(originOf));
        for (const [at, landed] of log.entries()) {
          if (large.includes(records[at]!)) expect(landed).not.toBe(records[at]);
          else expect(landed).toBe(records[at]);
        }
      }),
    );
  });

  it('gives up where not even a stub is taken', async () => {
    const { send } = broker(5);
    await expect(deliver([record(0)], send, () => undefined)).rejects.toThrow(/refuses even/);
  });
});

describe('a stub', () => {
  it('says what was refused, under the origin, the key and the time of the record', () => {
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

describe('portions', () => {
  it('hold every record once, in order, and half a megabyte or a single one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 12 }), (sizes) => {
        const records = sizes.map((bytes, number) => record(number, bytes));
        const cut = [...portions(records)];
        expect(cut.flat()).toEqual(records);
        for (const portion of cut) {
          const bytes = portion.reduce((sum, { value }) => sum + value!.length, 0);
          expect(portion.length === 1 || bytes <= 524_288).toBe(true);
          expect(portion.length).toBeGreaterThan(0);
        }
      }),
    );
  });

  it('end exactly where a request is full', () => {
    const record_ = (bytes: number): PlacedRecord => ({
      key: null,
      value: Buffer.alloc(bytes),
      headers: [],
      timestampMs: 0,
    });
    const half = 262_144 - 20;
    expect([...portions([record_(half), record_(half)])]).toHaveLength(1);
    expect([...portions([record_(half), record_(half + 1)])]).toHaveLength(2);
    expect([...portions([])]).toEqual([]);
  });
});

it('a stub keeps a key of a kilobyte, and no longer one', () => {
  const keyed = (bytes: number) =>
    stubOf({ ...record(1), key: Buffer.alloc(bytes) }, 'MESSAGE_TOO_LARGE').key;
  expect(keyed(1_024)).toHaveLength(1_024);
  expect(keyed(1_025)).toBeNull();
});
