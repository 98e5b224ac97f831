// What a page asks reaches ClickHouse once a tick for all pages, never as SQL of the page's making, and every
// failure becomes one sentence that says whether it mends itself.
import { describe, expect, it } from 'vitest';
import {
  ResultTooLargeError,
  type ClickHouseReader,
  type ReadTable,
} from '../platform/clickhouse/reader.ts';
import { ConfigError, UnavailableError } from '../platform/errors.ts';
import { Answers, troubleOf } from './answers.ts';
import { readDashboard, type Dashboard } from './dashboards.ts';
import { readSelection } from './selection.ts';
import { BusyError } from './turns.ts';

const NOW_MS = Date.UTC(2026, 0, 1, 12);
const stays = new AbortController().signal;
const SQL = 'SELECT ts, temp FROM sensor_data WHERE device_id IN ($device)';

function dashboardOf(sql: string): Dashboard {
  const variable = { name: 'device', type: 'query', multi: true, query: 'SELECT DISTINCT device_id FROM sensor_data' }; // prettier-ignore
  const gridPos = { x: 0, y: 0, w: 1, h: 1 };
  const panel = { id: 1, type: 'stat', gridPos, interval: '5s', targets: [{ refId: 'A', rawSql: sql }] }; // prettier-ignore
  const json = { uid: 'x', title: 't', panels: [panel], templating: { list: [variable] } };
  return readDashboard('a.json', JSON.stringify(json));
}

function world(answer: () => Promise<ReadTable> | ReadTable, sql = SQL) {
  const asked: { sql: string; parameters: Readonly<Record<string, string>> }[] = [];
  const signals: AbortSignal[] = [];
  const reader = {
    read: (text: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal) => {
      asked.push({ sql: text, parameters });
      signals.push(signal);
      return Promise.resolve().then(answer);
    },
  } as unknown as ClickHouseReader;
  const dashboard = dashboardOf(sql);
  const answers = new Answers(reader);
  const panel = (query: string, nowMs = NOW_MS, signal = stays) => {
    const selection = readSelection(dashboard, new URLSearchParams(query));
    return answers.panel(dashboard.panels[0]!, selection, {}, nowMs, signal);
  };
  return { answers, asked, dashboard, panel, signals };
}

const table: ReadTable = {
  columns: [{ name: 'n', type: 'UInt64' }],
  rows: [['7']],
};

describe('a panel', () => {
  it('shows what the server answers, with values as parameters', async () => {
    const { asked, panel } = world(() => table);
    const value = "x'); DROP TABLE sensor_data --";
    const news = await panel(`var-device=${encodeURIComponent(value)}`);
    expect(news).toMatchObject({ id: 1, frames: [{ refId: 'A', columns: [{ values: [7] }] }] });
    expect(asked[0]!.sql).not.toContain('DROP');
    expect(Object.values(asked[0]!.parameters)).toEqual([value]);
  });

  it('is asked once for all pages of a tick, and anew at the next', async () => {
    const { asked, panel } = world(() => table);
    const range = 'from=1000&to=2000&var-device=a';
    await Promise.all([panel(range), panel(range)]);
    await panel(range);
    expect(asked).toHaveLength(1);
    await panel(range, NOW_MS + 1);
    expect(asked).toHaveLength(2);
    await panel('from=1000&to=2000&var-device=b');
    expect(asked).toHaveLength(3);
  });

  it('says in a sentence what is wrong, and rejects only when its page has gone', async () => {
    const failing = world(() => Promise.reject(new ConfigError('refused')));
    expect(await failing.panel('var-device=a')).toEqual({
      id: 1,
      trouble: { kind: 'refused', text: 'refused' },
    });
    const unknown = world(() => table, 'SELECT $__nothingLikeIt(ts)');
    expect(await unknown.panel('')).toMatchObject({ trouble: { kind: 'failed' } });
    expect(unknown.asked).toEqual([]);
    const gone = new AbortController();
    const waiting = world(() => new Promise<ReadTable>(() => undefined));
    const asked = waiting.panel('var-device=a', NOW_MS, gone.signal);
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(waiting.signals[0]!.aborted).toBe(true);
  });

  it('takes its turn: four queries run at a time', async () => {
    const open = Promise.withResolvers<ReadTable>();
    const { asked, panel } = world(() => open.promise);
    const all = Array.from({ length: 9 }, (_, at) => panel(`var-device=${at}`));
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toHaveLength(4);
    open.resolve(table);
    await Promise.all(all);
    expect(asked).toHaveLength(9);
  });
});

