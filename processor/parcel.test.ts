// The origin that a record goes under: exactly one, in the place of whatever it claimed before; how many headers
// go on with it, and how much a parcel holds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ORIGIN_HEADER } from '../streams/origin.ts';
import { Records, type Headers } from '../platform/kafka/record-batch.ts';
import { rawBatches } from '../platform/kafka/record-set.ts';
import { recordsIn } from '../platform/kafka/record-batch-writer.ts';
import { batchOf, type TestRecord } from '../platform/kafka/test-batches.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { trafficEnrich, trafficForward } from '../streams/traffic-transform.ts';
import { compileByteTransform, compileTransform, type Outcome } from '../streams/transform.ts';
import { IdleWriters } from './output.ts';
import { HEADERS_HANDED_ON_MAX, Parcel, handedOn, withOrigin, type Making } from './parcel.ts';

const read = { source: 'raw@id', partition: 2, offset: 41 };
const own = [ORIGIN_HEADER, Buffer.from('raw@id/2/41')] as const;
const other = ['trace', Buffer.from('1')] as const;
const named = [ORIGIN_HEADER, Buffer.from('iot.traffic.raw@x/7/9')] as const;

describe('withOrigin', () => {
  it('adds where the record was read, after the headers it has', () => {
    expect(withOrigin([other, other], 'read', read)).toEqual([other, other, own]);
  });

  it('replaces the origin that a re-sent record still names', () => {
    expect(withOrigin([named, other, named], 'read', read)).toEqual([other, own]);
  });

  it('keeps the last origin that a forwarded record names', () => {
    const earlier = [ORIGIN_HEADER, Buffer.from('iot.traffic.raw@x/7/8')] as const;
    expect(withOrigin([earlier, named, other], 'named', read)).toEqual([other, named]);
  });

  it.each([
    [[]],
    [[[ORIGIN_HEADER, null] as const]],
    [[[ORIGIN_HEADER, Buffer.from('?')] as const]],
  ])('names the forwarded record itself where it names none: %j', (headers) => {
    expect(withOrigin(headers, 'named', read)).toEqual([own]);
  });
});

describe('handedOn', () => {
  /** A record with so many headers, and its origin behind them. */
  function recordOf(count: number) {
    const all: Headers = [...Array.from({ length: count }, () => other), named];
    return {
      headers: (max = Infinity): Headers => {
        if (all.length <= max) return all;
        const leftOut = Buffer.from(String(all.length - max));
        return [...all.slice(0, max), ['left-out', leftOut]];
      },
      header: (): Buffer => named[1],
    };
  }

  it('takes all headers up to the limit', () => {
    const record = recordOf(HEADERS_HANDED_ON_MAX - 1);
    expect(handedOn(record, 'read')).toEqual(record.headers());
  });

  it('leaves out those beyond it, and says how many', () => {
    const headers = handedOn(recordOf(60_000), 'read');
    expect(headers).toHaveLength(HEADERS_HANDED_ON_MAX + 1);
    expect(headers.at(-1)![1]!.toString()).toBe(String(60_001 - HEADERS_HANDED_ON_MAX));
  });

  it('forwards whole a record that a processor cut, and keeps the origin behind a flood', () => {
    const cut = recordOf(HEADERS_HANDED_ON_MAX + 1);
    expect(handedOn(cut, 'named')).toEqual(cut.headers());
    const flood = handedOn(recordOf(60_000), 'named');
    expect(flood.length).toBeLessThan(HEADERS_HANDED_ON_MAX + 10);
    expect(withOrigin(flood, 'named', read).at(-1)).toEqual(named);
  });
});

