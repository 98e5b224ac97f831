// The live page's server on the real engine: every panel of every dashboard gets an answer, values cannot
// become SQL, the connection only reads, and hosts, tokens, streams and bodies have their limits.
import { request } from 'node:http';
import { expect, inject, it } from 'vitest';
import { describeBackend } from '../backend/context.ts';
import { readStream, startLive, type Event } from '../live/world.ts';
import { sensorTables, write } from './dashboard-data.ts';

interface PanelNews {
  readonly id: number;
  readonly frames?: readonly {
    readonly columns: readonly { readonly name: string; readonly values: unknown[] }[];
  }[];
  readonly trouble?: { readonly kind: string; readonly text: string };
}

const TOKEN = 'a-token-of-the-test-1';

const tablesNow = (rows?: number) => sensorTables(inject('clickhouseUrl'), Date.now(), rows);

const panelsOf = (events: readonly Event[]): PanelNews[] =>
  events.filter(({ name }) => name === 'panel').map(({ data }) => data as unknown as PanelNews);

async function dashboardsOf(url: string): Promise<{ uid: string; panels: number[] }[]> {
  const entries = (await (await fetch(`${url}/api/dashboards`)).json()) as { uid: string }[];
  return Promise.all(
    entries.map(async ({ uid }) => {
      const { panels } = (await (await fetch(`${url}/api/dashboards/${uid}`)).json()) as {
        panels: { id: number; targets: unknown[] }[];
      };
      return {
        uid,
        panels: panels.filter(({ targets }) => targets.length > 0).map(({ id }) => id),
      };
    }),
  );
}

/** One round of every panel. */
async function round(
  url: string,
  uid: string,
  ids: readonly number[],
  query = '',
): Promise<PanelNews[]> {
  const address = `${url}/api/stream/${uid}?refresh=off&${query}`;
  const done = (events: readonly Event[]): boolean => {
    const told = new Set(panelsOf(events).map(({ id }) => id));
    return ids.every((id) => told.has(id));
  };
  return panelsOf(await readStream(address, done));
}

/** Node's fetch would set Host and Cookie itself. */
function get(
  url: string,
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; text: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, url), { headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => void (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode!, text, headers: response.headers }),
      );
    });
    sent.on('error', reject);
    sent.end();
  });
}

