// Nobody reaches outside of the engine, the writing user neither: every dangerous name, behind every separator
// the engine's lexer takes, in every place of a statement; and what people do all day still passes.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  outsideRules,
  refuseOutsideSettings,
  refuseOutsideText,
  refuseOutsideTree,
} from './outside.ts';
import { nodesOf } from './syntax.ts';
import { tokenize } from './tokenizer.ts';

const TABLES = [
  'file',
  'url',
  's3',
  'executable',
  'remote',
  'mysql',
  'eval',
  'numbers',
  'view',
  'input',
  'values',
];
const VALUES = ['file', 'catboostEvaluate', 'aiGenerate', 'reverseDNSQuery', 'lower', 'arrayMap'];
const lower = (names: readonly string[]) => names.map((name) => name.toLowerCase());
const brought = { ofTables: lower(TABLES), ofValues: lower(VALUES) };
const rules = outsideRules(brought, ['own_read']);

function judge(sql: string, params: Record<string, string> = {}): void {
  const tokens = [...tokenize(Buffer.from(sql, 'utf8').toString('latin1'))];
  refuseOutsideText(tokens, new Map(Object.entries(params)), rules);
}
const denied = (sql: string, params?: Record<string, string>) =>
  expect(() => judge(sql, params), sql).toThrow(/reads no files, runs no programs/);
const allowed = (sql: string, params?: Record<string, string>) =>
  expect(() => judge(sql, params), sql).not.toThrow();

const dangerous = fc.constantFrom(...rules.calls, 'File', 'URL', 'Own_Read', '`file`', '"url"', '“s3”', '`f\\x69le`', '"\\146ile"'); // prettier-ignore
/** Between two tokens: what the engine's lexer skips. */
const separator = fc.constantFrom('', ' ', '\n', '\t', '\r\n', '\f', '\v', '\0', '/**/', '/* ( /* ) */ */', ' -- )\n', ' # x\n', '#!\n', '//\n',
  '\u00a0', '\u0085', '\u1680', '\u180e', '\u2003', '\u200b', '\u2028', '\u2029', '\u202f', '\u205f', '\u2060', '\u3000', '\ufeff'); // prettier-ignore
/** `f` is the name, `s` what stands between it and its neighbours. */
const places: readonly ((f: string, s: string) => string)[] = [
  (f, s) => `SELECT ${f}${s}('x')`,
  (f, s) => `SELECT * FROM${s || ' '}${f}${s}('x')`,
  (f, s) => `SELECT * APPLY${s || ' '}${f}${s || ' '}FROM t`,
  (f, s) => `SELECT * APPLY${s}(${s}${f}${s}) FROM t`,
  (f, s) => `WITH x -> ${f}${s}(x) AS g SELECT g(1)`,
  (f, s) => `INSERT INTO FUNCTION${s || ' '}${f}${s}('x') SELECT 1`,
  (f, s) => `INSERT INTO TABLE FUNCTION ${f}${s}('x') FORMAT CSV`,
  (f, s) => `INSERT INTO t SELECT ${f}${s}(a) FROM input('a String') FORMAT CSV`,
  (f, s) => `CREATE TABLE x AS${s || ' '}${f}${s}('x')`,
  (f, s) => `CREATE TABLE x (a String DEFAULT${s || ' '}${f}${s}('x')) ENGINE = Log`,
  (f, s) => `CREATE VIEW v AS SELECT * FROM ${f}${s}('x')`,
  (f, s) => `CREATE FUNCTION g AS (x) ->${s}${f}${s}(x)`,
  (f, s) => `ALTER TABLE t MODIFY COLUMN a String DEFAULT ${f}${s}('x')`,
  (f, s) => `ALTER TABLE t UPDATE a = ${f}${s}('x') WHERE 1`,
  (f, s) => `SHOW TABLES WHERE ${f}${s}('x') = ''`,
  (f, s) => `DESCRIBE TABLE${s || ' '}${f}${s}('x')`,
  (f, s) => `EXPLAIN SELECT ${f}${s}('x')`,
  (f, s) => `KILL QUERY WHERE ${f}${s}('x') = ''`,
  (f, s) => `SELECT 1 IN${s || ' '}${f}${s}('x')`,
  (f, s) => `RESTORE TABLE t FROM ${f}${s}('/etc')`,
];

