import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { readConfig } from '../platform/config.ts';
import { Gatekeeper, securityHeaders } from './access.ts';
import { liveVariables, requireToken } from './config.ts';

const TOKEN = 'a-token-of-16-or-more';

describe('Gatekeeper', () => {
  let gate: Gatekeeper;
  let cookie: string;
  beforeEach(() => {
    gate = new Gatekeeper(TOKEN);
    cookie = gate.cookie().split(';')[0]!;
  });

  it('lets everybody in without a token', () => {
    const own = new Gatekeeper(undefined);
    expect([own.open, own.admits({}), own.accepts('any')]).toEqual([true, true, true]);
  });

  it('lets in who has the token or the cookie, which is not the token', () => {
    expect(gate.admits({ authorization: `Bearer ${TOKEN}` })).toBe(true);
    expect(gate.admits({ cookie })).toBe(true);
    expect(gate.admits({ cookie: `a=b; ${cookie}; c=d` })).toBe(true);
    expect(gate.cookie()).not.toContain(TOKEN);
    expect(gate.cookie()).toMatch(
      /^sensorhouse_live=[0-9a-f]{64}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    );
  });

  it('takes a token of any characters, as a client sends them', () => {
    const token = 'gläser-voll-€-"$#:';
    const own = new Gatekeeper(token);
    const sent = Buffer.from(`Bearer ${token}`, 'utf8').toString('latin1');
    expect(own.admits({ authorization: sent })).toBe(true);
    expect(own.admits({ authorization: `${sent}x` })).toBe(false);
    expect(readConfig(liveVariables, { LIVE_TOKEN: token }).LIVE_TOKEN).toBe(token);
  });

  it('takes no empty token for the right one, nor for none', () => {
    for (const own of [gate, new Gatekeeper('')]) {
      expect(own.open).toBe(false);
      expect(own.admits({})).toBe(false);
      expect(own.admits({ authorization: 'Bearer ' })).toBe(false);
      expect(own.admits({ cookie: 'sensorhouse_live=' })).toBe(false);
    }
    expect(gate.accepts('')).toBe(false);
  });

  it('keeps everybody else out, whatever they send', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (authorization, text) => {
        expect(gate.admits({ authorization, cookie: `sensorhouse_live=${text}` })).toBe(false);
      }),
    );
    for (const near of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN} x`, `a Bearer ${TOKEN}`, TOKEN]) {
      expect(gate.admits({ authorization: near })).toBe(false);
    }
    const other = new Gatekeeper(`${TOKEN}x`).cookie().split(';')[0]!;
    expect(gate.admits({ cookie: other })).toBe(false);
    for (const near of [`${cookie}0`, `${cookie}x`, `x${cookie}`, cookie.slice(0, -1)]) {
      expect(gate.admits({ cookie: near })).toBe(false);
    }
  });
});

describe('the headers of every answer', () => {
  it('let nothing run, load or frame but what this server sends', () => {
    const { 'content-security-policy': policy, ...others } = securityHeaders(['a', 'b']);
    expect(policy!.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self' 'sha256-a' 'sha256-b'",
      ...["style-src 'self'", "img-src 'self'", "connect-src 'self'", "manifest-src 'self'"],
      ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
      ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
    ]);
    expect(others).toEqual({
      ...{ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' },
      ...{ 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin' },
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    });
  });
});

describe('requireToken', () => {
  const check = (env: Record<string, string>): void => requireToken(readConfig(liveVariables, env));

  it('asks for a token as soon as other machines can reach the page', () => {
    check({});
    check({ LIVE_HOST: '::1' });
    check({ LIVE_HOST: '0.0.0.0', LIVE_TOKEN: TOKEN });
    check({ LIVE_HOST: '0.0.0.0', LIVE_PUBLISHED_ON: '127.0.0.1' });
    expect(() => check({ LIVE_HOST: '0.0.0.0' })).toThrow(ConfigError);
    expect(() => check({ LIVE_HOST: '0.0.0.0' })).toThrow(
      /^LIVE_TOKEN: is not set.*LIVE_HOST=0\.0\.0\.0/,
    );
    expect(() => check({ LIVE_PUBLISHED_ON: '0.0.0.0' })).toThrow(/LIVE_PUBLISHED_ON=0\.0\.0\.0/);
    check({ LIVE_HOST: '0.0.0.0', LIVE_TOKEN: 'x'.repeat(16) });
    check({ LIVE_HOST: '0.0.0.0', LIVE_TOKEN: 'x'.repeat(200) });
    for (const token of ['x'.repeat(15), 'x'.repeat(201), 'x'.repeat(8) + ' ' + 'x'.repeat(8)]) {
      expect(() => check({ LIVE_TOKEN: token })).toThrow(ConfigError);
    }
    expect(() => check({ LIVE_HOST: '0.0.0.0', LIVE_TOKEN: '' })).toThrow(ConfigError);
    expect(() => check({ LIVE_TOKEN: 'short' })).toThrow(/^LIVE_TOKEN: its value is not 16/);
  });
});
