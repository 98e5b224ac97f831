import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IncomingHttpHeaders } from 'node:http';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clickhouseTarget, clickhouseVariables } from '../../platform/clickhouse/variables.ts';
import { readConfig } from '../../platform/config.ts';
import { ask } from '../../tools/query/ask.ts';
import { parseSearch, readHead } from './request.ts';

/** As Node hands on the bytes of a header. */
const asSent = (text: string, encoding: 'utf8' | 'latin1') =>
  Buffer.from(text, encoding).toString('latin1');
const credentials = (headers: IncomingHttpHeaders, search = '') =>
  readHead('POST', parseSearch(search), headers).credentials;

const PASSWORD = 'p€ä:"$#ß% \'';

describe('credentials', () => {
  it('are understood in UTF-8, however they are sent', () => {
    const login = { user: 'jürgen', password: PASSWORD };
    const headers = {
      'x-clickhouse-user': asSent('jürgen', 'utf8'),
      'x-clickhouse-key': asSent(PASSWORD, 'utf8'),
    };
    expect(credentials(headers)).toEqual(login);
    const basic = Buffer.from(`jürgen:${PASSWORD}`).toString('base64');
    expect(credentials({ authorization: `Basic ${basic}` })).toEqual(login);
    const search = new URLSearchParams(login).toString();
    expect(credentials({}, search)).toEqual(login);
  });

  it('are understood in Latin-1, which some clients send', () => {
    const basic = Buffer.from('jürgen:ä', 'latin1').toString('base64');
    expect(credentials({ authorization: `Basic ${basic}` })).toEqual({
      user: 'jürgen',
      password: 'ä',
    });
    expect(credentials({ 'x-clickhouse-key': asSent('ä', 'latin1') }).password).toBe('ä');
  });

  it('reach the server as npm run query sends them, whatever they are', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (password) => {
        const target = { url, username: 'jürgen', password, database: 'default' };
        const disposable = { ...target, [Symbol.asyncDispose]: () => Promise.resolve() };
        await ask(disposable, 'SELECT 1', 'TSV', new PassThrough());
        expect(credentials(seen.at(-1)!)).toEqual({ user: 'jürgen', password });
      }),
      { numRuns: 30, examples: [[PASSWORD]] },
    );
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('where ClickHouse is', () => {
  const target = (env: Record<string, string>) =>
    clickhouseTarget(readConfig(clickhouseVariables, env));

  it.each([
    ['localhost', 'http://localhost:8123/'],
    ['::1', 'http://[::1]:8123/'],
    ['[::1]', 'http://[::1]:8123/'],
    ['fe80::2', 'http://[fe80::2]:8123/'],
    ['10.0.0.1', 'http://10.0.0.1:8123/'],
  ])('CLICKHOUSE_HOST=%s is %s', (CLICKHOUSE_HOST, url) => {
    expect(target({ CLICKHOUSE_HOST }).url).toBe(url);
  });

  it.each(['localhost:8123', 'a b', 'a#b', 'a/b?c'])(
    'CLICKHOUSE_HOST=%s is refused',
    (CLICKHOUSE_HOST) => {
      expect(() => target({ CLICKHOUSE_HOST })).toThrow(/^CLICKHOUSE_HOST: .* is not a host name/);
    },
  );

  it('takes an encoded login in the URL, and refuses one that is another URL, without showing it', () => {
    const password = encodeURIComponent(PASSWORD);
    expect(target({ CLICKHOUSE_URL: `http://u:${password}@h:1` })).toMatchObject({
      url: 'http://h:1/',
      password: PASSWORD,
    });
    for (const url of ['http://u:1#secret@h:1', 'http://u:secret%@h:1', 'http://u:1?secret@h'])
      expect(() => target({ CLICKHOUSE_URL: url })).toThrow(
        /^CLICKHOUSE_URL: (?!.*secret).*CLICKHOUSE_PASSWORD/,
      );
    expect(() => target({ CLICKHOUSE_URL: 'http ://secret' })).toThrow(
      /^CLICKHOUSE_URL: its value/,
    );
  });

  it('takes a password as it is', () => {
    expect(target({ CLICKHOUSE_PASSWORD: PASSWORD }).password).toBe(PASSWORD);
  });
});