describe('the text of a statement', () => {
  test('never calls what is dangerous, wherever it stands and whatever is around it', () => {
    fc.assert(
      fc.property(dangerous, separator, fc.constantFrom(...places), (name, between, place) => {
        denied(place(name, between));
      }),
      { numRuns: 3_000 },
    );
  });

  test('names no function instead of calling it, not through a parameter either', () => {
    for (const name of ['file', '`file`', 'FILE', 'own_read']) {
      denied(`SELECT arrayMap(${name}, ['x'])`);
      denied(
        `INSERT INTO t SELECT arrayMap( /**/ ${name} /**/ , [a]) FROM input('a String') FORMAT CSV`,
      );
    }
    denied(`SELECT arrayMap({f:Identifier}, ['x'])`, { f: 'file' });
    allowed(`SELECT {f:String}`, { f: 'file' });
  });

  test.each([
    `SELECT 1\u00a0+ 1`,
    `SELECT 1 AS \`a\nb\``,
    `BACKUP TABLE t TO Disk('default', 'x')`,
    `BACKUP TABLE t TO S3('http://x')`,
    `BACKUP TABLE t TO File('/tmp/x')`,
    `BACKUP TABLE t TO File('x/../../y')`,
    `BACKUP TABLE t TO File('x') SETTINGS base_backup = S3('http://x')`,
    `ATTACH TABLE t FROM '/tmp/x' (a Int8) ENGINE = Log`,
    `CREATE TABLE t (a Int8) ENGINE = Log SETTINGS disk = disk(type = local)`,
    `CREATE TABLE t (a Int8) ENGINE = Log SETTINGS disk = 'disk(type = local)'`,
    `SET dialect = 'kusto'`,
    "SELECT 1 SETTINGS `dialect` = 'kusto'",
    `SELECT 1 SETTINGS max_threads = 1, format_schema = 'x'`,
    `SELECT 1 SETTINGS additional_table_filters = {'t': 'file(a)'}`,
    `SYSTEM JEMALLOC FLUSH PROFILE`,
    `CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(EXECUTABLE(COMMAND 'id' FORMAT TSV)) LAYOUT(FLAT())`,
    `CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(HTTP(URL 'http://x' FORMAT TSV)) LAYOUT(FLAT())`,
    `CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(QUERY 'SELECT 1')) LAYOUT(FLAT())`,
    `CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 't' HOST 'x')) LAYOUT(FLAT())`,
    `CREATE OR REPLACE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE /**/ (POSTGRESQL(TABLE 't')) LAYOUT(FLAT())`,
    `CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(NULL()) LAYOUT(SSD_CACHE(PATH '/tmp/x'))`,
  ])('is refused: %s', (sql) => denied(sql));

  test.each([
    `CREATE TABLE url (file String, cluster String, format String) ENGINE = Log`,
    `INSERT INTO url (file, cluster) FORMAT CSV`,
    `INSERT INTO db.file (a) VALUES`,
    `SELECT file, line FROM url WHERE (file, line) IN (SELECT file, line FROM x) GROUP BY file, line`,
    `SELECT uniq(file, line), format('{}', a), '\u00a0', \`ä\`, "é" /* \u00a0 */ FROM t -- ü`,
    `SELECT 'file(x)', $$url('x')$$ FROM numbers(3)`,
    `INSERT INTO t SELECT a FROM input('a Int8') WHERE throwIf((SELECT 1) != 1, 'fenced') = 0 FORMAT Native`,
    `BACKUP TABLE t TO File('2026-11-21/t')`,
    `RESTORE TABLE t FROM File('2026-11-21/t')`,
    `CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 't' DB 'default')) LAYOUT(FLAT())`,
    `SELECT 1 SETTINGS additional_table_filters = {'t': 'a = 2'}`,
  ])('passes: %s', (sql) => allowed(sql));
});

describe('the settings of a request', () => {
  test.each(['dialect', 'format_schema', 'output_format_schema', 'input_format_record_errors_file_path'])(
    'do not name %s',
    (name) => expect(() => refuseOutsideSettings(new Map([[name, 'x']]))).toThrow(/the setting/),
  ); // prettier-ignore
  test('may filter and tune', () => {
    const filter = ['additional_table_filters', "{'t': 'a = 1'}"] as const;
    refuseOutsideSettings(
      new Map([filter, ['max_threads', '1'], ['input_format_parallel_parsing', '0']]),
    );
  });
});

describe("the engine's tree of a statement", () => {
  const judgeTree = (lines: readonly string[]) => (): void =>
    refuseOutsideTree(nodesOf(lines.join('\n')), { verb: 'CREATE', tokens: [] }, rules);

  test('names engines that are listed, and no others', () => {
    const table = (engine: string) => ['CreateQuery x (children 2)', ' Identifier x', ' Storage definition (children 1)', `  Function ${engine}`]; // prettier-ignore
    for (const engine of ['MergeTree', 'ReplacingMergeTree', 'Memory', 'Atomic'])
      expect(judgeTree(table(engine)), engine).not.toThrow();
    for (const engine of [
      'URL',
      'File',
      'Executable',
      'Kafka',
      'Filesystem',
      'Overlay',
      'FutureEngine',
    ])
      expect(judgeTree(table(engine)), engine).toThrow(`${engine} is not available`);
  });

  test('declares columns of a table function without expressions', () => {
    const from = (first: string) => ['SelectQuery', ' TableExpression', '  Function format', '   ExpressionList', '    Identifier CSV', `    ${first}`]; // prettier-ignore
    expect(judgeTree(from("Literal 'a String'"))).not.toThrow();
    for (const first of [
      "Literal 'a String DEFAULT file(1)'",
      "Literal 'a String\\nALIAS file(1)'",
      'Function concat',
    ])
      expect(judgeTree(from(first)), first).toThrow('a structure');
    expect(
      judgeTree(['SelectQuery', ' Function format', '  ExpressionList', '   Function lower']),
    ).not.toThrow();
  });
});
