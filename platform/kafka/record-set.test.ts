// A record set is cut into its batches up to the first one that is damaged, and what that one covers is never
// more than what cannot be read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rawBatches } from './record-set.ts';
import { crc32c } from './crc32c.ts';
import { batchBytes, batchOf } from './test-batches.ts';

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

  it('refuses another magic, a batch before the requested offset and one beyond the log', () => {
    const old = Buffer.from(set);
    old[16] = 1;
    expect(rawBatches(old, log)).toMatchObject([
      { damage: 'its magic is 1, not 2', lastOffset: 12 },
    ]);
    expect(rawBatches(set, { from: 20, end: 40 })[0]!.damage).toMatch(/before the 20/);
    expect(rawBatches(set, { from: 10, end: 12 })[0]!.damage).toMatch(/beyond the end of the log/);
  });
});

describe('what a batch says of itself', () => {
  /** A batch with a right checksum and another head. */
  function batchWith(change: (bytes: Buffer) => void, baseOffset = 10, count = 3): Buffer {
    const bytes = batchBytes({ baseOffset, count });
    change(bytes);
    bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
    return bytes;
  }
  const of = (bytes: Buffer, asked = log) => rawBatches(bytes, asked)[0]!;

  it('is read bit by bit', () => {
    const plain = { control: false, transactional: false, timestampIsFixed: false, damage: undefined };
    const times = (bytes: Buffer) => {
      bytes.writeBigInt64BE(111n, 27);
      bytes.writeBigInt64BE(222n, 35);
    };
    expect(of(batchWith(times))).toMatchObject({ ...plain, codec: 0, timestampMs: 111 });
    const flagged = (flags: number) =>
      of(batchWith((bytes) => void (times(bytes), bytes.writeInt16BE(flags, 21))));
    expect(flagged(0x08 | 4)).toMatchObject({ ...plain, codec: 4, timestampIsFixed: true, timestampMs: 222 });
    expect(flagged(0x10)).toMatchObject({ ...plain, transactional: true, timestampMs: 111 });
    expect(flagged(0x30)).toMatchObject({ ...plain, transactional: true, control: true });
  }); // prettier-ignore

  it('may be the greatest offset that is exact, and none beyond', () => {
    const end = Number.MAX_SAFE_INTEGER;
    const at = (base: bigint) => batchWith((bytes) => void bytes.writeBigInt64BE(base), 10, 1);
    expect(of(at(0n), { from: 0, end: 1 }).damage).toBeUndefined();
    expect(of(at(-1n), { from: 0, end: 1 }).damage).toBe('its offset is out of range');
    expect(of(at(BigInt(end)), { from: end, end: end + 1 }).damage).toBeUndefined();
    const beyond = { from: end, end: Infinity };
    expect(of(at(BigInt(end) + 1n), beyond).damage).toBe('its offset is out of range');
  });

  it('may be one offset and no record, and nothing negative', () => {
    const wrong = (at: number, value: number) =>
      of(batchWith((bytes) => void bytes.writeInt32BE(value, at))).damage;
    expect([wrong(23, 0), wrong(57, 0)]).toEqual([undefined, undefined]);
    expect(wrong(23, -1)).toBe('it ends before it begins');
    expect(wrong(57, -1)).toBe('its number of records is negative');
    expect(of(batchBytes({ baseOffset: 10, count: 1 })).body).toHaveLength(0);
  });

  it('has to fit between what was asked for and the end of the log', () => {
    const batch = batchBytes({ baseOffset: 10, count: 3 });
    const damage = (from: number, end: number) => of(batch, { from, end }).damage;
    expect([damage(12, 13), damage(10, 13)]).toEqual([undefined, undefined]);
    expect(damage(13, 20)).toContain('before the 13');
    expect(damage(10, 12)).toContain('beyond the end');
  });
});

describe('behind the first batch', () => {
  it('nothing is read once the log ends, and what is cut off there is no damage', () => {
    const garbage = Buffer.alloc(100, 7);
    garbage.writeInt32BE(88, 8);
    const whole = rawBatches(Buffer.concat([set, garbage]), log);
    expect(whole.map(({ damage }) => damage)).toEqual([undefined, undefined, undefined]);
    const further = rawBatches(Buffer.concat([set, garbage]), { from: 10, end: 20 });
    expect(further.at(-1)).toMatchObject({ baseOffset: 19, damage: expect.any(String) as string });
    const cut = rawBatches(set.subarray(0, set.length - 1), log);
    expect(cut.map(({ damage }) => damage)).toEqual([undefined, undefined]);
  });
});

describe('how far a damaged batch reaches', () => {
  /** The checksum is wrong; what follows lies right behind. */
  const broken = (baseOffset: number, count: number): Buffer => {
    const bytes = batchBytes({ baseOffset, count });
    bytes[17]! ^= 1;
    return bytes;
  };
  const reach = (bytes: Buffer, from = 10, end = 19) => rawBatches(bytes, { from, end })[0]!;

  it('is up to the batch behind it, if that is one and lies within the log', () => {
    const behind = (base: number) => Buffer.concat([broken(10, 9), batchBytes({ baseOffset: base, count: 1 })]);
    expect(reach(behind(14))).toMatchObject({ baseOffset: 10, lastOffset: 13, count: 0 });
    expect(reach(behind(19)).lastOffset).toBe(18);
    // What follows says nothing that can be true: its own word is taken.
    for (const base of [10, 9, 20]) expect(reach(behind(base)).lastOffset).toBe(18);
    expect(reach(Buffer.concat([broken(10, 5), broken(12, 1)])).lastOffset).toBe(14);
  }); // prettier-ignore

  it('is its own word where that is possible, and else one offset', () => {
    expect(reach(broken(10, 9)).lastOffset).toBe(18);
    expect(reach(broken(10, 10)).lastOffset).toBe(10);
    expect(reach(broken(8, 5), 12).lastOffset).toBe(12);
    expect(reach(broken(8, 5), 11).lastOffset).toBe(12);
    expect(reach(broken(8, 5), 13).lastOffset).toBe(13);
    expect(reach(broken(11, 5)).lastOffset).toBe(10);
    expect(reach(broken(10, 5).subarray(0, 27)).lastOffset).toBe(14);
    expect(reach(broken(10, 5).subarray(0, 26)).lastOffset).toBe(10);
  });

  it('is noted with its head, by which it is known again', () => {
    const bytes = Buffer.concat([broken(10, 3), batchBytes({ baseOffset: 13, count: 1 })]);
    expect(reach(bytes)).toMatchObject({
      ...{ control: false, transactional: false, timestampIsFixed: false, codec: 0 },
      body: bytes.subarray(0, 61),
    });
    const second = Buffer.concat([batchBytes({ baseOffset: 10, count: 3 }), broken(13, 3)]);
    expect(rawBatches(second, log)[1]!.body).toEqual(second.subarray(61));
  });
});
