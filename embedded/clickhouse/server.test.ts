// The server against the real engine, through real HTTP: what it must answer, land and refuse.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { createClient } from '@clickhouse/client';
import { compressFrame } from 'lz4-napi';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { startClickHouse, type ClickHouseServer } from './server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const WRITER = { name: 'sensor', password: 'sensorpass', readonly: false };
const READER = { name: 'grafana_ro', password: 'grafanapass', readonly: true };
const LONG = 'SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 7';
const ONE_PART = {
  ...{ max_insert_block_size: '10000000', min_insert_block_size_rows: '10000000' },
  ...{ min_insert_block_size_bytes: '0', async_insert: '0', insert_deduplicate: '0' },
};
let folder: string;
let server: ClickHouseServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clickhouse-server-'));
  server = await startClickHouse({
    ...{ host: '127.0.0.1', port: 0, dataPath: folder, users: [WRITER, READER] },
    ...{ maxBodyBytes: 64 * 1024 * 1024, maxRequests: 20, maxRunning: 2, log: silentLog() },
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Ask {
  as?: { name: string; password: string };
  url?: Record<string, string>;
  headers?: Record<string, string>;
  method?: string;
  signal?: AbortSignal;
}

async function ask(body: string | Uint8Array | undefined, options: Ask = {}): Promise<Response> {
  const { as = WRITER, url = {}, headers = {}, method = 'POST', signal } = options;
  return fetch(`${server.url}/?${new URLSearchParams(url).toString()}`, {
    method,
    headers: { authorization: `Basic ${btoa(`${as.name}:${as.password}`)}`, ...headers },
    ...(body === undefined ? {} : { body: body as string }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The rows of a query that must succeed. */
async function rows(sql: string, options: Ask = {}): Promise<string> {
  const response = await ask(sql, options);
  const text = await response.text();
  expect(text, sql).not.toMatch(/^Code: /);
  return text.trimEnd();
}

async function code(body: string | Uint8Array | undefined, options: Ask = {}): Promise<string> {
  const response = await ask(body, options);
  const text = await response.text();
  const header = response.headers.get('x-clickhouse-exception-code');
  expect(text).toMatch(
    new RegExp(`^Code: ${header ?? 'none'}\\. DB::Exception: .*\\(version `, 's'),
  );
  return `${response.status} ${header ?? ''}`;
}

async function table(columns = 'a Int64, b String'): Promise<string> {
  const name = `t${crypto.randomUUID().replaceAll('-', '')}`;
  await rows(`CREATE TABLE ${name} (${columns}) ENGINE = MergeTree ORDER BY tuple()`);
  return name;
}

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
  expect(await rows('SELECT 1')).toBe('1');
  expect(await (await ask(undefined, { method: 'GET', url: { query: 'SELECT 2' } })).text()).toBe(
    '2\n',
  );
  expect(await rows('3', { url: { query: 'SELECT' } })).toBe('3');
  expect(await rows('SELECT 4;')).toBe('4');
});

test('formats: FORMAT clause, default_format, header', async () => {
  expect(await rows('SELECT 1 AS x FORMAT JSONEachRow')).toBe('{"x":1}');
  expect(await rows('SELECT 1 AS x', { url: { default_format: 'CSVWithNames' } })).toBe('"x"\n1');
  const headers = { 'x-clickhouse-format': 'JSON' };
  const response = await ask("SELECT 'FORMAT CSV' AS s, number FROM numbers(200000)", { headers });
  expect(response.headers.get('content-type')).toContain('application/json');
  const body = (await response.json()) as { data: { s: string }[] };
  expect(body.data).toHaveLength(200_000);
  expect(body.data[0]?.s).toBe('FORMAT CSV');
});

test('parameters keep odd characters, settings end with their query, database applies', async () => {
  const odd = 'it\'s "q" `b` {x} ; -- /* 🚀 \\ ';
  const param_x = odd.replaceAll('\\', '\\\\');
  expect(await rows('SELECT {x:String} FORMAT TSVRaw', { url: { param_x } })).toBe(odd.trimEnd());
  const show = "SELECT getSetting('max_block_size')";
  expect(await rows(show, { url: { max_block_size: '7' } })).toBe('7');
  expect(await rows(show)).not.toBe('7');
  expect(await code('SELECT {x:String}')).toBe('400 456'.replace('400', '500'));
  expect(await rows('SELECT currentDatabase()', { url: { database: 'system' } })).toBe('system');
  expect(await code('SELECT 1', { url: { bogus_setting: '1' } })).toBe('404 115');
  expect(await code('SELECT 1', { url: { database: 'nope' } })).toBe('404 81');
});

test('errors have the status and the code ClickHouse gives them', async () => {
  expect(await code('SELECT * FROM nope')).toBe('404 60');
  expect(await code('SELECT nope')).toBe('404 47');
  expect(await code('SELECT FROM WHERE')).toMatch(/^40[04] /);
  expect(await code('')).toBe('400 62');
  expect(await code('SELECT 1; SELECT 2')).toBe('400 62');
  expect(await code('exit')).toBe('400 62');
  expect(await code('SELECT throwIf(number = 3) FROM numbers(10)')).toBe('500 395');
  expect(await code("SELECT 1 INTO OUTFILE 'x'")).toBe('400 358');
  expect(await code('SYSTEM SHUTDOWN')).toBe('400 344');
  expect(
    await code(undefined, {
      method: 'GET',
      url: { query: 'CREATE TABLE x (a Int8) ENGINE = Memory' },
    }),
  ).toBe('500 164');
  expect(await code('SET max_threads = 1', { url: { session_id: 's' } })).toBe('400 344');
});

test('answers carry the headers of a ClickHouse server, and times are UTC', async () => {
  const response = await ask('SELECT timezone(), toString(toDateTime(0))', {
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

test('text formats are inserted with the statement in the URL or at the head of the body', async () => {
  const name = await table();
  await rows('{"a":1,"b":"x"}\n\n\n{"a":2}\n', {
    url: { query: `INSERT INTO ${name} FORMAT JSONEachRow` },
  });
  await rows(`INSERT INTO ${name} (a) SETTINGS async_insert = 0 VALUES (3),\n\n(2 + 2);`);
  await rows(`INSERT INTO ${name} FORMAT CSV\n5,"FORMAT x\n\n; VALUES"\n`);
  await rows(`INSERT INTO ${name} SETTINGS max_insert_block_size = 10 FORMAT TSV\r\n6\tz\n`);
  await rows(`INSERT INTO ${name} SELECT 7, 'FORMAT CSV'`);
  expect(await rows(`SELECT a, b FROM ${name} ORDER BY a FORMAT CSV`)).toBe(
    '1,"x"\n2,""\n3,""\n4,""\n5,"FORMAT x\n\n; VALUES"\n6,"z"\n7,"FORMAT CSV"',
  );
  expect(await code('1,2\nx,3\n', { url: { query: `INSERT INTO ${name} FORMAT CSV` } })).toMatch(
    /^400 /,
  );
  expect(await rows(`SELECT count() FROM ${name}`)).toBe('7');
});

test('binary formats are inserted unchanged', async () => {
  for (const format of ['Native', 'RowBinary', 'Parquet']) {
    const name = await table();
    const select = `SELECT toInt64(number) AS a, unhex('00FF0A0D27') || toString(number) AS b FROM numbers(5000)`;
    const data = new Uint8Array(await (await ask(`${select} FORMAT ${format}`)).arrayBuffer());
    await rows(data as never, { url: { query: `INSERT INTO ${name} FORMAT ${format}` } });
    const check = `SELECT count(), sum(cityHash64(a, b)) FROM `;
    expect(await rows(check + name)).toBe(await rows(`${check}(${select})`));
  }
});

test('input() filters what comes in, and a failing guard lets no row in', async () => {
  const name = await table();
  const query = (guard: string): string =>
    `INSERT INTO ${name} SELECT a + 100, b FROM input('a Int64, b String') WHERE throwIf((SELECT ${guard}) > 1, 'FENCED') = 0 FORMAT JSONEachRow`;
  const data = '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n';
  await rows(data, { url: { query: query('1'), ...ONE_PART } });
  expect(await code(data, { url: { query: query('2'), ...ONE_PART } })).toBe('500 395');
  expect(await rows(`SELECT a, b FROM ${name} ORDER BY a`)).toBe('101\tx\n102\ty');
});

test('one INSERT is one part, with 500,000 rows and through input()', async () => {
  const select = 'SELECT toInt64(number) AS a, toString(number) AS b FROM numbers(500000)';
  const settings = { max_block_size: '500000' };
  const native = await ask(`${select} FORMAT Native`, { url: settings });
  const data = new Uint8Array(await native.arrayBuffer());
  for (const from of ['', ` SELECT * FROM input('a Int64, b String')`]) {
    const name = await table();
    await rows(data as never, {
      url: { query: `INSERT INTO ${name}${from} FORMAT Native`, ...ONE_PART },
    });
    const parts = `SELECT count(), sum(rows) FROM system.parts WHERE active AND table = '${name}'`;
    expect(await rows(parts)).toBe('1\t500000');
  }
});

test('request codings are undone; what is cut, damaged or unknown inserts nothing', async () => {
  const name = await table();
  const plain = Buffer.from('{"a":1,"b":"x"}\n'.repeat(1000));
  const query = `INSERT INTO ${name} FORMAT JSONEachRow`;
  const codings: [string, Buffer][] = [
    ...([
      ['gzip', zlib.gzipSync(plain)],
      ['deflate', zlib.deflateSync(plain)],
    ] as [string, Buffer][]),
    ...([
      ['br', zlib.brotliCompressSync(plain)],
      ['zstd', zlib.zstdCompressSync(plain)],
    ] as [string, Buffer][]),
    ['lz4', await compressFrame(plain)],
  ];
  for (const [coding, data] of codings) {
    const headers = { 'content-encoding': coding };
    await rows(data as never, { url: { query }, headers });
    for (const bad of [
      data.subarray(0, -1),
      Buffer.concat([data, Buffer.from('junk')]),
      Buffer.from('junkjunkjunk'),
    ]) {
      expect(await code(bad, { url: { query }, headers }), coding).toMatch(/^400 /);
    }
  }
  expect(await code(plain, { url: { query }, headers: { 'content-encoding': 'snappy' } })).toBe(
    '415 89',
  );
  expect(await code(plain, { url: { query, decompress: '1' } })).toBe('400 344');
  expect(await rows(`SELECT count() FROM ${name}`)).toBe('5000');
});

test('a body over the limit is refused', async () => {
  const zeros = zlib.gzipSync(Buffer.alloc(65 * 1024 * 1024));
  const url = { query: 'INSERT INTO nope FORMAT CSV' };
  expect(await code(zeros, { url, headers: { 'content-encoding': 'gzip' } })).toBe('413 229');
});

test('a body that is cut short inserts nothing', async () => {
  const name = await table();
  const path = `/?user=sensor&password=sensorpass&query=${encodeURIComponent(`INSERT INTO ${name} FORMAT TSV`)}`;
  for (const framing of [
    'Content-Length: 1000\r\n\r\n1\tx\n',
    'Transfer-Encoding: chunked\r\n\r\n4\r\n1\tx\n\r\n',
  ]) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${framing}`);
    await delay(200);
    socket.destroy();
  }
  await expect.poll(async () => rows('SELECT count() FROM system.processes')).toBe('1');
  expect(await rows(`SELECT count() FROM ${name}`)).toBe('0');
  expect(await readdir(join(folder, 'http_bodies'))).toEqual([]);
});

test('results are compressed when asked for', async () => {
  for (const coding of ['gzip', 'deflate', 'br', 'zstd']) {
    const response = await ask('SELECT number FROM numbers(100000)', {
      url: { enable_http_compression: '1' },
      headers: { 'accept-encoding': coding },
    });
    expect(response.headers.get('content-encoding')).toBe(coding);
    expect((await response.text()).split('\n')).toHaveLength(100_001);
  }
});

test('KILL QUERY ends running, queued and uploading queries, and nothing of them lands', async () => {
  const name = await table();
  const running = Array.from({ length: 3 }, (_, i) =>
    code(LONG, { url: { query_id: `run:${i}` } }),
  );
  const inProcesses = `SELECT count() FROM system.processes WHERE query_id LIKE 'run:%'`;
  await delay(500);
  const queued = code(`1\tx\n`, {
    url: { query_id: 'run:queued', query: `INSERT INTO ${name} FORMAT TSV` },
  });
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const upload = encodeURIComponent(`INSERT INTO ${name} FORMAT TSV`);
  socket.write(
    `POST /?query_id=run:upload&user=sensor&password=sensorpass&query=${upload} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n`,
  );
  let answered = '';
  socket.on('data', (data) => (answered += data.toString()));
  await delay(300);
  const test = await rows(`KILL QUERY WHERE query_id LIKE 'run:%' TEST`);
  expect(test.split('\n')).toHaveLength(5);
  const killed = await rows(`KILL QUERY WHERE query_id LIKE 'run:%' AND user = currentUser() SYNC`);
  expect(killed.split('\n')).toHaveLength(5);
  expect(killed).toContain('finished\trun:queued\tsensor');
  for (const answer of [...running, queued]) expect(await answer).toBe('500 394');
  socket.write('1\tx\n');
  await expect.poll(() => answered).toContain('Code: 394');
  socket.destroy();
  expect(await rows(inProcesses)).toBe('0');
  expect(await rows(`SELECT count() FROM ${name}`)).toBe('0');
  expect(await code('KILL QUERY WHERE sleep(1) SYNC')).toBe('400 344');
});

test('a query id runs once at a time, and too many requests are refused', async () => {
  const long = Array.from({ length: 20 }, (_, i) => code(LONG, { url: { query_id: `many:${i}` } }));
  await delay(500);
  expect(await code('SELECT 1', { url: { query_id: 'many:0' } })).toBe('500 216');
  expect(await code('SELECT 1')).toBe('503 202');
  await rows(`KILL QUERY WHERE startsWith(query_id, 'many:') SYNC`);
  for (const answer of long) expect(await answer).toBe('500 394');
});

test('a client that goes away ends its SELECT and harms nobody', async () => {
  const abort = new AbortController();
  const gone = ask(LONG, { url: { query_id: 'gone' }, signal: abort.signal }).catch(
    () => undefined,
  );
  const stream = await ask('SELECT * FROM numbers(10000000000)', {
    url: { query_id: 'gone-stream' },
  });
  await stream.body?.cancel();
  await delay(300);
  abort.abort();
  await gone;
  const left = `SELECT count() FROM system.processes WHERE query_id LIKE 'gone%'`;
  await expect.poll(async () => rows(left), { timeout: 10_000 }).toBe('0');
});

test('a reader reads, and can do nothing else', async () => {
  const name = await table();
  await rows(`INSERT INTO ${name} VALUES (1, 'x')`);
  const as = READER;
  for (const sql of [
    `SELECT a FROM ${name}`,
    `SELECT a FROM ${name} SETTINGS max_execution_time = 5`,
    `WITH 1 AS x SELECT a FROM ${name}`,
  ]) {
    expect(await rows(sql, { as, url: { max_execution_time: '10' } }), sql).toBe('1');
  }
  expect(
    await rows(`SELECT a FROM ${name} SETTINGS additional_table_filters = {'${name}': 'a = 2'}`, {
      as,
    }),
  ).toBe('');
  for (const sql of ['SHOW TABLES', `DESCRIBE TABLE ${name}`, `EXISTS ${name}`, `EXPLAIN SELECT 1`])
    await rows(sql, { as });
  const refused = [
    ...[
      `INSERT INTO ${name} VALUES (2, '')`,
      `DROP TABLE ${name}`,
      'CREATE TABLE x (a Int8) ENGINE = Memory',
    ],
    ...[
      "SELECT file('/etc/hostname')",
      "SELECT `f\\x69le`('/etc/hostname')",
      "SELECT * FROM file('/etc/hostname', LineAsString)",
    ],
    ...[
      "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a Int8')",
      "DESCRIBE url('http://127.0.0.1:1/')",
      "DESCRIBE file('/etc/hostname')",
    ],
    ...[
      'DESCRIBE `/etc/hostname`',
      "SELECT * FROM '/etc/hostname'",
      'SELECT 1 FORMAT Null SETTINGS readonly = 0',
    ],
    ...[
      "SELECT file('/etc/hostname') FORMAT Null",
      "SELECT 1 SETTINGS result_overflow_mode = 'break'",
    ],
    ...[
      `SELECT a FROM ${name} SETTINGS additional_table_filters = {'${name}': 'b = file(\\'/etc/hostname\\')'}`,
    ],
    ...[
      "SELECT hasColumnInTable('127.0.0.1:1', 'u', 'p', 'd', 't', 'c')",
      "EXPLAIN AST SELECT file('/etc/hostname')",
    ],
    ...['SYSTEM DROP DNS CACHE', `OPTIMIZE TABLE ${name}`, `ALTER TABLE ${name} ADD COLUMN z Int8`],
    ...[
      "SELECT * FROM executable('id', TSV, 'a String')",
      "SELECT * FROM s3('http://127.0.0.1:1/bucket/x', CSV, 'a Int8')",
    ],
  ];
  for (const sql of refused) expect(await code(sql, { as }), sql).toMatch(/ (164|115|36)$/);
  expect(await code('SELECT 1', { as, url: { readonly: '0' } })).toMatch(/ 164$/);
  expect(await code('SELECT 1', { as, url: { max_result_rows: '1' } })).toMatch(/ 164$/);
  expect(await code("SELECT 1 INTO/**/OUTFILE '/tmp/x'", { as })).toMatch(/ (164|358)$/);
  expect(await rows(`SELECT count() FROM ${name}`)).toBe('1');
  await rows('KILL QUERY WHERE 1 = 1 TEST', { as });
});

test('the official client works: insert, query, parameters, errors, ping', async () => {
  const client = createClient({
    url: server.url,
    username: 'sensor',
    password: 'sensorpass',
    compression: { request: true, response: true },
  });
  try {
    const name = await table();
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
    expect(await result.json()).toEqual([{ a: 1, b: 'ü\n"' }].map((row) => ({ ...row, a: row.a })));
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
