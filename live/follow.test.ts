// What an open page is told and when: whole at first, then at multiples of its refresh what is new, and nothing
// while it takes nothing.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Answers } from './answers.ts';
import { readDashboard } from './dashboards.ts';
import { followSelection, type Clock, type Page } from './follow.ts';
import type { Events, PanelNews, PipelineNews, Trouble } from './model/protocol.ts';
import type { PipelineWatch } from './pipeline/watch.ts';
import { readSelection } from './selection.ts';

const START_MS = Date.UTC(2026, 0, 1) + 3_400;
const gridPos = { x: 0, y: 0, w: 1, h: 1 };

function dashboardOf(panels: readonly object[], list: readonly object[]) {
  const all = panels.map((panel, id) => ({ id, type: 'stat', gridPos, ...panel }));
  const json = { uid: 'x', title: 't', refresh: '5s', panels: all, templating: { list } };
  return readDashboard('a.json', JSON.stringify(json));
}
const targets = [{ refId: 'A', rawSql: 'SELECT 1 FROM sensor_data' }];
const variableOf = (more: object) => ({ name: 'd', type: 'query', multi: true, includeAll: true, query: 'q', ...more }); // prettier-ignore

interface Given {
  readonly query?: string;
  readonly panels?: readonly object[];
  readonly variables?: readonly object[];
  /** What the panel shows at a moment; the same by default. */
  readonly shows?: (nowMs: number) => number | Trouble;
  readonly options?: (nowMs: number) => readonly string[] | undefined;
  readonly firstRowMs?: () => number | undefined;
  readonly isReady?: (nowMs: number) => boolean;
  readonly ticks?: number;
}

