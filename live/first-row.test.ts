import { describe, expect, it } from 'vitest';
import { readDashboard, type Dashboard } from './dashboards.ts';
import { firstRowSql, isOwn, sinceFirstRow } from './first-row.ts';

const NOW = 1_700_000_000_500;
const own = { from: 'now-15m', to: 'now' };
const window = { fromMs: NOW - 900_000, toMs: NOW };

function dashboard(sql: string): Dashboard {
  const gridPos = { x: 0, y: 0, w: 1, h: 1 };
  const panels = [{ id: 1, type: 'stat', gridPos, targets: [{ refId: 'A', rawSql: sql }] }];
  return readDashboard('d.json', JSON.stringify({ uid: 'd', title: 'D', time: own, panels }));
}
const sensors = dashboard('SELECT count() FROM sensor_data');
const since = (range: typeof own, firstMs?: number) =>
  sinceFirstRow(sensors, range, window, firstMs);

describe('the range of a young installation', () => {
  it('begins with the first row, and is never shorter than a few batches', () => {
    expect(since(own, NOW - 60_000)).toEqual({ from: String(NOW - 60_500), to: 'now' });
    expect(since(own, NOW - 300)).toEqual({ from: String(NOW - 10_000), to: 'now' });
  });

  it('is as asked for when rows are older, or unknown, or when somebody chose another range', () => {
    expect(since(own, NOW - 900_000)).toEqual(own);
    const young = NOW - 899_000;
    expect(since(own, young)).toEqual({
      from: String(Math.floor(young / 1_000) * 1_000),
      to: 'now',
    });
    expect(since(own)).toEqual(own);
    const hour = { from: 'now-1h', to: 'now' };
    expect(since(hour, NOW - 60_000)).toEqual(hour);
  });

  it('is left alone where the dashboard opens with one that does not end now', () => {
    const past = { from: '2020-07-12', to: '2020-07-20' };
    expect(isOwn(past, past)).toBe(false);
    expect(isOwn(own, own)).toBe(true);
    expect(isOwn(own, { ...own, to: '2020-07-20' })).toBe(false);
    expect(isOwn({ ...own, to: '2020-07-20' }, own)).toBe(false);
  });

  it('asks the tables that the panels read, those of views too', () => {
    expect(firstRowSql(sensors)).toContain('FROM sensor_data');
    expect(firstRowSql(sensors)).not.toContain('traffic_events');
    expect(firstRowSql(dashboard('SELECT 1 FROM system.parts'))).toBeUndefined();
  });
});
