// Duplicates of a stream that is made from another: against every way processors may die and start again,
// what is left is each record once and in order, and nothing is ever left out that was not met.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORIGIN_HEADER, readOrigin, writeOrigin, type Origin } from '../streams/origin.ts';
import { OriginReader } from './origin-reader.ts';
import type { Origins } from './origins.ts';

const source = 'raw@1';

/** A record with one header, or with none, somewhere within the bytes of its batch. */
function recordWith(header: Buffer | undefined) {
  const bytes = Buffer.concat([Buffer.from('9/9'), header ?? Buffer.alloc(0), Buffer.from('99')]);
  const findHeader = (name: Uint8Array): boolean => {
    expect(Buffer.from(name).toString()).toBe(ORIGIN_HEADER);
    return header !== undefined;
  };
  return { bytes, findHeader, headerAt: 3, headerEnd: bytes.length - 2 };
}

function readBy(reader: OriginReader, text: string | undefined, met: Origins = new Map()) {
  const isRead = reader.read(recordWith(text === undefined ? undefined : Buffer.from(text)), met);
  return isRead ? reader.origin() : undefined;
}

const reader = new OriginReader();
function isDuplicate(origins: Origins, origin: Origin): boolean {
  expect(readBy(reader, writeOrigin(origin))).toEqual(origin);
  return reader.isDuplicate(origins);
}

/** Lives of processors: each starts at or before what is acknowledged and gets some records further. */
const lives = fc.array(fc.record({ back: fc.nat(20), records: fc.nat(30) }), { maxLength: 20 });

/** The origin offsets in the order in which the lives bring them into one partition of the output. */
function appearances(all: readonly { back: number; records: number }[]): number[] {
  const found: number[] = [];
  let reached = 0;
  for (const { back, records } of all) {
    const from = Math.max(0, reached - back);
    for (let offset = from; offset < from + records; offset += 1) found.push(offset);
    reached = Math.max(reached, from + records);
  }
  return found;
}

describe('isDuplicate', () => {
  it('lets every record pass once, in order, whatever was made again', () => {
    fc.assert(
      fc.property(lives, (all) => {
        const made = appearances(all);
        const origins: Origins = new Map();
        const kept = made.filter(
          (offset) => !isDuplicate(origins, { source, partition: 0, offset }),
        );
        const distinct = [...new Set(made)].toSorted((one, other) => one - other);
        expect(kept).toEqual(distinct);
      }),
    );
  });

  it('passes what a zombie brings late, interleaved with its successor, once', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.array(fc.boolean(), { maxLength: 60 }), (behind, turns) => {
        let [zombie, successor] = [30 - Math.min(30, behind), 30 - Math.min(30, behind)];
        const made = Array.from({ length: zombie }, (_, offset) => offset);
        // Both go on from what is acknowledged; each in its own order.
        for (const isZombie of turns) made.push(isZombie ? zombie++ : successor++);
        const origins: Origins = new Map();
        const kept = made.filter(
          (offset) => !isDuplicate(origins, { source, partition: 0, offset }),
        );
        expect(kept).toEqual(kept.map((_, index) => index));
        expect(kept.length).toBe(new Set(made).size);
      }),
    );
  });

  it('keeps partitions and topics of the same name apart', () => {
    const origins: Origins = new Map();
    expect(isDuplicate(origins, { source, partition: 0, offset: 5 })).toBe(false);
    expect(isDuplicate(origins, { source, partition: 1, offset: 5 })).toBe(false);
    expect(isDuplicate(origins, { source: 'raw@2', partition: 0, offset: 5 })).toBe(false);
    expect(isDuplicate(origins, { source, partition: 0, offset: 5 })).toBe(true);
    expect(isDuplicate(origins, { source, partition: 0, offset: 4 })).toBe(true);
    expect(isDuplicate(origins, { source, partition: 0, offset: 7 })).toBe(false);
  });
});

describe('an origin', () => {
  const offset = fc.oneof(
    fc.bigInt(0n, 2n ** 53n + 2n).map(String),
    fc.bigInt(2n ** 53n - 60n, 2n ** 53n + 20n).map(String),
    fc.constantFrom('0', '00012'),
  );
  const log = fc.constantFrom('raw@1/0', 'raw@1/0', 'raw@1/0', 'raw@1/07', 'raw@2/65535', 'ö@1/7');
  const well = fc.tuple(log, offset).map((parts) => parts.join('/'));
  const ill = fc
    .tuple(well, fc.nat(30), fc.constantFrom('', '/', '@', 'x', '5', ' ', '-'))
    .map(([text, at, put]) => `${text.slice(0, at)}${put}${text.slice(at + 1)}`);

  it('is what the header alone says, whatever was read before', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: well }, ill)), (texts) => {
        const one = new OriginReader();
        for (const text of texts) {
          const expected = readOrigin(text);
          expect(readBy(one, text)).toEqual(expected);
          if (expected === undefined) continue;
          expect(one.sourceBytes.toString()).toBe(expected.source);
          const met: Origins = new Map();
          one.isDuplicate(met);
          expect([...met]).toEqual([[`${expected.source}/${expected.partition}`, expected.offset]]);
        }
      }),
    );
  });

  it('is unknown without the header', () => {
    expect(readBy(new OriginReader(), undefined)).toBeUndefined();
  });

  it('of yet another partition after very many is unknown; those that were met are known', () => {
    const met: Origins = new Map(
      Array.from({ length: 49_999 }, (_, partition) => [`${source}/${partition}`, 1]),
    );
    const one = new OriginReader();
    expect(readBy(one, `${source}/60000/7`, met)).toMatchObject({ partition: 60_000 });
    met.set(`${source}/49999`, 1);
    expect(readBy(one, `${source}/60000/8`, met)).toBeUndefined();
    expect(readBy(one, `${source}/60001/8`, met)).toBeUndefined();
    expect(readBy(one, `${source}/4/7`, met)).toMatchObject({ partition: 4, offset: 7 });
  });
});
