// What a read-only user can do on the real engine, and everything it must not: write, read files, reach
// the network, run programs, lift its own limits. Each attempt stands for a way that was open somewhere.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { READER, startTestServer, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

let server: TestServer;
/** A table with one row: (1, 'x'). */
let name: string;
/** A path that a successful attack would create. */
let target: string;

const as = READER;
const PATH = '/etc/hostname';
const FILE = `file('${PATH}', LineAsString)`;
const NOWHERE = '127.0.0.1:1';

beforeAll(async () => {
  server = await startTestServer();
  name = await server.table();
  target = join(server.folder, 'evil');
  await server.rows(`INSERT INTO ${name} VALUES (1, 'x')`);
  await server.rows(`CREATE VIEW plain_view AS SELECT * FROM ${name}`);
  await server.rows('CREATE FUNCTION own_read AS (path) -> lower(path)');
  await server.rows(`CREATE NAMED COLLECTION own_login AS host = 'h', password = 'TOPSECRET'`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Refused for being forbidden, unknown or no SQL; never for what happened on the way. */
async function refused(sql: string, url: Record<string, string> = {}): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  const code = await server.code(sql, { as, url, signal });
  // 164 readonly, 497 access, 358 outfile, 344 not here, 62 syntax, 46 and 47 no such name, 115 setting.
  expect(code, sql).toMatch(/ (164|497|358|344|62|46|47|115|36)$/);
}

describe('a reader reads', () => {
  it('tables and views, with everything a dashboard uses', async () => {
    for (const sql of [
      `SELECT a FROM ${name}`,
      `SELECT a FROM plain_view`,
      `SELECT a FROM ${name} SETTINGS max_execution_time = 5`,
      `WITH 1 AS x SELECT a FROM ${name}`,
      `SELECT sumIf(a, a > 0) FROM ${name}`,
      `SELECT quantiles(0.5)(a)[1] FROM ${name}`,
      `SELECT row_number() OVER (ORDER BY a) FROM ${name}`,
      `SELECT * APPLY(x -> toString(x)) FROM (SELECT a FROM ${name})`,
      `SELECT length(arrayMap(x -> x + 1, [a])) FROM ${name}`,
      `SELECT 1 AS url, a AS cluster FROM ${name} FORMAT CSV`,
    ]) {
      const rows = await server.rows(sql, { as, url: { max_execution_time: '10' } });
      expect(rows.split(/[\t,]/)[0], sql).toBe('1');
    }
  });

  it('through a filter of its own', async () => {
    const filter = `additional_table_filters = {'${name}': 'a = 2'}`;
    expect(await server.rows(`SELECT a FROM ${name} SETTINGS ${filter}`, { as })).toBe('');
  });

  it('existing tables', async () => {
    for (const sql of ['SHOW TABLES', `DESCRIBE TABLE ${name}`, `EXISTS ${name}`, 'SHOW DATABASES'])
      await server.rows(sql, { as });
    await server.rows('EXPLAIN SELECT 1', { as });
    await server.rows(`SHOW TABLES WHERE name IN ('x') AND lower(name) = 'x'`, { as });
    await server.rows('KILL QUERY WHERE 1 = 1 TEST', { as });
  });
});

describe('a reader does not', () => {
  it('change anything', async () => {
    for (const sql of [
      `INSERT INTO ${name} VALUES (2, '')`,
      `DROP TABLE ${name}`,
      'CREATE TABLE x (a Int8) ENGINE = Memory',
      'CREATE TEMPORARY TABLE x (a Int8)',
      'CREATE VIEW x AS SELECT 1',
      'CREATE FUNCTION x AS (a) -> a',
      `ALTER TABLE ${name} ADD COLUMN z Int8`,
      `TRUNCATE TABLE ${name}`,
      `DELETE FROM ${name} WHERE 1`,
      `UPDATE ${name} SET b = '' WHERE 1`,
      `RENAME TABLE ${name} TO y`,
      `EXCHANGE TABLES ${name} AND plain_view`,
      `DETACH TABLE ${name}`,
      `OPTIMIZE TABLE ${name}`,
      `CHECK TABLE ${name}`,
      `BACKUP TABLE ${name} TO File('x')`,
      `RESTORE TABLE ${name} FROM File('x')`,
      'SYSTEM DROP DNS CACHE',
      'SYSTEM FLUSH LOGS',
      'GRANT ALL ON *.* TO default',
      'EXECUTE AS default SELECT 1',
      `SELECT 1; DROP TABLE ${name}`,
    ]) {
      await refused(sql);
    }
    expect(await server.rows(`SELECT count() FROM ${name}`)).toBe('1');
  });

  const nested: Record<string, (source: string) => string> = {
    'as a table': (source) => `SELECT * FROM ${source}`,
    'in brackets': (source) => `(SELECT * FROM ${source})`,
    'before SELECT': (source) => `FROM ${source} SELECT *`,
    'in a subquery': (source) => `SELECT * FROM (SELECT * FROM ${source})`,
    'in WITH': (source) => `WITH x AS (SELECT * FROM ${source}) SELECT * FROM x`,
    'in view()': (source) => `SELECT * FROM view(SELECT * FROM ${source})`,
    'in viewIfPermitted()': (source) =>
      `SELECT * FROM viewIfPermitted(SELECT * FROM ${source} ELSE null('l String'))`,
    'as a scalar': (source) => `SELECT (SELECT * FROM ${source})`,
    'in IN': (source) => `SELECT * FROM ${name} WHERE b IN (SELECT * FROM ${source})`,
    'in IN itself': (source) => `SELECT 1 IN ${source}`,
    'in JOIN': (source) => `SELECT * FROM ${name} JOIN ${source} AS f ON 1`,
    'after UNION': (source) => `SELECT '' UNION ALL SELECT * FROM ${source}`,
    'in EXPLAIN': (source) => `EXPLAIN SELECT * FROM ${source}`,
    'in EXPLAIN QUERY TREE': (source) => `EXPLAIN QUERY TREE SELECT * FROM ${source}`,
    'in DESCRIBE': (source) => `DESCRIBE ${source}`,
    'in DESC TABLE': (source) => `DESC TABLE ${source}`,
    'in DESCRIBE of a query': (source) => `DESCRIBE (SELECT * FROM ${source})`,
    'in SHOW': (source) => `SHOW TABLES WHERE (SELECT count() FROM ${source}) = 1`,
    'inserted into': (source) => `INSERT INTO FUNCTION ${source} SELECT 'x'`,
    'inserted into, in lower case': (source) => `insert/**/into table function ${source} select 1`,
  };
  it.each(Object.entries(nested))('reach a file or address %s', async (_, sql) => {
    for (const source of [FILE, `url('http://${NOWHERE}/', CSV, 'a String')`]) {
      await refused(sql(source));
    }
  });

  const sources = [
    `s3('http://${NOWHERE}/b/x')`,
    `s3Cluster('default', 'http://${NOWHERE}/b/x')`,
    `gcs('http://${NOWHERE}/b/x')`,
    `azureBlobStorage('x', 'y', 'z')`,
    `hdfs('hdfs://${NOWHERE}/x', CSV, 'a Int8')`,
    `iceberg('http://${NOWHERE}/b')`,
    `icebergLocal('/tmp')`,
    `deltaLake('http://${NOWHERE}/b')`,
    `deltaLakeLocal('/tmp')`,
    `hudi('http://${NOWHERE}/b')`,
    `remote('${NOWHERE}', system.one)`,
    `remoteSecure('${NOWHERE}', system.one)`,
    `cluster('default', system.one)`,
    `clusterAllReplicas('default', system.one)`,
    `mysql('${NOWHERE}', 'd', 't', 'u', 'p')`,
    `postgresql('${NOWHERE}', 'd', 't', 'u', 'p')`,
    `mongodb('${NOWHERE}', 'd', 't', 'u', 'p', 'a Int8')`,
    `redis('${NOWHERE}', 'k', 'k String, v String')`,
    `sqlite('/tmp/x.db', 't')`,
    `odbc('DSN=x', 't')`,
    `jdbc('x', 't')`,
    `executable('id', TSV, 'a String')`,
    `fileCluster('default', '${PATH}', LineAsString)`,
    `urlCluster('default', 'http://${NOWHERE}/')`,
    `filesystem('/etc')`,
    `dictionary('x')`,
    `merge('system', '.*')`,
    `loop(system.one)`,
    `eval('SELECT 1')`,
    `input('a Int8')`,
    `mergeTreeIndex(default, 't')`,
    `prometheusQuery('a', 'b', now())`,
    `values('a String', file('${PATH}'))`,
    `format(LineAsString, file('${PATH}'))`,
    `format(JSONEachRow, 'a String, b String DEFAULT file(\\'${PATH}\\')', '{"a":1}')`,
    `numbers(length(file('${PATH}')))`,
  ];
  it.each(sources)('read from %s', async (source) => {
    await refused(`SELECT * FROM ${source}`);
    await refused(`DESCRIBE ${source}`);
  });

  const calls = [
    `SELECT file('${PATH}')`,
    `SELECT FILE('${PATH}')`,
    `SELECT file/*x*/('${PATH}')`,
    `SELECT file -- comment\n('${PATH}')`,
    `SELECT/**/\`file\`/**/('${PATH}')`,
    `SELECT "file"('${PATH}')`,
    `SELECT \`f\\x69le\`('${PATH}')`,
    `SELECT “file”('${PATH}')`,
    `SELECT file(f) FROM (SELECT '${PATH}' AS f)`,
    `SELECT arrayMap(x -> file(x), ['${PATH}'])`,
    `SELECT arrayMap(file, ['${PATH}'])`,
    `SELECT arrayMap(\`file\`, ['${PATH}'])`,
    `SELECT arrayMap(\`f\\x69le\`, ['${PATH}'])`,
    `WITH file AS f SELECT arrayMap(f, ['${PATH}'])`,
    `WITH x -> file(x) AS f SELECT f('${PATH}')`,
    `WITH file('${PATH}') AS x SELECT x`,
    `SELECT * APPLY(file) FROM (SELECT '${PATH}')`,
    `SELECT * APPLY file FROM (SELECT '${PATH}')`,
    `SELECT * apply /*x*/ ( /*y*/ file ) FROM (SELECT '${PATH}')`,
    `SELECT * APPLY("file") FROM (SELECT '${PATH}')`,
    `SELECT * APPLY(\`fi\\x6ce\`) FROM (SELECT '${PATH}')`,
    `SELECT COLUMNS('p') APPLY file FROM (SELECT '${PATH}' AS p)`,
    `SELECT * APPLY own_read FROM (SELECT '${PATH}')`,
    `SELECT own_read('${PATH}')`,
    `SELECT \`own_read\`('${PATH}')`,
    `SELECT arrayMap(own_read, ['${PATH}'])`,
    `SELECT 1 WHERE file('${PATH}') = ''`,
    `SELECT 1 ORDER BY file('${PATH}')`,
    `SELECT 1 LIMIT length(file('${PATH}'))`,
    `SELECT 1 LIMIT 1 BY file('${PATH}')`,
    `SELECT 1 GROUP BY file('${PATH}')`,
    `SELECT sum(1) OVER (ORDER BY file('${PATH}'))`,
    `SELECT quantile(length(file('${PATH}')))(1)`,
    `SELECT CAST(file('${PATH}') AS String)`,
    `SELECT if(1, file('${PATH}'), '')`,
    `SELECT * REPLACE (file('${PATH}') AS b) FROM (SELECT '' AS b)`,
    `SELECT 1 AS a ORDER BY a WITH FILL TO 3 INTERPOLATE (a AS length(file('${PATH}')))`,
    `SHOW TABLES WHERE file('${PATH}') != ''`,
    `SHOW FULL TABLES WHERE \`file\`('${PATH}') != ''`,
    `SHOW DICTIONARIES WHERE file('${PATH}') != ''`,
    `EXPLAIN AST SELECT file('${PATH}')`,
    `EXPLAIN SYNTAX SELECT file('${PATH}')`,
    `SELECT hasColumnInTable('${NOWHERE}', 'u', 'p', 'd', 't', 'c')`,
    `SELECT catboostEvaluate('${PATH}', 1)`,
    `SELECT reverseDNSQuery('127.0.0.1')`,
    `SELECT getenv('PATH')`,
    `SELECT aiGenerate('x')`,
    `SELECT file\u00a0('${PATH}')`,
    `KILL QUERY WHERE \`file\`('${PATH}') != '' TEST`,
  ];
  it.each(calls)('call: %s', async (sql) => {
    await refused(sql);
  });

  it('name a file as a table', async () => {
    for (const named of [`'${PATH}'`, `"${PATH}"`, `\`${PATH}\``, `default.\`${PATH}\``]) {
      for (const sql of [`SELECT * FROM ${named}`, `DESCRIBE ${named}`, `SELECT 1 IN ${named}`]) {
        expect(await server.code(sql, { as }), sql).toMatch(/ (164|62|60|53|47|36)$/);
      }
    }
    const identifier = { param_t: PATH, param_f: 'file' };
    await refused('SELECT * FROM {t:Identifier}', identifier);
    await refused(`SELECT arrayMap({f:Identifier}, ['${PATH}'])`, identifier);
  });

  it('write a file', async () => {
    for (const sql of [
      `SELECT 1 INTO OUTFILE '${target}'`,
      `SELECT 1 into\noutfile '${target}' APPEND`,
      `SELECT 1 INTO/**/OUTFILE '${target}'`,
      `SELECT 1 -- x\n INTO OUTFILE '${target}'`,
      `INSERT INTO ${name} FROM INFILE '${PATH}' FORMAT TSV`,
      // The engine writes the schema of these formats into the file that this setting names.
      `SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '${target}'`,
      `SELECT 1 AS a SETTINGS output_format_schema = '${target}' FORMAT Protobuf`,
    ]) {
      await refused(sql);
    }
    await refused('SELECT 1 AS a FORMAT Protobuf', { output_format_schema: target });
    await refused('SELECT 1 AS a', { output_format_schema: target, default_format: 'Protobuf' });
    expect(existsSync(target)).toBe(false);
  });

  it('change settings that keep it in', async () => {
    for (const sql of [
      'SELECT 1 FORMAT Null SETTINGS readonly = 0',
      'SELECT * FROM (SELECT 1 SETTINGS readonly = 0)',
      'SELECT 1 SETTINGS max_threads = 1, readonly = 2',
      'SELECT 1 SETTINGS `readonly` = 0',
      'SELECT 1 SETTINGS "readonly" = 0',
      "SELECT 1 SETTINGS profile = 'default'",
      'SELECT 1 SETTINGS allow_introspection_functions = 1',
      "SELECT 1 SETTINGS result_overflow_mode = 'break'",
      `SELECT 1 SETTINGS additional_result_filter = 'file(\\'${PATH}\\')'`,
      `SELECT a FROM ${name} SETTINGS additional_table_filters = {'${name}': 'b = file(\\'${PATH}\\')'}`,
      `SELECT a FROM ${name} SETTINGS additional_table_filters = {'${name}': 'b IN \`${PATH}\`'}`,
      `SELECT 1 FORMAT Protobuf SETTINGS format_schema = '${PATH}:x'`,
      `SELECT 1 FORMAT Template SETTINGS format_template_row = '${PATH}'`,
      'SET readonly = 0',
    ]) {
      await refused(sql);
    }
    await refused('SELECT 1', { readonly: '0' });
    await refused('SELECT 1', { max_result_rows: '1' });
    await refused('SELECT 1', { format_display_secrets_in_show_and_select: '1' });
  });

  it('see secrets', async () => {
    const seen = await server.rows('SELECT * FROM system.named_collections', { as });
    expect(seen).toContain('own_login');
    expect(seen).not.toContain('TOPSECRET');
    await refused('SHOW CREATE NAMED COLLECTION own_login');
    expect(await server.code('SELECT * FROM system.users', { as })).toMatch(/ (497|60)$/);
  });

  it('keep the server busy for ever', async () => {
    const limit = "SELECT getSetting('max_execution_time')";
    expect(await server.rows(limit, { as })).toBe('60');
    expect(await server.rows(limit, { as, url: { max_execution_time: '5' } })).toBe('5');
    expect(await server.rows(`${limit} SETTINGS max_execution_time = 7`, { as })).toBe('7');
  });
});
