// The writing user on the real engine: what reaches outside is refused, what an earlier version let in is
// taken out of use, and the tables beside it go on.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openEngine } from './engine.ts';
import { READER, WRITER, startTestServer, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
let folder: string;
let secret: string;

/** What somebody may have made while it was possible. */
function earlier(path: string): string[] {
  return [
    'CREATE TABLE kept (a UInt64, b String) ENGINE = MergeTree ORDER BY a',
    "INSERT INTO kept VALUES (1, 'x')",
    'CREATE VIEW kept_view AS SELECT a FROM kept',
    "CREATE DICTIONARY kept_dictionary (a UInt64, b String) PRIMARY KEY a SOURCE(CLICKHOUSE(TABLE 'kept')) LAYOUT(FLAT()) LIFETIME(0)",
    `CREATE TABLE by_function AS file('${path}', LineAsString)`,
    `CREATE TABLE by_engine (line String) ENGINE = File(LineAsString, '${path}')`,
    `CREATE VIEW by_view AS SELECT * FROM file('${path}', LineAsString)`,
    `CREATE TABLE by_default (a Int8, b String DEFAULT file('${path}')) ENGINE = MergeTree ORDER BY a`,
    `CREATE TABLE by_alias AS values('a String, b String ALIAS file(\\'${path}\\')', ('x', 'y'))`,
    `CREATE FUNCTION by_sql AS (x) -> file(x)`,
    `CREATE FUNCTION by_sql_of_sql AS (x) -> by_sql(x)`,
    `CREATE DICTIONARY by_program (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'echo 1' FORMAT TSV)) LAYOUT(FLAT()) LIFETIME(0)`,
    `CREATE DATABASE by_database ENGINE = Filesystem('/')`,
  ];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clickhouse-earlier-'));
  secret = join(folder, 'secret');
  await writeFile(secret, 'SECRET');
  const engine = await openEngine(join(folder, 'data'));
  for (const sql of earlier(secret)) engine.control(sql);
  await engine.close();
  server = await startTestServer(join(folder, 'data'));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('objects created earlier', () => {
  it('is usable when it stays inside', async () => {
    expect(await server.rows('SELECT b FROM kept')).toBe('x');
    expect(await server.rows('SELECT a FROM kept_view', { as: READER })).toBe('1');
    expect(await server.rows("SELECT dictGet('kept_dictionary', 'b', toUInt64(1))")).toBe('x');
    expect(await server.rows('SHOW TABLES')).toBe('kept\nkept_dictionary\nkept_view');
  });

  it('is out of use when it reaches outside, for everybody', async () => {
    for (const as of [WRITER, READER]) {
      for (const name of [
        'by_function',
        'by_engine',
        'by_view',
        'by_default',
        'by_alias',
        'by_program',
      ])
        expect(await server.code(`SELECT * FROM ${name}`, { as }), name).toBe('404 60');
      expect(await server.code(`SELECT * FROM by_database.\`${secret}\``, { as })).toMatch(
        / (60|81)$/,
      );
      expect(await server.code(`SELECT dictGet('by_program', 'b', toUInt64(1))`, { as })).toMatch(
        / 36$/,
      );
      for (const name of ['by_sql', 'by_sql_of_sql'])
        expect(await server.code(`SELECT ${name}('${secret}')`, { as }), name).toBe('403 497');
    }
  });

  it('does not come back', async () => {
    for (const name of ['by_view', 'by_default']) {
      await server.ask(`ATTACH TABLE ${name}`);
      expect(await server.code(`SELECT * FROM ${name}`), name).toBe('404 60');
    }
  });
});

describe('the writing user', () => {
  it('makes nothing that reaches outside', async () => {
    for (const sql of [
      ...earlier(secret).filter((text) => /\bby_/.test(text) && !text.includes('by_sql_of')),
      `CREATE TABLE x (a Int8) ENGINE = URL('http://127.0.0.1:1/', CSV)`,
      `CREATE TABLE x (a Int8) ENGINE = "UR\\x4c"('http://127.0.0.1:1/', CSV)`,
      `CREATE TABLE x (a Int8) ENGINE = Executable('id', TSV)`,
      `CREATE TABLE x (a Int8) ENGINE = QueryRunner`,
      `CREATE MATERIALIZED VIEW x (a Int8) ENGINE = File(CSV) AS SELECT 1 AS a`,
      `CREATE DATABASE x ENGINE = MySQL('127.0.0.1:1', 'd', 'u', 'p')`,
      `CREATE FUNCTION x LANGUAGE WASM FROM 'y' ARGUMENTS (a Int8) RETURNS Int8`,
      `SELECT * FROM format(JSONEachRow, 'a String, b String DEFAULT file(\\'${secret}\\')', '{"a":1}')`,
      `SELECT b FROM generateRandom('a Int8, b String ALIAS file(\\'${secret}\\')') LIMIT 1`,
      `INSERT INTO kept SELECT a, b FROM input('a UInt64, b String DEFAULT file(\\'${secret}\\')') FORMAT JSONEachRow\n{"a":1}`,
    ]) {
      expect(await server.code(sql), sql).toMatch(/ (497|62)$/);
    }
    expect(await server.code('SELECT 1', { url: { dialect: 'kusto' } })).toBe('403 497');
  });

  it('finds no file under the name of a table', async () => {
    for (const as of [WRITER, READER]) {
      for (const name of [`\`${secret}\``, `default.\`${secret}\``, '`package.json`', 'LICENSE'])
        expect(await server.code(`SELECT * FROM ${name}`, { as }), name).toMatch(/ (60|164|36)$/);
      expect(await server.rows(`EXISTS TABLE LICENSE`, { as })).toBe('0');
    }
  });

  it('still defines what it needs', async () => {
    for (const sql of [
      'CREATE DATABASE own',
      'CREATE TABLE own.t (url String, file String, engine String) ENGINE = MergeTree ORDER BY url',
      "INSERT INTO own.t VALUES ('a', 'b', 'c')",
      'CREATE TABLE own.sums (n UInt64) ENGINE = SummingMergeTree ORDER BY n',
      'CREATE MATERIALIZED VIEW own.v TO own.sums AS SELECT count() AS n FROM own.t',
      'CREATE FUNCTION own_half AS (x) -> x / 2',
      'DETACH TABLE own.t',
      'ATTACH TABLE own.t',
    ]) {
      await server.rows(sql);
    }
    expect(
      await server.rows('SELECT url, own_half(4) FROM own.t FORMAT CSV SETTINGS max_threads = 1'),
    ).toBe('"a",2');
  });
});

describe('a request', () => {
  const evil = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
  it.each([evil, { 'sec-fetch-site': 'same-site' }, { origin: 'null' }])(
    'that a page elsewhere sends is refused: %o',
    async (headers) => {
      const response = await server.ask('SELECT 1', { headers });
      expect(response.status).toBe(403);
      expect(await response.text()).toContain('a web page elsewhere');
    },
  );

  it.each([
    ['evil.example', 403],
    ['evil.example:8123', 403],
    ['127.0.0.1.evil.example', 403],
    ['10.1.2.3:8123', 403],
    ['localhost:1', 200],
    ['[::1]:8123', 200],
  ])('that names the host %s is answered %i', async (host, status) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    get(`${server.url}/ping`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
    expect(await promise).toBe(status);
  });
});