async function followed(given: Given) {
  const { firstRowMs = () => 0, isReady = () => true, options, query = '', shows = () => 1, ticks = 3 } = given; // prettier-ignore
  const dashboard = dashboardOf(given.panels ?? [{ targets }], given.variables ?? []);
  const selection = readSelection(dashboard, new URLSearchParams(query));
  const stop = new AbortController();
  const sent: { event: keyof Events; data: unknown }[] = [];
  const slept: number[] = [];
  let nowMs = START_MS;
  const clock: Clock = {
    nowMs: () => nowMs,
    sleep: (ms) => {
      // Node takes longer ones for one millisecond.
      expect(ms).toBeLessThan(2 ** 31);
      if (slept.length === ticks || ms > 2 ** 30) {
        stop.abort(new Error('over'));
        return Promise.reject(new Error('over'));
      }
      slept.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const page: Page = {
    get ready() {
      return isReady(nowMs);
    },
    send: (event, data) => void sent.push({ event, data }),
    beat: () => undefined,
  };
  const asked: { variables: unknown; range: unknown; options: unknown }[] = [];
  let firstRows = 0;
  const answers = {
    panel: (panel: { id: number }, chosen: { variables: unknown; range: unknown }, known: unknown, atMs: number) => {
      asked.push({ variables: chosen.variables, range: chosen.range, options: known });
      const shown = shows(atMs);
      const news = typeof shown === 'number' ? { intervalMs: shown, frames: [] } : { trouble: shown };
      return Promise.resolve({ id: panel.id, ...news } satisfies PanelNews);
    },
    variable: ({ name }: { name: string }, _: unknown, atMs: number) => {
      const found = options?.(atMs);
      const trouble = { kind: 'away', text: '' };
      return Promise.resolve(found === undefined ? { name, options: [], trouble } : { name, options: found });
    },
    firstRow: () => {
      firstRows += 1;
      return Promise.resolve(firstRowMs());
    },
  } as unknown as Answers; // prettier-ignore
  const listeners = new Set<(news: PipelineNews) => void>();
  const pipeline = {
    follow: (listener: (news: PipelineNews) => void) => {
      listeners.add(listener);
      listener({ places: [], flows: [] });
      return () => void listeners.delete(listener);
    },
  } as unknown as PipelineWatch;
  await followSelection(page, selection, { answers, pipeline }, stop.signal, clock);
  const of = (event: keyof Events) => sent.filter((each) => each.event === event).map(({ data }) => data); // prettier-ignore
  return { asked, firstRows: () => firstRows, listeners, of, slept };
}

describe('a page', () => {
  it('gets events at once, then at multiples of its refresh, in whole seconds', async () => {
    const { of, slept } = await followed({});
    expect(slept).toEqual([1_600, 5_000, 5_000]);
    const begin = Math.floor(START_MS / 1_000) * 1_000;
    expect(of('tick').map((tick) => (tick as { atMs: number }).atMs - begin)).toEqual([
      0, 2_000, 7_000, 12_000,
    ]);
  });

  it('gets a panel again only when it is another', async () => {
    const { of } = await followed({ shows: (nowMs) => Math.floor(nowMs / 10_000) });
    const same = of('panel').map((news) => 'same' in (news as object));
    expect(same).toEqual([false, true, false, true]);
    expect(of('panel')[0]).toStrictEqual({
      id: 0,
      intervalMs: expect.any(Number) as number,
      frames: [],
    });
    expect(of('panel')[1]).toStrictEqual({ id: 0, same: true });
  });

  it('is told which range its panels show', async () => {
    const { of } = await followed({ query: 'from=now-1h&to=now', ticks: 0 });
    const atMs = Math.floor(START_MS / 1_000) * 1_000;
    expect(of('tick')).toEqual([{ atMs, fromMs: atMs - 3_600_000, toMs: atMs }]);
  });

  it('that takes nothing misses ticks and news of the pipeline', async () => {
    const { of } = await followed({ isReady: (nowMs) => nowMs > START_MS + 6_000 });
    expect(of('tick')).toHaveLength(3);
    expect(of('pipeline')).toHaveLength(0);
    expect((await followed({})).of('pipeline')).toHaveLength(1);
  });

  it('without a refresh gets events once', async () => {
    const { of, slept } = await followed({ query: 'refresh=off' });
    expect(of('tick')).toHaveLength(1);
    expect(slept).toEqual([]);
  });

  it('that has gone follows nothing any more', async () => {
    expect((await followed({})).listeners.size).toBe(0);
  });
});

afterEach(() => void vi.useRealTimers());

describe('a page that is open', () => {
  const pipeline = { follow: () => () => undefined } as unknown as PipelineWatch;

  it('is followed on the clock of the machine until it goes', async () => {
    const page: Page = { ready: true, send: () => undefined, beat: () => undefined };
    const stop = new AbortController();
    let isOver = false;
    const sources = { answers: {} as unknown as Answers, pipeline };
    const following = followSelection(page, undefined, sources, stop.signal);
    const over = following.then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    stop.abort();
    expect(await over).toBe(true);
  });

  it('is sent a beat every fifteen seconds, and none once it has gone', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let beats = 0;
    const page: Page = { ready: true, send: () => undefined, beat: () => (beats += 1) };
    const gone = Promise.withResolvers<never>();
    const stop = new AbortController();
    const clock: Clock = { nowMs: () => START_MS, sleep: () => gone.promise };
    const sources = { answers: {} as unknown as Answers, pipeline };
    const following = followSelection(page, undefined, sources, stop.signal, clock);
    vi.advanceTimersByTime(14_999);
    expect(beats).toBe(0);
    vi.advanceTimersByTime(15_001);
    expect(beats).toBe(2);
    stop.abort(new Error('gone'));
    gone.reject(new Error('gone'));
    await following;
    vi.advanceTimersByTime(60_000);
    expect(beats).toBe(2);
  });

  it('hears of a trouble at every tick: an unchanged answer takes the message back', async () => {
    const trouble: Trouble = { kind: 'away', text: 'ClickHouse is away.' };
    const { of } = await followed({ shows: () => trouble, ticks: 2 });
    expect(of('panel')).toEqual([1, 2, 3].map(() => ({ id: 0, trouble })));
  });

  it('without a refresh asks again, for the same moment, after a passing trouble', async () => {
    for (const kind of ['away', 'busy'] as const) {
      const shown: (number | Trouble)[] = [{ kind, text: '' }, { kind, text: '' }, 7];
      const { of, slept } = await followed({ query: 'refresh=off', shows: () => shown.shift()! });
      expect(slept).toEqual([5_000, 5_000]);
      expect(new Set(of('tick').map((tick) => (tick as { atMs: number }).atMs)).size).toBe(1);
      expect(of('panel').at(-1)).toMatchObject({ intervalMs: 7 });
    }
  });

  it('without a refresh asks once after a lasting trouble', async () => {
    for (const kind of ['slow', 'refused', 'failed'] as const) {
      const { asked, slept } = await followed({ query: 'refresh=off', shows: () => ({ kind, text: '' }) }); // prettier-ignore
      expect([asked.length, slept]).toEqual([1, []]);
    }
  });

  it('without a refresh asks again for the options of a variable', async () => {
    const answers = [undefined, ['a']];
    const { of } = await followed({
      query: 'refresh=off',
      variables: [variableOf({})],
      options: () => answers.shift(),
    });
    expect(of('variable')).toHaveLength(2);
  });

  it('hands on a mistake of ours', async () => {
    const mistake = new TypeError('mistake');
    const page: Page = { ready: true, send: () => undefined, beat: () => undefined };
    const clock: Clock = { nowMs: () => START_MS, sleep: () => Promise.reject(mistake) };
    const never = new AbortController().signal;
    const sources = { answers: {} as unknown as Answers, pipeline };
    await expect(followSelection(page, undefined, sources, never, clock)).rejects.toBe(mistake);
  });
});

describe('variables', () => {
  it('are asked at the first tick, again until somebody answers, and at every tick where that is said', async () => {
    const once = await followed({ variables: [variableOf({})], options: () => ['a'] });
    expect(once.of('variable')).toHaveLength(1);
    const late = await followed({
      variables: [variableOf({})],
      options: (nowMs) => (nowMs > START_MS + 4_000 ? ['a'] : undefined),
    });
    expect(late.of('variable')).toHaveLength(3);
    const always = await followed({ variables: [variableOf({ refresh: 2 })], options: () => ['a'] }); // prettier-ignore
    expect(always.of('variable')).toHaveLength(4);
  });

  it('repeat a panel for each chosen value, or for every one there is, up to a limit', async () => {
    const panels = [{ targets, repeat: 'd' }];
    const variables = [variableOf({})];
    const many = Array.from({ length: 30 }, (_, at) => `v${at}`);
    const all = await followed({ panels, variables, options: () => many, ticks: 0 });
    expect(all.asked).toHaveLength(24);
    expect(all.asked[1]!.variables).toMatchObject({ d: ['v1'] });
    expect(all.of('panel')[1]).toMatchObject({ id: 0, repeated: 'v1' });
    expect(all.asked[1]!.options).toEqual({ d: many });
    const two = await followed({ panels, variables, query: 'var-d=x&var-d=y', ticks: 1 });
    expect(two.of('panel')).toEqual([
      { id: 0, repeated: 'x', intervalMs: 1, frames: [] },
      { id: 0, repeated: 'y', intervalMs: 1, frames: [] },
      { id: 0, repeated: 'x', same: true },
      { id: 0, repeated: 'y', same: true },
    ]);
  });
});

describe('a young installation', () => {
  it('is shown from its first row on, which is asked for until it is older than the range', async () => {
    let firstMs: number | undefined;
    const { asked, firstRows } = await followed({
      firstRowMs: () => {
        const now = firstMs;
        firstMs = START_MS - (firstMs === undefined ? 60_000 : 1_000_000);
        return now;
      },
      ticks: 4,
    });
    const whole = { from: 'now-15m', to: 'now' };
    expect(asked.map(({ range }) => range)).toEqual([
      whole,
      { from: String(Math.floor((START_MS - 60_000) / 1_000) * 1_000), to: 'now' },
      ...[whole, whole, whole],
    ]);
    expect(firstRows()).toBe(3);
  });

  it('is young no longer when its first row is as old as the range', async () => {
    const fromMs = Math.floor(START_MS / 1_000) * 1_000 - 900_000;
    expect((await followed({ firstRowMs: () => fromMs })).firstRows()).toBe(1);
    expect((await followed({ firstRowMs: () => fromMs + 1, ticks: 1 })).firstRows()).toBe(2);
  });

  it('is shown as asked where the range is not its own, or the clock is that of events', async () => {
    const firstRowMs = () => START_MS - 60_000;
    const other = await followed({ firstRowMs, query: 'from=now-30m&to=now', ticks: 0 });
    expect(other.firstRows()).toBe(0);
    const clock = { name: 'clock', type: 'custom', query: 'arrival, event' };
    const byEvent = await followed({ firstRowMs, variables: [clock], query: 'var-clock=event', ticks: 0 }); // prettier-ignore
    expect(byEvent.firstRows()).toBe(0);
    const byArrival = await followed({ firstRowMs, variables: [clock], ticks: 0 });
    expect(byArrival.firstRows()).toBe(1);
  });
});
