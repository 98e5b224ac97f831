// INSERTs through real HTTP on the real engine: what must land whole, and what must not land at all.
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { compressFrame } from 'lz4-napi';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestServer, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const ONE_PART = {
  ...{ max_insert_block_size: '10000000', min_insert_block_size_rows: '10000000' },
  ...{ min_insert_block_size_bytes: '0', async_insert: '0', insert_deduplicate: '0' },
};
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

test('text formats are inserted with the statement in the URL or at the head of the body', async () => {
  const name = await server.table();
  await server.rows('{"a":1,"b":"x"}\n\n\n{"a":2}\n', {
    url: { query: `INSERT INTO ${name} FORMAT JSONEachRow` },
  });
  await server.rows(`INSERT INTO ${name} (a) SETTINGS async_insert = 0 VALUES (3),\n\n(2 + 2);`);
  await server.rows(`INSERT INTO ${name} FORMAT CSV\n5,"FORMAT x\n\n; VALUES"\n`);
  await server.rows(`INSERT INTO ${name} SETTINGS max_insert_block_size = 10 FORMAT TSV\r\n6\tz\n`);
  await server.rows(`INSERT INTO ${name} SELECT 7, 'FORMAT CSV'`);
  expect(await server.rows(`SELECT a, b FROM ${name} ORDER BY a FORMAT CSV`)).toBe(
    '1,"x"\n2,""\n3,""\n4,""\n5,"FORMAT x\n\n; VALUES"\n6,"z"\n7,"FORMAT CSV"',
  );
  expect(
    await server.code('1,2\nx,3\n', { url: { query: `INSERT INTO ${name} FORMAT CSV` } }),
  ).toMatch(/^400 /);
  expect(await server.rows(`SELECT count() FROM ${name}`)).toBe('7');
});

test('binary formats are inserted unchanged', async () => {
  for (const format of ['Native', 'RowBinary', 'Parquet']) {
    const name = await server.table();
    const select = `SELECT toInt64(number) AS a, unhex('00FF0A0D27') || toString(number) AS b FROM numbers(5000)`;
    const data = new Uint8Array(
      await (await server.ask(`${select} FORMAT ${format}`)).arrayBuffer(),
    );
    await server.rows(data, { url: { query: `INSERT INTO ${name} FORMAT ${format}` } });
    const check = `SELECT count(), sum(cityHash64(a, b)) FROM `;
    expect(await server.rows(check + name)).toBe(await server.rows(`${check}(${select})`));
  }
});

test('input() filters what comes in, and a failing guard lets no row in', async () => {
  const name = await server.table();
  const query = (guard: string): string =>
    `INSERT INTO ${name} SELECT a + 100, b FROM input('a Int64, b String') WHERE throwIf((SELECT ${guard}) > 1, 'FENCED') = 0 FORMAT JSONEachRow`;
  const data = '{"a":1,"b":"x"}\n{"a":2,"b":"y"}\n';
  await server.rows(data, { url: { query: query('1'), ...ONE_PART } });
  expect(await server.code(data, { url: { query: query('2'), ...ONE_PART } })).toBe('500 395');
  expect(await server.rows(`SELECT a, b FROM ${name} ORDER BY a`)).toBe('101\tx\n102\ty');
});

test('one INSERT is one part, with 500,000 rows and through input()', async () => {
  const select = 'SELECT toInt64(number) AS a, toString(number) AS b FROM numbers(500000)';
  const settings = { max_block_size: '500000' };
  const native = await server.ask(`${select} FORMAT Native`, { url: settings });
  const data = new Uint8Array(await native.arrayBuffer());
  for (const from of ['', ` SELECT * FROM input('a Int64, b String')`]) {
    const name = await server.table();
    await server.rows(data, {
      url: { query: `INSERT INTO ${name}${from} FORMAT Native`, ...ONE_PART },
    });
    const parts = `SELECT count(), sum(rows) FROM system.parts WHERE active AND table = '${name}'`;
    expect(await server.rows(parts)).toBe('1\t500000');
  }
});

test('request codings are undone; a cut, damaged or unknown body inserts nothing', async () => {
  const name = await server.table();
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
    await server.rows(data, { url: { query }, headers });
    for (const bad of [
      data.subarray(0, -1),
      Buffer.concat([data, Buffer.from('junk')]),
      Buffer.from('junkjunkjunk'),
    ]) {
      expect(await server.code(bad, { url: { query }, headers }), coding).toMatch(/^400 /);
    }
  }
  expect(
    await server.code(plain, { url: { query }, headers: { 'content-encoding': 'snappy' } }),
  ).toBe('415 89');
  expect(await server.code(plain, { url: { query, decompress: '1' } })).toBe('400 344');
  expect(await server.rows(`SELECT count() FROM ${name}`)).toBe('5000');
});

test('a body over the limit is refused', async () => {
  const zeros = zlib.gzipSync(Buffer.alloc(65 * 1024 * 1024));
  const url = { query: 'INSERT INTO nope FORMAT CSV' };
  expect(await server.code(zeros, { url, headers: { 'content-encoding': 'gzip' } })).toBe(
    '413 229',
  );
});

test('a body that is cut short inserts nothing', async () => {
  const name = await server.table();
  const path = `/?user=sensor&password=sensorpass&query=${encodeURIComponent(`INSERT INTO ${name} FORMAT TSV`)}`;
  for (const framing of [
    'Content-Length: 1000\r\n\r\n1\tx\n',
    'Transfer-Encoding: chunked\r\n\r\n4\r\n1\tx\n\r\n',
  ]) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${framing}`);
    await delay(200);
    socket.destroy();
  }
  await expect.poll(async () => server.rows('SELECT count() FROM system.processes')).toBe('1');
  expect(await server.rows(`SELECT count() FROM ${name}`)).toBe('0');
  expect(await readdir(join(server.folder, 'http_bodies'))).toEqual([]);
});
