// Queries through real HTTP on the real engine: parameters, formats, headers, errors.
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { READER, startTestServer, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('health checks need no credentials', async () => {
  for (const path of ['/ping', '/', '/replicas_status']) {
    expect(await (await fetch(server.url + path)).text()).toBe('Ok.\n');
  }
  expect((await fetch(`${server.url}/nope`)).status).toBe(404);
});

test('credentials are taken from basic auth, headers and the URL, and checked', async () => {
  const bare = (url: string, headers = {}): Promise<Response> =>
    fetch(`${server.url}/?query=SELECT%201${url}`, { headers });
  expect((await bare('&user=sensor&password=sensorpass')).status).toBe(200);
  const keys = { 'x-clickhouse-user': 'sensor', 'x-clickhouse-key': 'sensorpass' };
  expect((await bare('', keys)).status).toBe(200);
  for (const wrong of [
    '',
    '&user=sensor',
    '&user=sensor&password=x',
    '&user=x&password=sensorpass',
  ]) {
    const response = await bare(wrong);
    expect(response.status).toBe(403);
    expect(response.headers.get('x-clickhouse-exception-code')).toBe('516');
  }
});

test('a query is read from the URL, the body, or both', async () => {
  expect(await server.rows('SELECT 1')).toBe('1');
  expect(
    await (await server.ask(undefined, { method: 'GET', url: { query: 'SELECT 2' } })).text(),
  ).toBe('2\n');
  expect(await server.rows('3', { url: { query: 'SELECT' } })).toBe('3');
  expect(await server.rows('SELECT 4;')).toBe('4');
});

test('formats: FORMAT clause, default_format, header', async () => {
  expect(await server.rows('SELECT 1 AS x FORMAT JSONEachRow')).toBe('{"x":1}');
  expect(await server.rows('SELECT 1 AS x', { url: { default_format: 'CSVWithNames' } })).toBe(
    '"x"\n1',
  );
  const headers = { 'x-clickhouse-format': 'JSON' };
  const response = await server.ask("SELECT 'FORMAT CSV' AS s, number FROM numbers(200000)", {
    headers,
  });
  expect(response.headers.get('content-type')).toContain('application/json');
  const body = (await response.json()) as { data: { s: string }[] };
  expect(body.data).toHaveLength(200_000);
  expect(body.data[0]?.s).toBe('FORMAT CSV');
});

test('parameters keep odd characters, settings end with their query, database applies', async () => {
  const odd = 'it\'s "q" `b` {x} ; -- /* 🚀 \\ ';
  const param_x = odd.replaceAll('\\', '\\\\');
  expect(await server.rows('SELECT {x:String} FORMAT TSVRaw', { url: { param_x } })).toBe(
    odd.trimEnd(),
  );
  const show = "SELECT getSetting('max_block_size')";
  expect(await server.rows(show, { url: { max_block_size: '7' } })).toBe('7');
  expect(await server.rows(show)).not.toBe('7');
  expect(await server.code('SELECT {x:String}')).toBe('500 456');
  expect(await server.rows('SELECT currentDatabase()', { url: { database: 'system' } })).toBe(
    'system',
  );
  expect(await server.code('SELECT 1', { url: { bogus_setting: '1' } })).toBe('404 115');
  expect(await server.code('SELECT 1', { url: { database: 'nope' } })).toBe('404 81');
  expect(await server.code('SELECT 1', { url: { database: 'a\0b' } })).toBe('404 81');
});

test('a reader’s SETTINGS clause may use a parameter, a NUL, and as many bytes as the URL allows', async () => {
  const asked = (settings: string, url: Record<string, string> = {}, of = 'log_comment') => {
    const sql = `SELECT length(toString(getSetting('${of}'))) SETTINGS ${settings}`;
    return server.rows(sql, { as: READER, url });
  };
  expect(await asked('max_threads = {a:UInt8}', { param_a: '12' }, 'max_threads')).toBe('2');
  expect(await asked("max_threads = 1, log_comment = 'a\0b'")).toBe('3');
  const long = `log_comment = '${'x'.repeat(300_000)}'`;
  expect(await asked(long, { max_query_size: '1000000' })).toBe('300000');
});

test('errors have the status and the code ClickHouse gives them', async () => {
  expect(await server.code('SELECT * FROM nope')).toBe('404 60');
  expect(await server.code('SELECT nope')).toBe('404 47');
  expect(await server.code('SELECT FROM WHERE')).toMatch(/^40[04] /);
  expect(await server.code('')).toBe('400 62');
  expect(await server.code('SELECT 1; SELECT 2')).toBe('400 62');
  expect(await server.code('exit')).toBe('400 62');
  expect(await server.code('SELECT throwIf(number = 3) FROM numbers(10)')).toBe('500 395');
  expect(await server.code("SELECT 1 INTO OUTFILE 'x'")).toBe('400 358');
  expect(await server.code('SYSTEM SHUTDOWN')).toBe('400 344');
  expect(
    await server.code(undefined, {
      method: 'GET',
      url: { query: 'CREATE TABLE x (a Int8) ENGINE = Memory' },
    }),
  ).toBe('500 164');
  expect(await server.code('SET max_threads = 1', { url: { session_id: 's' } })).toBe('400 344');
});

test('answers carry the headers of a ClickHouse server, and times are UTC', async () => {
  const response = await server.ask('SELECT timezone(), toString(toDateTime(0))', {
    url: { query_id: 'my-id' },
  });
  expect(await response.text()).toBe('UTC\t1970-01-01 00:00:00\n');
  expect(response.headers.get('x-clickhouse-query-id')).toBe('my-id');
  expect(response.headers.get('x-clickhouse-timezone')).toBe('UTC');
  expect(response.headers.get('x-clickhouse-format')).toBe('TabSeparated');
  expect(JSON.parse(response.headers.get('x-clickhouse-summary') ?? '')).toHaveProperty(
    'read_rows',
  );
});

test('results are compressed when asked for', async () => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
    const response = await server.ask('SELECT number FROM numbers(100000)', {
      url: { enable_http_compression: '1' },
      headers: { 'accept-encoding': coding },
    });
    expect(response.headers.get('content-encoding')).toBe(coding);
    expect((await response.text()).split('\n')).toHaveLength(100_001);
  }
});

test('the official client works: insert, query, parameters, errors, ping', async () => {
  const client = createClient({
    url: server.url,
    username: 'sensor',
    password: 'sensorpass',
    compression: { request: true, response: true },
  });
  try {
    const name = await server.table();
    await client.insert({
      table: name,
      values: [
        { a: 1, b: 'ü\n"' },
        { a: 2, b: '' },
      ],
      format: 'JSONEachRow',
    });
    const result = await client.query({
      query: `SELECT a, b FROM ${name} WHERE a = {a:Int64} AND b = {b:String}`,
      query_params: { a: 1, b: 'ü\n"' },
      format: 'JSONEachRow',
    });
    expect(await result.json()).toEqual([{ a: 1, b: 'ü\n"' }]);
    await expect(client.query({ query: 'SELECT * FROM nope' })).rejects.toMatchObject({
      code: '60',
      type: 'UNKNOWN_TABLE',
    });
    expect((await client.ping({ select: true })).success).toBe(true);
    await client.command({ query: `TRUNCATE TABLE ${name}` });
  } finally {
    await client.close();
  }
});
