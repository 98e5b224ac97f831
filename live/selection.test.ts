import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { readDashboard } from './dashboards.ts';
import { kindOf, toFrame } from './frame.ts';
import { SelectionError, readSelection, viewedAt } from './selection.ts';

const FOLDER = join(import.meta.dirname, '..', 'grafana', 'dashboards');
const file = 'sensor_overview.json';
const dashboard = readDashboard(file, readFileSync(join(FOLDER, file), 'utf8'));
const select = (query: string) => readSelection(dashboard, new URLSearchParams(query));

describe('readDashboard', () => {
  it('keeps SQL on the server', () => {
    const shown = JSON.stringify(dashboard.shown);
    expect(shown).not.toMatch(/SELECT|rawSql|FROM sensor_data/);
    expect(dashboard.panels.length).toBeGreaterThan(10);
    expect(dashboard.panels.every(({ queries }) => queries.length > 0)).toBe(true);
  });

  it.each([
    '',
    '{}',
    '{"uid":"x y","title":"t","panels":[]}',
    '{"uid":"x","title":"t","panels":[{}]}',
  ])('refuses %s, naming the file', (json) => {
    expect(() => readDashboard('a.json', json)).toThrow(ConfigError);
    expect(() => readDashboard('a.json', json)).toThrow(
      /^grafana\/dashboards\/a\.json is not a dashboard: /,
    );
  });

  it('reads lists as Grafana writes them', () => {
    const variable = { name: 'clock', type: 'custom', query: 'By arrival : ingest_time, ts' };
    const json = { uid: 'x', title: 't', panels: [], templating: { list: [variable] } };
    const { closed, shown } = readDashboard('a.json', JSON.stringify(json));
    expect(closed).toEqual({ clock: ['ingest_time', 'ts'] });
    expect(shown.variables[0]).toMatchObject({ initial: ['ingest_time'], label: 'clock' });
  });
});

describe('readSelection', () => {
  it('takes the defaults of the dashboard', () => {
    const { refreshMs, variables } = select('');
    expect(refreshMs).toBe(5_000);
    expect(variables['device_id']).toBe('all');
  });

  it('takes what the address says', () => {
    const { points, range, refreshMs, variables } = select(
      'from=now-1h&to=now&refresh=off&width=700&var-device_id=a&var-device_id=b',
    );
    expect({ points, range, refreshMs }).toEqual({
      points: 800,
      range: { from: 'now-1h', to: 'now' },
      refreshMs: 0,
    });
    expect(variables['device_id']).toEqual(['a', 'b']);
  });

  it.each([
    'from=now&to=now-1h',
    'from=yesterday',
    'refresh=1ms',
    'refresh=soon',
    'var-nobody=1',
    'var-clock=ts;DROP TABLE sensor_data',
    'var-clock=arrival&var-clock=event',
    `var-device_id=${'x'.repeat(201)}`,
    Array.from({ length: 101 }, (_, i) => `var-device_id=${i}`).join('&'),
  ])('refuses %s in one sentence', (query) => {
    expect(() => select(query)).toThrow(SelectionError);
  });

  it('takes values at a limit, and refuses values a step beyond it', () => {
    const values = (count: number, length: number) =>
      Array.from(
        { length: count },
        (_, at) => `var-device_id=${String(at).padStart(length, 'x')}`,
      ).join('&');
    expect(select(values(100, 3)).variables['device_id']).toHaveLength(100);
    expect(() => select(values(101, 3))).toThrow(SelectionError);
    expect(select(values(1, 200)).variables['device_id']).toHaveLength(1);
    expect(() => select(values(1, 201))).toThrow(SelectionError);
    expect([select('refresh=1s').refreshMs, select('refresh=1d').refreshMs]).toEqual([
      1_000, 86_400_000,
    ]);
    for (const refresh of ['999ms', '86401s'])
      expect(() => select(`refresh=${refresh}`)).toThrow(SelectionError);
    const widths = [0, 400, 401, 800, 1_600, 1_601, 9_999].map(
      (width) => select(`width=${width}`).points,
    );
    expect(widths).toEqual([400, 400, 800, 800, 1_600, 1_600, 1_600]);
    expect(() => select(`from=${'1'.repeat(41)}`)).toThrow(SelectionError);
  });

  it('refuses or selects whatever is sent, and nothing else happens', () => {
    const name = fc.constantFrom(
      'from',
      'to',
      'refresh',
      'width',
      'var-device_id',
      'var-clock',
      '__proto__',
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
        try {
          const selection = readSelection(dashboard, new URLSearchParams(pairs));
          const { fromMs, toMs } = viewedAt(selection, Date.now(), 1_000, {});
          expect(fromMs).toBeLessThan(toMs);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(SelectionError);
        }
      }),
    );
  });

  it('takes All for every value only where the variable offers that', () => {
    const variable = (name: string, includeAll: boolean) => {
      return { name, type: 'query', multi: true, includeAll, query: 'q' };
    };
    const list = [variable('any', true), variable('some', false)];
    const json = { uid: 'x', title: 't', panels: [], templating: { list } };
    const own = readDashboard('a.json', JSON.stringify(json));
    for (const all of ['All', '$__all']) {
      const query = new URLSearchParams([
        ['var-any', all],
        ['var-some', all],
      ]);
      expect(readSelection(own, query).variables).toEqual({ any: 'all', some: [all] });
    }
  });

  it('takes one value where the variable takes one', () => {
    const list = [{ name: 'one', type: 'query', multi: false, query: 'q' }];
    const json = { uid: 'x', title: 't', panels: [], templating: { list } };
    const own = readDashboard('a.json', JSON.stringify(json));
    const values = (query: string) =>
      readSelection(own, new URLSearchParams(query)).variables['one'];
    expect(values('var-one=a')).toEqual(['a']);
    expect(() => values('var-one=a&var-one=b')).toThrow(SelectionError);
  });

  it('begins a list without a choice with its first value', () => {
    const selection = { ...select(''), variables: { edge: [] } };
    expect(viewedAt(selection, 1e12, 1_000, { edge: ['5', '6'] }).variables).toEqual({
      edge: ['5'],
    });
  });
});

describe('toFrame', () => {
  it.each([
    ["DateTime64(3, 'UTC')", 'time'],
    ['Nullable(DateTime)', 'time'],
    ["DateTime('Europe/Berlin')", 'text'],
    ['LowCardinality(Nullable(String))', 'text'],
    ['UInt64', 'number'],
    ['Nullable(Float64)', 'number'],
    ['Decimal(9, 2)', 'number'],
    ['Array(UInt8)', 'text'],
  ])('takes %s for %s', (type, kind) => expect(kindOf(type)).toBe(kind));

  it('reads times as UTC, wide integers as numbers, nothing as nothing', () => {
    const columns = ['DateTime64(3)', 'UInt64', 'Nullable(Float64)', 'Array(UInt8)'].map(
      (type, i) => {
        return { name: `c${i}`, type };
      },
    );
    const rows = [['2020-07-12 00:01:34.385', '18446744073709551615', null, [1, 2]]];
    expect(toFrame('A', { columns, rows }).columns.map(({ values }) => values[0])).toEqual([
      1_594_512_094_385,
      18_446_744_073_709_552_000,
      null,
      '[1,2]',
    ]);
  });
});
