// The origin that a record goes under: exactly one, in the place of whatever it claimed before.
import { describe, expect, it } from 'vitest';
import { ORIGIN_HEADER } from '../streams/origin.ts';
import type { Headers } from '../platform/kafka/record-batch.ts';
import { HEADERS_HANDED_ON_MAX, handedOn, withOrigin } from './parcel.ts';

const read = { source: 'raw@id', partition: 2, offset: 41 };
const own = [ORIGIN_HEADER, Buffer.from('raw@id/2/41')] as const;
const other = ['trace', Buffer.from('1')] as const;
const named = [ORIGIN_HEADER, Buffer.from('iot.traffic.raw@x/7/9')] as const;

describe('withOrigin', () => {
  it('adds where the record was read, after the headers it has', () => {
    expect(withOrigin([other, other], 'read', read)).toEqual([other, other, own]);
  });

  it('replaces what a record that was sent again still names', () => {
    expect(withOrigin([named, other, named], 'read', read)).toEqual([other, own]);
  });

  it('keeps what a forwarded record names last', () => {
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

  it('forwards whole what a processor cut, and keeps the origin behind a flood', () => {
    const cut = recordOf(HEADERS_HANDED_ON_MAX + 1);
    expect(handedOn(cut, 'named')).toEqual(cut.headers());
    const flood = handedOn(recordOf(60_000), 'named');
    expect(flood.length).toBeLessThan(HEADERS_HANDED_ON_MAX + 10);
    expect(withOrigin(flood, 'named', read).at(-1)).toEqual(named);
  });
});