describe('a variable', () => {
  const ask = async (answer: () => ReadTable | Promise<ReadTable>) => {
    const { answers, dashboard } = world(answer);
    const selection = readSelection(dashboard, new URLSearchParams());
    return answers.variable(dashboard.queryVariables[0]!, selection, NOW_MS, stays);
  };

  it('has each option once, as text, and no more than a list can show', async () => {
    const rows = [['b'], ['a'], ['b'], [7]];
    const columns = [{ name: 'device_id', type: 'String' }];
    expect(await ask(() => ({ columns, rows }))).toEqual({ name: 'device', options: ['b', 'a', '7'] }); // prettier-ignore
    const many = Array.from({ length: 1_001 }, (_, at) => [`d${at}`]);
    const { options } = await ask(() => ({ columns, rows: many }));
    expect(options).toHaveLength(1_000);
    expect(options.at(-1)).toBe('d999');
  });

  it('has none and a reason when nobody answers', async () => {
    const away = () => Promise.reject(new UnavailableError('away'));
    expect(await ask(away)).toMatchObject({ options: [], trouble: { kind: 'away' } });
  });
});

describe('the first row', () => {
  const first = (answer: () => ReadTable | Promise<ReadTable>, sql = SQL) => {
    const { answers, dashboard } = world(answer, sql);
    return answers.firstRow(dashboard, NOW_MS, stays);
  };

  it('is the oldest of all tables, and unknown without rows or without an answer', async () => {
    const columns = [{ name: 'first', type: 'Int64' }];
    expect(await first(() => ({ columns, rows: [['2000'], ['1000'], ['3000']] }))).toBe(1_000);
    expect(await first(() => ({ columns, rows: [] }))).toBeUndefined();
    expect(await first(() => Promise.reject(new UnavailableError('away')))).toBeUndefined();
    expect(await first(() => ({ columns, rows: [['1']] }), 'SELECT 1')).toBeUndefined();
  });
});

it('the first row is asked for once for all pages of a tick, and anew at the next', async () => {
  const rows = [['2000']];
  const { answers, asked, dashboard } = world(() => ({ columns: [], rows }));
  const first = (nowMs: number) => answers.firstRow(dashboard, nowMs, stays);
  await Promise.all([first(NOW_MS), first(NOW_MS)]);
  expect(asked).toHaveLength(1);
  rows[0] = ['1000'];
  expect(await first(NOW_MS + 1)).toBe(1_000);
  expect(asked).toHaveLength(2);
});

it('the first row is not waited for once its page has gone', async () => {
  const gone = new AbortController();
  const { answers, dashboard, signals } = world(() => new Promise<ReadTable>(() => undefined));
  const waiting = answers.firstRow(dashboard, NOW_MS, gone.signal);
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(signals[0]!.aborted).toBe(true);
});

describe('a failure', () => {
  const coded = (code: string, error: Error) => Object.assign(error, { code });

  it.each([
    ['busy', new BusyError('x')],
    ['refused', new ResultTooLargeError('x')],
    ['refused', new ConfigError('x')],
    ['slow', new UnavailableError('x', { cause: coded('159', new Error('x')) })],
    ['slow', coded('209', new Error('x'))],
    ['slow', new UnavailableError('x', { cause: coded('ETIMEDOUT', new Error('x')) })],
    ['away', new UnavailableError('x')],
    ['away', new UnavailableError('x', { cause: coded('ECONNRESET', new Error('x')) })],
    ['away', new UnavailableError('x', { cause: coded('UND_ERR_SOCKET', new Error('x')) })],
    ['failed', new UnavailableError('x', { cause: coded('241', new Error('x')) })],
    ['failed', new Error('x')],
    ['failed', 'x'],
  ])('is %s: %s', (kind, thrown) => {
    expect(troubleOf(thrown).kind).toBe(kind);
    expect(troubleOf(thrown).text).not.toBe('');
  });
});
