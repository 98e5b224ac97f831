import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bind } from './bind.ts';
import type { Viewed } from './macros.ts';

const closed = { clock: ['arrival', 'event'], column: ['ts', 'ingest_time'] };
const viewed = (variables: Viewed['variables']): Viewed => {
  return { fromMs: 0, toMs: 1_000, intervalMs: 1_000, variables };
};

describe('bind', () => {
  it('binds values and never writes them', () => {
    const device = ["x') OR 1=1 --", 'b', 'b'];
    const { parameters, sql } = bind(
      'SELECT 1 WHERE d IN (${device:singlequote})',
      viewed({ device }),
      closed,
    );
    expect(sql).toBe('SELECT 1 WHERE d IN ({v0:String},{v1:String},{v1:String})');
    expect(parameters).toEqual({ v0: "x') OR 1=1 --", v1: 'b' });
  });

  it('has the same SQL for every value that anybody could type', () => {
    const sql =
      'SELECT d FROM t WHERE $__conditionalAll(d IN (${device:singlequote}), $device) AND $__timeFilter_ms(t)';
    const expected = bind(sql, viewed({ device: ['a'] }), closed).sql;
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (value) => {
        const bound = bind(sql, viewed({ device: [value] }), closed);
        expect(bound).toEqual({ sql: expected, parameters: { v0: value } });
      }),
    );
  });

  it('writes a value that the dashboard itself lists', () => {
    expect(bind('SELECT ${column:raw}', viewed({ column: ['ts'] }), closed).sql).toBe('SELECT ts');
  });

  it.each([
    ['${column}', 'ts'],
    ['${column:text}', 'ts'],
    ['${column:raw}', 'ts'],
    ['${column:singlequote}', '{v0:String}'],
    ['${column:csv}', '{v0:String}'],
  ])('writes such a value only where it is no list of quoted values: %s', (written, sql) => {
    expect(bind(`SELECT ${written}`, viewed({ column: ['ts'] }), closed).sql).toBe(`SELECT ${sql}`);
  });

  it.each([
    ['SELECT ${column:json}', { column: ['ts'] }],
    ['SELECT ${device:text}', { device: ['ts'] }],
    ['SELECT ${column:raw}', { column: ['ts; DROP TABLE t'] }],
    ['SELECT ${device:raw}', { device: ['ts'] }],
    ['SELECT ${__proto__:raw}', {}],
  ])('refuses to write what the dashboard does not list: %s', (sql, variables) => {
    expect(() => bind(sql, viewed(variables as Viewed['variables']), closed)).toThrow(Error);
  });

  it('refuses a variable between quotes, where it would be text', () => {
    const call = () => bind("SELECT '${device}', 'a'", viewed({ device: ['b'] }), closed);
    expect(call).toThrow(/between quotes/);
    const many = Array.from({ length: 11 }, (_, at) => `d${at}`);
    const tenth = () => bind("SELECT ${device}, '${other}'", viewed({ device: many, other: ['x'] }), closed); // prettier-ignore
    expect(tenth).toThrow(/between quotes: '\{v11:String\}'/);
    const fine = bind("SELECT 'a', ${device}, 'b'", viewed({ device: ['b'] }), closed);
    expect(fine.sql).toBe("SELECT 'a', {v0:String}, 'b'");
  });
});