describeBackend('the live page’s server', () => {
  it('begins the range that a dashboard opens with at the first row, and no other', async () => {
    await using tables = await tablesNow(0);
    const firstMs = Date.now() - 60_000;
    const row = (ms: number): string => `('a', now64(3), fromUnixTimestamp64Milli(toInt64(${ms})))`;
    await write(tables, `INSERT INTO sensor_data (device_id, ts, ingest_time) VALUES ${row(firstMs)}, ${row(firstMs + 9_000)}`); // prettier-ignore
    await using live = await startLive(tables.url);
    const lengthMs = async (query: string): Promise<number> => {
      const events = await readStream(`${live.url}/api/stream/sensor-overview?refresh=off&${query}`, (all) => all.some(({ name }) => name === 'tick')); // prettier-ignore
      const { fromMs, toMs } = events.find(({ name }) => name === 'tick')!.data;
      return Number(toMs) - Number(fromMs);
    };
    expect(await lengthMs('')).toBeLessThan(Date.now() - firstMs + 2_000);
    expect(await lengthMs('from=now-15m&to=now')).toBeLessThan(Date.now() - firstMs + 2_000);
    expect(await lengthMs('from=now-30m&to=now')).toBe(1_800_000);
    expect(await lengthMs('var-clock=event')).toBe(900_000);
  });

  it('answers every panel of every dashboard, with data and without', async () => {
    for (const rows of [20, 0]) {
      await using tables = await tablesNow(rows);
      await using live = await startLive(tables.url);
      for (const { panels, uid } of await dashboardsOf(live.url)) {
        // A repeated panel has nothing to be repeated for while the tables are empty.
        const expected =
          rows > 0 ? panels : panels.filter((id) => uid !== 'sensor-overview' || id !== 16);
        const news = await round(
          live.url,
          uid,
          expected,
          `from=now-15m&to=${Date.now() + 900_000}`,
        );
        const troubles = news.flatMap(({ id, trouble }) =>
          trouble === undefined ? [] : [[uid, id, trouble]],
        );
        expect(troubles).toEqual([]);
      }
    }
  });

  it('takes any text in a variable as a value', async () => {
    await using tables = await tablesNow();
    await using live = await startLive(tables.url);
    const window = `from=now-15m&to=${Date.now() + 900_000}`;
    const count = async (device: string): Promise<unknown> => {
      const query = `${window}&var-device_id=${encodeURIComponent(device)}`;
      const news = await round(live.url, 'sensor-overview', [1], query);
      const first = news.find(({ id }) => id === 1);
      return first!.trouble?.text ?? first!.frames![0]!.columns[0]!.values[0];
    };
    expect(await count(tables.devices[2]!)).toBe(tables.rowsNow / 3);
    for (const typed of [
      "x') OR 1=1 --",
      "'; DROP TABLE sensor_data; --",
      '{v1:String}',
      '$__timeFilter(ts)',
      '\\',
      '\t\n\0é',
    ]) {
      expect(await count(typed), typed).toBe(0);
    }
    expect(await count('$__all')).toBe(tables.rowsNow);
  });

  it('only reads, even with a user who may write', async () => {
    await using tables = await tablesNow();
    const { ClickHouseReader } = await import('../../platform/clickhouse/reader.ts');
    const { password, username } = tables.url;
    const target = {
      url: new URL('/', tables.url).href.replace(/\/\/.*@/, '//'),
      username: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: tables.url.searchParams.get('database')!,
      timeoutMs: 10_000,
    };
    const limits = { maxExecutionSec: 5, maxResultBytes: 1_000, maxConnections: 2 };
    await using reader = new ClickHouseReader(target, 'test', limits);
    const signal = new AbortController().signal;
    expect((await reader.read('SELECT {a:String} AS x', { a: "'" }, signal)).rows).toEqual([["'"]]);
    await expect(reader.read('TRUNCATE TABLE sensor_data', {}, signal)).rejects.toThrow(/./);
    await expect(reader.read('SELECT number FROM numbers(10000)', {}, signal)).rejects.toThrow(
      /larger than 1000 bytes/,
    );
  });

  it('says what is wrong in words when ClickHouse is away', async () => {
    await using live = await startLive(new URL('http://u:p@127.0.0.1:1/'));
    const [news] = await round(live.url, 'sensor-overview', [1]);
    expect(news!.trouble).toEqual({
      kind: 'away',
      text: 'ClickHouse: nothing answers on 127.0.0.1:1: npm start, or npm run clickhouse. Trying again.',
    });
    const isPipeline = ({ name }: Event): boolean => name === 'pipeline';
    const events = await readStream(`${live.url}/api/stream/sensor-overview`, (all) =>
      all.some(isPipeline),
    );
    const { places } = events.find(isPipeline)!.data as { places: { id: string; state: string }[] };
    expect(places.find(({ id }) => id === 'clickhouse')!.state).toBe('bad');
  });

  it('refuses names that a foreign page could make up, malformed requests, and one stream too many', async () => {
    await using tables = await tablesNow();
    await using live = await startLive(tables.url, { LIVE_MAX_BROWSERS: '1' });
    expect((await get(live.url, '/api/dashboards', { host: 'evil.example' })).status).toBe(421);
    expect((await fetch(`${live.url}/api/stream/nothing`)).status).toBe(404);
    expect((await fetch(`${live.url}/app/../../package.json`)).status).toBe(404);
    expect((await fetch(`${live.url}/app/%2e%2e/main.ts`)).status).toBe(404);
    const refused = await fetch(`${live.url}/api/stream/sensor-overview?var-clock=nonsense`);
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringMatching(/is not one of its values/),
    ]);
    const body = new URLSearchParams({ token: 'x'.repeat(10_000) });
    expect((await fetch(`${live.url}/sign-in`, { method: 'POST', body })).status).toBe(413);
    expect(
      (await fetch(`${live.url}/api/dashboards`, { method: 'POST', body: 'x' })).status,
    ).toBeGreaterThanOrEqual(400);

    const stop = new AbortController();
    const open = await fetch(`${live.url}/api/stream/sensor-overview`, { signal: stop.signal });
    const second = await fetch(`${live.url}/api/stream/sensor-overview`);
    expect([open.status, second.status]).toEqual([200, 503]);
    expect(await second.text()).toMatch(/LIVE_MAX_BROWSERS/);
    stop.abort();
    await expect
      .poll(async () => {
        const again = await fetch(`${live.url}/api/stream/sensor-overview`);
        await again.body?.cancel();
        return again.status;
      })
      .toBe(200);
  });

  it('shows nothing to who has not the token', async () => {
    await using tables = await tablesNow();
    await using live = await startLive(tables.url, { LIVE_TOKEN: TOKEN });
    for (const path of [
      '/',
      '/d/sensor-overview',
      '/app/browser/main.ts',
      '/api/dashboards',
      '/api/stream/sensor-overview',
      '/api/dashboards?token=wrong',
    ]) {
      const { status, text } = await get(live.url, path, {});
      expect([path, status]).toEqual([path, 401]);
      expect(text).not.toContain('sensor-overview');
    }
    expect((await get(live.url, '/healthz', {})).status).toBe(200);
    expect((await get(live.url, '/?token=wrong-token-wrong', {})).headers['location']).toBe(
      '/?wrong',
    );
    const signedIn = await get(live.url, `/?token=${TOKEN}`, {});
    expect(signedIn.headers['location']).toBe('/');
    const [cookie = ''] = (signedIn.headers['set-cookie'] as string[])[0]!.split(';');
    expect((await get(live.url, '/api/dashboards', { cookie })).status).toBe(200);
    expect(
      (await get(live.url, '/api/dashboards', { authorization: `Bearer ${TOKEN}` })).status,
    ).toBe(200);
  });

  it('sends what keeps a page to itself', async () => {
    await using live = await startLive(new URL('http://u:p@127.0.0.1:1/'));
    const { headers } = await fetch(`${live.url}/d/sensor-overview`);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self' 'sha256-/,
    );
    expect(headers.get('content-security-policy')).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });
});
