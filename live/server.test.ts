// Who is let in where, and what a browser gets that is not.
import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { silentLog } from '../platform/log.ts';
import { readDashboard } from './dashboards.ts';
import { createServer, type ServerOptions } from './server.ts';

const TOKEN = 'a-token-of-16-or-more';
const gridPos = { x: 0, y: 0, w: 1, h: 1 };
const panels = [{ id: 1, type: 'stat', gridPos, targets: [{ refId: 'A', rawSql: 'SELECT 1' }] }];
const dashboard = readDashboard('a.json', JSON.stringify({ uid: 'x', title: 't', panels }));
const asset = (body: string) => ({ type: 'text/html; charset=utf-8', body, etag: `"${body}"` });

function serverOf(token: string | undefined, more: Partial<ServerOptions> = {}) {
  return createServer({
    dashboards: new Map([['x', dashboard]]),
    assets: {
      files: new Map([
        ['/app/browser/style/page.css', asset('style')],
        ['/app/browser/main.ts', asset('main')],
      ]),
      ...{ page: asset('page'), signIn: asset('door'), inlineHashes: ['abc'] },
    },
    sources: {} as ServerOptions['sources'],
    ...{ token, allowedHosts: ['tower.example'], maxBrowsers: 1, log: silentLog() },
    ...more,
  });
}

const ask = async (token: string | undefined, asked: InjectOptions) => {
  const app = serverOf(token);
  const response = await app.inject({ headers: { host: 'localhost' }, ...asked });
  await app.close();
  return response;
};
const form = { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' };

describe('without the token', () => {
  it.each(['/', '/d/x', '/app/browser/main.ts', '/d/x?token=', '/d/x?token=wrong'])(
    'a page is the door, or the way back to it: %s',
    async (url) => {
      const { body, headers, statusCode } = await ask(TOKEN, { url });
      expect([401, 303]).toContain(statusCode);
      if (statusCode === 401) expect(body).toBe('door');
      else expect(headers.location).toBe('/?wrong');
      expect(headers['set-cookie']).toBeUndefined();
    },
  );

  it.each(['/api/dashboards', '/api/dashboards/x', '/api/stream/x', '/api/pipeline'])(
    '%s says so',
    async (url) => {
      for (const query of ['', `?token=${TOKEN}`]) {
        const { body, statusCode } = await ask(TOKEN, { url: `${url}${query}` });
        expect([statusCode, body]).toEqual([401, 'The token is missing or wrong.\n']);
      }
    },
  );

  it.each(['/healthz', '/app/browser/style/page.css'])('%s is there', async (url) => {
    expect((await ask(TOKEN, { url })).statusCode).toBe(200);
  });
});

describe('the door', () => {
  it.each(['', 'token=', 'token=wrong-token-of-16-or-more', 'token', 'other=1'])(
    'stays shut for %j',
    async (payload) => {
      const asked = { method: 'POST', url: '/sign-in', payload, headers: form } as const;
      const { headers, statusCode } = await ask(TOKEN, asked);
      expect([statusCode, headers.location]).toEqual([303, '/?wrong']);
      expect(headers['set-cookie']).toBeUndefined();
    },
  );

  it('opens for the token, by form or address, and the cookie keeps it open', async () => {
    const payload = `token=${TOKEN}`;
    const signed = await ask(TOKEN, { method: 'POST', url: '/sign-in', payload, headers: form });
    expect([signed.statusCode, signed.headers.location]).toEqual([303, '/']);
    const cookie = String(signed.headers['set-cookie']).split(';')[0]!;
    const { statusCode } = await ask(TOKEN, {
      url: '/d/x',
      headers: { host: 'localhost', cookie },
    });
    expect(statusCode).toBe(200);
    const linked = await ask(TOKEN, { url: `/d/x?token=${TOKEN}` });
    expect([linked.statusCode, linked.headers.location]).toEqual([303, '/d/x']);
    expect(String(linked.headers['set-cookie'])).toContain(cookie);
    const open = await ask(undefined, { method: 'POST', url: '/sign-in', payload: '', headers: form }); // prettier-ignore
    expect(open.headers.location).toBe('/');
  });

  it('takes no token from a request that is not a page', async () => {
    const { statusCode } = await ask(TOKEN, { method: 'POST', url: `/d/x?token=${TOKEN}` });
    expect(statusCode).toBe(401);
  });
});

describe('an open page', () => {
  it('is served to names of this machine and those that are allowed, to no other', async () => {
    const of = async (host: string) => (await ask(undefined, { url: '/d/x', headers: { host } })).statusCode; // prettier-ignore
    expect(await of('tower.example:8080')).toBe(200);
    expect(await of('127.0.0.1:8080')).toBe(200);
    expect(await of('evil.example')).toBe(421);
  });

  it('carries the policy that no other code runs, with every answer', async () => {
    for (const url of ['/d/x', '/nothing', '/api/dashboards']) {
      const { headers } = await ask(undefined, { url });
      expect(headers['content-security-policy']).toContain("script-src 'self' 'sha256-abc'");
      expect(headers['x-frame-options']).toBe('DENY');
    }
  });

  it('takes an address up to its limit', async () => {
    const urlOf = (length: number) => '/d/x?'.padEnd(length, 'a');
    expect((await ask(undefined, { url: urlOf(8_192) })).statusCode).toBe(200);
    expect((await ask(undefined, { url: urlOf(8_193) })).statusCode).toBe(414);
  });

  it('begins with the first dashboard, and hides from the address what may be a token', async () => {
    expect((await ask(undefined, { url: '/?from=now-1h' })).headers.location).toBe('/d/x?from=now-1h'); // prettier-ignore
    const headers = { host: 'localhost', authorization: `Bearer ${TOKEN}` };
    expect((await ask(TOKEN, { url: '/?wrong', headers })).headers.location).toBe('/d/x');
  });

  it('is not sent again to who has it', async () => {
    const headers = { host: 'localhost', 'if-none-match': '"main"' };
    expect((await ask(undefined, { url: '/app/browser/main.ts', headers })).statusCode).toBe(304);
    expect((await ask(undefined, { url: '/app/browser/main.ts' })).body).toBe('main');
  });

  it.each([
    ['/d/nothing', 404],
    ['/app/browser/../../../etc/passwd', 404],
    ['/api/dashboards/nothing', 404],
    ['/api/stream/nothing', 404],
    ['/api/stream/x?from=tomorrow', 400],
    ['/api/stream/x?var-nothing=1', 400],
  ])('%s is %i', async (url, code) => {
    expect((await ask(undefined, { url })).statusCode).toBe(code);
  });

  it('keeps SQL on the server', async () => {
    const { body } = await ask(undefined, { url: '/api/dashboards/x' });
    expect(body).not.toContain('SELECT');
  });
});

it('streams to as many browsers as are allowed, and asks the next one to wait', async () => {
  const pipeline = { follow: () => () => undefined };
  const sources = { pipeline, answers: {} } as unknown as ServerOptions['sources'];
  const app = serverOf(undefined, { sources });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/api/pipeline`;
  const leave = new AbortController();
  try {
    const first = await fetch(url, { signal: leave.signal });
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']); // prettier-ignore
    const second = await fetch(url);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '10']);
    expect(await second.text()).toContain('LIVE_MAX_BROWSERS');
    leave.abort();
  } finally {
    await app.close();
  }
});
