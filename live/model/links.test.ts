import { describe, expect, it } from 'vitest';
import { linkAddress, type LinkContext } from './links.ts';

const context: LinkContext = {
  range: { from: 'now-15m', to: 'now' },
  rangeMs: { fromMs: 1_000, toMs: 2_000 },
  variables: { device_id: ['a b', '&'], clock: ['event'] },
  fields: { device: 'x/y' },
  value: 'a?b',
};

describe('linkAddress', () => {
  it.each([
    ['/d/x?${__url_time_range}', '/d/x?from=now-15m&to=now'],
    ['/d/x?${device_id:queryparam}', '/d/x?var-device_id=a%20b&var-device_id=%26'],
    ['/d/x?from=${__from}&to=$__to', '/d/x?from=1000&to=2000'],
    ['/d/x?var-clock=$clock', '/d/x?var-clock=event'],
    ['/d/x?v=${__value.raw:percentencode}', '/d/x?v=a%3Fb'],
    ['/d/x?d=${__data.fields.device}', '/d/x?d=x%2Fy'],
    ['https://example.com/${unknown}', 'https://example.com/${unknown}'],
  ])('fills %s', (url, expected) => expect(linkAddress(url, context)).toBe(expected));

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    '//elsewhere.example',
    'ftp://x',
    ' javascript:1',
  ])('does not follow %s', (url) => expect(linkAddress(url, context)).toBeUndefined());

  it('does not let a value become the scheme', () => {
    const evil = { ...context, value: 'javascript:alert(1)' };
    expect(linkAddress('${__value.raw}', evil)).toBeUndefined();
  });
});
