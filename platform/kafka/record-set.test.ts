// A record set is cut into its batches up to the first one that is damaged, and what that one covers is never
// more than what cannot be read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rawBatches } from './record-set.ts';
import { batchOf } from './test-batches.ts';

const record = { key: Buffer.from('k'), value: Buffer.from('{"a":1}') };
/** Three batches of three records: offsets 10 to 18. */
const batches = [10, 13, 16].map((base) => batchOf([record, record, record], base));
const set = Buffer.concat(batches);
const log = { from: 10, end: 19 };

describe('rawBatches', () => {
  it('finds a flipped bit, names no offset of a whole batch unreadable and goes no further', () => {
    fc.assert(
      fc.property(fc.nat(set.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(set);
        bytes[at]! ^= flip;
        const hit = Math.floor(at / batches[0]!.length);
        const within = at % batches[0]!.length;
        const found = rawBatches(bytes, log);
        const whole = found.filter(({ damage }) => damage === undefined);
        // The broker's own, and nothing holds it to anything: an offset that is later looks like a hole.
        if (within < 8 || (within >= 12 && within < 16)) return;
        expect(whole.slice(0, hit).map(({ baseOffset }) => baseOffset)).toEqual(
          [10, 13, 16].slice(0, hit),
        );
        // A length that is too long looks like the end of the fetch, unless the batch is the first.
        const damaged = found.find(({ damage }) => damage !== undefined);
        if (damaged === undefined) {
          expect(within >= 8 && within < 12 && hit > 0).toBe(true);
          expect(found).toHaveLength(hit);
          return;
        }
        expect(found.indexOf(damaged)).toBe(found.length - 1);
        expect(damaged.baseOffset).toBeGreaterThanOrEqual(10 + 3 * hit);
        expect(damaged.lastOffset).toBeGreaterThanOrEqual(damaged.baseOffset);
        expect(damaged.lastOffset).toBeLessThan(19);
        if (within >= 12 && hit < 2) expect(damaged.lastOffset).toBe(12 + 3 * hit);
      }),
      { numRuns: 2_000 },
    );
  });

  it('passes one offset where a batch says nothing that can be true of how far it goes', () => {
    const bytes = Buffer.from(batches[0]!);
    bytes.writeInt32BE(2 ** 30, 23);
    const [damaged] = rawBatches(bytes, log);
    expect(damaged).toMatchObject({
      baseOffset: 10,
      lastOffset: 10,
      damage: 'its checksum is wrong',
    });
    // The next fetch brings the same batch again, and so on to its end.
    const [next] = rawBatches(bytes, { from: 11, end: 19 });
    expect(next).toMatchObject({ baseOffset: 11, lastOffset: 11 });
  });

  it.each([
    ['a length that is negative', 8, -1, 'it is shorter than its head'],
    ['a length beyond the fetch', 8, 2 ** 30, 'it is cut short'],
  ])('reads on behind %s', (_, at, value, damage) => {
    const bytes = Buffer.from(set);
    bytes.writeInt32BE(value, at);
    expect(rawBatches(bytes, log)).toMatchObject([{ baseOffset: 10, lastOffset: 12, damage }]);
    expect(rawBatches(set.subarray(0, 30), log)).toMatchObject([{ lastOffset: 12 }]);
    expect(rawBatches(set.subarray(0, 5), log)).toMatchObject([{ lastOffset: 10 }]);
  });

  it('refuses another magic, a batch from before what was asked for and one beyond the log', () => {
    const old = Buffer.from(set);
    old[16] = 1;
    expect(rawBatches(old, log)).toMatchObject([
      { damage: 'its magic is 1, not 2', lastOffset: 12 },
    ]);
    expect(rawBatches(set, { from: 20, end: 40 })[0]!.damage).toMatch(/before the 20/);
    expect(rawBatches(set, { from: 10, end: 12 })[0]!.damage).toMatch(/beyond the end of the log/);
  });
});
