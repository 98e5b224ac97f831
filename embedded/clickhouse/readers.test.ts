// What a read-only user can do on the real engine, and everything it must not.
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

test('a reader reads, and can do nothing else', async () => {
  const name = await server.table();
  await server.rows(`INSERT INTO ${name} VALUES (1, 'x')`);
  const as = READER;
  for (const sql of [
    `SELECT a FROM ${name}`,
    `SELECT a FROM ${name} SETTINGS max_execution_time = 5`,
    `WITH 1 AS x SELECT a FROM ${name}`,
  ]) {
    expect(await server.rows(sql, { as, url: { max_execution_time: '10' } }), sql).toBe('1');
  }
  expect(
    await server.rows(
      `SELECT a FROM ${name} SETTINGS additional_table_filters = {'${name}': 'a = 2'}`,
      {
        as,
      },
    ),
  ).toBe('');
  for (const sql of ['SHOW TABLES', `DESCRIBE TABLE ${name}`, `EXISTS ${name}`, `EXPLAIN SELECT 1`])
    await server.rows(sql, { as });
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
  for (const sql of refused) expect(await server.code(sql, { as }), sql).toMatch(/ (164|115|36)$/);
  expect(await server.code('SELECT 1', { as, url: { readonly: '0' } })).toMatch(/ 164$/);
  expect(await server.code('SELECT 1', { as, url: { max_result_rows: '1' } })).toMatch(/ 164$/);
  expect(await server.code("SELECT 1 INTO/**/OUTFILE '/tmp/x'", { as })).toMatch(/ (164|358)$/);
  expect(await server.rows(`SELECT count() FROM ${name}`)).toBe('1');
  await server.rows('KILL QUERY WHERE 1 = 1 TEST', { as });
});
