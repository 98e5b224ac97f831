// What a reader may say, judged without an engine: which statements, settings and functions, and how long.
import { describe, expect, it } from 'vitest';
import type { Connection } from './engine.ts';
import type { OutsideRules } from './outside.ts';
import { functionRules, guardReader, guardReaderText, readerSettings } from './readonly.ts';
import type { RequestHead } from './request.ts';
import { readStatement } from './statement.ts';
import { nodesOf } from './syntax.ts';

const REFUSED = expect.objectContaining({ code: 164 }) as unknown;

describe('a reader', () => {
  const text = (sql: string) => () => guardReaderText(readStatement(sql));

  it.each([
    'SELECT 1',
    "WITH 1 AS x SELECT '/etc/passwd'",
    'SHOW TABLES',
    'DESCRIBE sensor_data',
    'DESC `a name-1 %`',
    "EXPLAIN SELECT './a.csv'",
    "SHOW TABLES WHERE (name = 'a.b')",
    'EXISTS sensor_data',
    'USE default',
    'SET max_threads = 1',
  ])('may say %s', (sql) => {
    expect(text(sql)).not.toThrow();
  });

  it.each([
    'INSERT INTO t VALUES (1)',
    'DROP TABLE t',
    'CREATE TABLE t (x UInt8) ENGINE = Memory',
    'KILL QUERY WHERE 1',
    'SYSTEM FLUSH LOGS',
    'CHECK TABLE t',
    "SELECT 1 INTO OUTFILE 'a'",
    'SELECT 1 AS outFile',
    "SELECT 'infile'",
    "DESCRIBE 'a.csv'",
    'DESC `../a`',
    'DESCRIBE "a/b"',
  ])('may not say %s', (sql) => {
    expect(text(sql)).toThrow(REFUSED);
  });
});

describe('the settings of a reader', () => {
  const settings = (sql: string, url: Readonly<Record<string, string>> = {}) =>
    readerSettings(readStatement(sql), {
      settings: new Map(Object.entries(url)),
    } as unknown as RequestHead);

  it('hold a query to a minute, unless it says how long it may take', () => {
    expect(settings('SELECT 1')).toEqual(['max_execution_time = 60']);
    expect(settings('SELECT 1', { max_execution_time: '5' })).toEqual([]);
    expect(settings('SELECT 1 SETTINGS max_execution_time = 7')).toEqual([
      'max_execution_time = 7',
    ]);
  });

  it('are put in place before the statement that brings them, each with its value', () => {
    const sql =
      "SELECT 1 FROM (SELECT 2 SETTINGS max_threads = 1) SETTINGS join_use_nulls = 1, log_comment = 'a, b' FORMAT CSV";
    expect(settings(sql, { max_execution_time: '5' })).toEqual([
      'max_threads = 1',
      'join_use_nulls = 1',
      "log_comment = 'a, b'",
    ]);
  });

  it.each([
    ['SELECT 1 SETTINGS limit = 1', {}],
    ['SELECT 1 SETTINGS max_threads = 1, max_result_rows = 1', {}],
    ['SELECT 1 FROM (SELECT 1 SETTINGS offset = 1)', {}],
    ["SELECT 1 SETTINGS output_format_schema = 'a'", {}],
    ['SELECT 1', { readonly: '0' }],
    ['SELECT 1', { readonly: '2' }],
    ['SELECT 1', { result_overflow_mode: 'break' }],
    ['SELECT 1', { xmax_threads: '1' }],
    ['SELECT 1', { max_threadsx: '1' }],
    ['SELECT 1', { additional_table_filters: "{'t': 'x = f(1)'}" }],
    ["SELECT 1 SETTINGS additional_table_filters = {'t': 'x = f(1)'}", {}],
  ])('may not be such that hide something or write: %s %o', (sql, url) => {
    expect(() => settings(sql, url)).toThrow(REFUSED);
  });

  it('may be a filter that compares, and the settings that every client sends', () => {
    const url = { readonly: '1', additional_table_filters: "{'t': 'x = 1'}" };
    expect(settings('SELECT 1', { ...url, max_execution_time: '1' })).toEqual([]);
  });
});

describe('the functions of a reader', () => {
  const rules = functionRules({ ofTables: ['numbers', 'url', 'view'], ofValues: ['sum', 'file'] });
  const outside = { scalars: new Set(['file']) } as unknown as OutsideRules;

  /** `defined` is what somebody defined in SQL. */
  async function judged(sql: string, tree: string, defined: readonly string[] = []) {
    const asked: string[] = [];
    const clean = {
      run: (text: string) => {
        asked.push(text);
        return Promise.resolve({ bytes: Buffer.from(defined.map((name) => `${name}\n`).join('')) });
      },
    } as unknown as Connection;
    const statement = readStatement(sql);
    const judging = guardReader(clean, nodesOf(`SelectQuery\n${tree}`), statement, rules, outside);
    const failure = await judging.then(
      () => undefined,
      (error: unknown) => error,
    );
    return { asked, failure };
  }

  it('are those that make numbers, and those of the engine that read nothing outside', async () => {
    expect(rules.forbidden).toEqual(new Set(['url']));
    const { asked, failure } = await judged('SELECT sum(number) FROM numbers(3)', ' Function sum\n Function numbers'); // prettier-ignore
    expect([asked, failure]).toEqual([[], undefined]);
  });

  it.each([
    ["SELECT * FROM URL('http://a')", ' Function URL'],
    ['SELECT arrayMap(FILE, x)', ' Identifier FILE'],
    ['SELECT 1', ' Function url'],
    ['SELECT * APPLY file FROM t', ' Identifier t'],
  ])('are not those that reach outside, called or named: %s', async (sql, tree) => {
    expect((await judged(sql, tree)).failure).toEqual(REFUSED);
  });

  it('are not those that somebody defined in SQL', async () => {
    const { asked, failure } = await judged("SELECT mine(1), sum(2)", ' Function mine\n Function sum', ['mine']); // prettier-ignore
    expect(failure).toEqual(REFUSED);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain("origin != 'System' AND name IN ('mine', ");
    expect(asked[0]).not.toContain("'sum'");
    const column = await judged('SELECT temp FROM t', ' Identifier temp');
    expect(column.failure).toBeUndefined();
    expect(column.asked[0]).toContain("'temp'");
  });
});
