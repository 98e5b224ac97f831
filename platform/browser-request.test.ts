import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowedHost, isCrossOrigin } from './browser-request.ts';

describe('isAllowedHost', () => {
  it.each([
    'localhost',
    'localhost:8080',
    '127.0.0.1:8080',
    '[::1]:8080',
    '192.168.1.5:80',
    '[fe80::1]',
  ])('lets %s in', (host) => expect(isAllowedHost(host, [])).toBe(true));

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.nip.example',
  ])('keeps %s out', (host) => expect(isAllowedHost(host, [])).toBe(false));

  it('lets in the names it was told, and no others', () => {
    expect(isAllowedHost('Board.local:8080', ['board.local'])).toBe(true);
    fc.assert(
      fc.property(fc.domain(), (name) => {
        expect(isAllowedHost(name, ['board.local'])).toBe(false);
      }),
    );
  });
});

describe('isCrossOrigin', () => {
  const host = '127.0.0.1:8123';

  it.each([
    {},
    { origin: 'http://127.0.0.1:8123' },
    { origin: 'https://127.0.0.1:8123', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-mode': 'cors' },
  ])('is false for %o', (headers) => expect(isCrossOrigin({ host, ...headers })).toBe(false));

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: 'http://127.0.0.1' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: 'http://127.0.0.1:8123.evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://127.0.0.1:8123', 'sec-fetch-site': 'cross-site' },
  ])('is true for %o', (headers) => expect(isCrossOrigin({ host, ...headers })).toBe(true));
});
