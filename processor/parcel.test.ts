// The origin that a record goes under: exactly one, in the place of whatever it claimed before.
import { describe, expect, it } from 'vitest';
import { ORIGIN_HEADER } from '../streams/origin.ts';
import { withOrigin } from './parcel.ts';

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
