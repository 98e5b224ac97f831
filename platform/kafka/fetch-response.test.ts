// What of a fetch may be read when transactions were committed, aborted or are interleaved.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFetchResponse, settled, type AbortedTransaction } from './fetch-response.ts';
import type { RawRecordBatch } from './record-batch.ts';

function batch(
  offset: number,
  producerId: number,
  kind: 'plain' | 'in' | 'marker',
): RawRecordBatch {
  return {
    baseOffset: offset,
    lastOffset: offset,
    count: 1,
    codec: 0,
    control: kind === 'marker',
    transactional: kind !== 'plain',
    producerId: BigInt(producerId),
    timestampMs: 0,
    timestampIsFixed: false,
    body: Buffer.alloc(0),
    damage: undefined,
  };
}

describe('settled', () => {
  it('leaves out exactly the records of aborted transactions, and markers', () => {
    // A script of producers: each opens, writes and ends transactions or writes without one.
    const step = fc.record({
      producer: fc.integer({ min: 1, max: 3 }),
      act: fc.constantFrom('plain', 'write', 'commit', 'abort'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (script, fetchedAt) => {
        const log: { raw: RawRecordBatch; readable: boolean }[] = [];
        const open = new Map<number, number[]>();
        const aborted: AbortedTransaction[] = [];
        for (const { act, producer } of script) {
          const offset = log.length;
          const writes = open.get(producer);
          if (act === 'plain' && writes === undefined) {
            log.push({ raw: batch(offset, producer, 'plain'), readable: true });
          } else if (act === 'write') {
            open.set(producer, [...(writes ?? []), offset]);
            log.push({ raw: batch(offset, producer, 'in'), readable: true });
          } else if ((act === 'commit' || act === 'abort') && writes !== undefined) {
            log.push({ raw: batch(offset, producer, 'marker'), readable: false });
            open.delete(producer);
            if (act === 'commit') continue;
            for (const written of writes) log[written]!.readable = false;
            // The broker names what overlaps the fetch, in the order in which it was aborted.
            if (offset >= fetchedAt) {
              aborted.push({ producerId: BigInt(producer), firstOffset: writes[0]! });
            }
          }
        }
        // A fetch never goes beyond the first open transaction.
        const stable = Math.min(log.length, ...[...open.values()].map(([first]) => first!));
        const fetched = log.slice(fetchedAt, Math.max(fetchedAt, stable));
        const found = settled(
          fetched.map(({ raw }) => raw),
          aborted,
        );
        expect(found.map(({ readable }) => readable)).toEqual(
          fetched.map(({ readable }) => readable),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('readFetchResponse', () => {
  it('refuses a response that ends early', () => {
    const bytes = Buffer.alloc(14);
    expect(readFetchResponse(bytes, 11, () => 0).responses).toEqual([]);
    bytes.writeInt32BE(1, 10);
    expect(() => readFetchResponse(bytes, 11, () => 0)).toThrow(RangeError);
  });
});

describe('the end of a partition', () => {
  /** Version 4: one topic with one partition, no records. */
  const response = (end: bigint, stable: bigint): Buffer => {
    const bytes = Buffer.alloc(47);
    bytes.writeInt32BE(1, 4);
    bytes.writeInt16BE(1, 8);
    bytes.write('t', 10);
    bytes.writeInt32BE(1, 11);
    bytes.writeBigInt64BE(end, 21);
    bytes.writeBigInt64BE(stable, 29);
    return bytes;
  };

  it('is where reading ends: records behind an open transaction are not lag', () => {
    const endOf = (bytes: Buffer) =>
      readFetchResponse(bytes, 4, () => 0).responses[0]!.partitions[0]!.highWatermark;
    expect(endOf(response(140n, 30n))).toBe('30');
    // An old broker does not know the last stable offset.
    expect(endOf(response(140n, -1n))).toBe('140');
  });
});