describe('a parcel', () => {
  const making: Making = {
    apply: (value) => ({ kind: 'passed', to: { name: 'out' }, value: value! }) as Outcome,
    origin: 'read',
    place: { source: 'raw@id', partition: 0 },
    stubsTo: 'out',
    widths: new Map([['out', 1]]),
    writers: new IdleWriters(),
    nowMs: 0,
  };

  /** How many of 1,200 records with so many headers go into one parcel. */
  function fitting(headers: number): number {
    const each = { value: Buffer.from('x'), headers: Array.from({ length: headers }, () => other) };
    const bytes = batchOf(
      Array.from({ length: 1_200 }, () => each),
      0,
    );
    const [raw] = rawBatches(bytes, { from: 0, end: 1_200 });
    const parcel = new Parcel(0);
    const records = [new Records(raw!, raw!.body)];
    const run = { fetchedOffset: 0, firstOffset: 0, lastOffset: 1_199, records };
    parcel.addRun(run, 0, making, 1_200);
    return parcel.read;
  }

  it('holds a megabyte of output, headers included', () => {
    expect(fitting(0)).toBe(1_200);
    expect(fitting(100)).toBeGreaterThan(900);
    expect(fitting(100)).toBeLessThan(1_100);
  });

  it('takes records from the position on, up to a count, and then covers offsets without a record', async () => {
    const records = Array.from({ length: 10 }, (_, at) => ({ value: Buffer.from(String(at)) }));
    const bytes = batchOf(records, 20);
    const [raw] = rawBatches(bytes, { from: 20, end: 30 });
    const run = () => {
      const whole = [new Records(raw!, raw!.body)];
      return { fetchedOffset: 20, firstOffset: 20, lastOffset: 33, records: whole };
    };
    const some = new Parcel(24);
    expect(some.addRun(run(), 24, making, 3)).toBe(true);
    expect([some.first, some.next, some.read]).toEqual([24, 27, 3]);
    expect(some.addRun(run(), some.next, making, 100)).toBe(true);
    expect([some.next, some.read]).toEqual([34, 6]);
    const [batch] = some.batches().get('out')!;
    const values = (await recordsIn(batch!)).map(({ value }) => value!.toString());
    expect(values).toEqual(['4', '5', '6', '7', '8', '9']);
  });

  it('makes the same from bytes to bytes as from parsed events', async () => {
    const report = { detector_id: 'D1', detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S', timestamp: '2024-03-04T00:17:56Z' }; // prettier-ignore
    const event = Buffer.from(JSON.stringify(report));
    const twice = Buffer.from(JSON.stringify({ ...report, processed_at: 1 }));
    const records = [
      { key: Buffer.from('D1'), value: event },
      { key: null, value: event, headers: [other, named] },
      { value: null },
      { key: Buffer.alloc(0), value: Buffer.from('no event') },
      { value: twice },
      { key: Buffer.from('D1'), value: event },
    ];
    const [raw] = rawBatches(batchOf(records, 998), { from: 998, end: 1_004 });
    const made = async (byteEnrich: Making['byteEnrich']) => {
      const parcel = new Parcel(998);
      const run = { fetchedOffset: 998, firstOffset: 998, lastOffset: 1_003 };
      const widths = new Map([[trafficEvents.name, 1]]);
      const how = { apply: compileTransform(trafficEnrich), stubsTo: trafficEvents.name, widths };
      const whole = { ...run, records: [new Records(raw!, raw!.body)] };
      parcel.addRun(whole, 998, { ...making, ...how, byteEnrich }, 100);
      const [batch] = parcel.batches().get(trafficEvents.name)!;
      const { bytes, read, rejected } = parcel;
      return { bytes, read, rejected, records: await recordsIn(batch!) };
    };
    const parsed = await made(undefined);
    expect(parsed.records).toHaveLength(6);
    let asked = 0;
    const fast = compileByteTransform(trafficEnrich)!;
    const counted = {
      added: (...given: Parameters<typeof fast.added>) => {
        asked += 1;
        return fast.added(...given);
      },
      get at() {
        return fast.at;
      },
    };
    expect(await made(counted)).toEqual(parsed);
    // The tombstone and the one with headers are not asked for.
    expect(asked).toBe(4);
  });

  it.each(['named', 'read'] as const)(
    'hands on the same from bytes to bytes, origin %s',
    async (origin) => {
      const unnamed = [ORIGIN_HEADER, Buffer.from('?')] as const;
      const alike = ['trace', named[1]] as const;
      const headers = fc.array(
        fc.constantFrom(named, named, named, other, unnamed, alike, [ORIGIN_HEADER, null] as const),
        { maxLength: 3 },
      );
      const bytes = fc.option(fc.string().map((text) => Buffer.from(text)));
      const record = fc.record({ headers, key: bytes, value: bytes });
      const made = async (records: readonly TestRecord[], handsOn: boolean) => {
        const last = 7 + records.length;
        const [raw] = rawBatches(batchOf(records, 8), { from: 8, end: last + 1 });
        const parcel = new Parcel(8);
        const how = {
          apply: compileTransform(trafficForward),
          stubsTo: trafficForward.outputs[0].name,
        };
        const widths = new Map([[how.stubsTo, 1]]);
        const run = { fetchedOffset: 8, firstOffset: 8, lastOffset: last, records: [new Records(raw!, raw!.body)] }; // prettier-ignore
        parcel.addRun(run, 8, { ...making, ...how, widths, origin, handsOn }, 100);
        const [batch] = parcel.batches().get(how.stubsTo)!;
        return { read: parcel.read, next: parcel.next, records: await recordsIn(batch!) };
      };
      await fc.assert(
        fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 20 }), async (records) => {
          expect(await made(records, true)).toEqual(await made(records, false));
        }),
      );
    },
  );
});
