// Duplicates of a stream that is made from another: against every way processors may die and start again,
// what is left is each record once and in order, and nothing is ever left out that was not met.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORIGIN_HEADER, writeOrigin } from '../streams/origin.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { isDuplicate, originOf, originTables, type Origins } from './origins.ts';

const source = 'raw@1';

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

describe('originOf', () => {
  const of = (...headers: [string, Buffer | null][]) => {
    const header = (name: Uint8Array) => {
      const own = headers.findLast(([each]) => each === Buffer.from(name).toString());
      return own?.[1] ?? undefined;
    };
    return originOf({ header }, met);
  };
  const met: Origins = new Map();
  const origin = { source, partition: 2, offset: 9 };
  const header = Buffer.from(writeOrigin(origin));

  it('reads the last header of the name: the last processor that touched the record', () => {
    expect(
      of(['x', null], [ORIGIN_HEADER, Buffer.from('raw@0/1/1')], [ORIGIN_HEADER, header]),
    ).toEqual(origin);
  });

  it('knows none where there is none, or it says nothing', () => {
    expect(of()).toBeUndefined();
    expect(of(['other', header])).toBeUndefined();
    expect(of([ORIGIN_HEADER, null])).toBeUndefined();
    expect(of([ORIGIN_HEADER, Buffer.from('raw/1')])).toBeUndefined();
  });
});

describe('originOf after very many origins', () => {
  const named = (partition: number) => {
    const origin = Buffer.from(writeOrigin({ source, partition, offset: 7 }));
    return { header: (): Buffer => origin };
  };

  it('takes a new one for none, and still knows those that were met', () => {
    const met: Origins = new Map(
      Array.from({ length: 49_999 }, (_, partition) => [`${source}/${partition}`, 1]),
    );
    expect(originOf(named(60_000), met)).toMatchObject({ partition: 60_000 });
    met.set(`${source}/49999`, 1);
    expect(originOf(named(60_000), met)).toBeUndefined();
    expect(originOf(named(4), met)).toMatchObject({ partition: 4, offset: 7 });
    expect(originOf({ header: () => undefined }, met)).toBeUndefined();
  });
});

describe('the tables in which records of an origin were met', () => {
  const made = trafficEvents;

  it('are the table, the dead letters, and the live table while a replay fills another', () => {
    expect(originTables(made, made.table.name)).toEqual([made.table.name, 'dead_letters']);
    expect(originTables(made, 'beside')).toEqual(['beside', 'dead_letters', made.table.name]);
  });

  it('are none for a stream that is made from no other one', () => {
    expect(originTables(sensorData, sensorData.table.name)).toEqual([]);
  });
});
