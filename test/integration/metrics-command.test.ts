// `npm run traffic-report` on the real engine: the figures are what the rows add up to, the file is whole and of
// its documented form, only what arrives counts unless everything is asked for, and it ends as it should.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { environment, readConfig } from '../../platform/config.ts';
import { metricsVariables } from '../../tools/traffic-report/arguments.ts';
import { printMetrics } from '../../tools/traffic-report/main.ts';
import type { Snapshot } from '../../tools/traffic-report/snapshot.ts';
import { describeBackend } from '../backend/context.ts';
import { naiveMetrics } from './naive-traffic-metrics.ts';
import { trafficDatabase, type TrafficDatabase } from './traffic-database.ts';
import { insertTraffic, type TrafficRow } from './traffic-rows.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'tools', 'traffic-report', 'main.ts');
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2026, 0, 1);
const everything = {
  ...{ printEverySec: 1, watch: false, fromBeginning: true, days: 14 },
  exportPath: undefined,
};
const never = new AbortController().signal;

/** Twenty days, three detectors, none of which sends in every hour. */
const stored: readonly TrafficRow[] = Array.from({ length: 1_500 }, (_, i) => ({
  detector: `D-${i % 3}`,
  type: 'loop',
  status: i % 3 === 2 && i > 700 ? 'FAILED' : 'OK',
  signal: 'S-1',
  tsMs: FIRST_DAY_MS + ((i * 1_155_553) % (20 * DAY_MS)),
  arrivedMs: FIRST_DAY_MS + 20 * DAY_MS,
  offset: i,
}));

describeBackend('npm run traffic-report', () => {
  let tables: TrafficDatabase;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sensorhouse-metrics-'));
    tables = await trafficDatabase();
    await insertTraffic(tables.clickhouse, stored);
  });

  afterAll(async () => {
    await tables[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const config = (env: Record<string, string> = {}) =>
    readConfig(metricsVariables, { ...tables.env, ...env });

  async function exported(path: string): Promise<Snapshot> {
    return JSON.parse(await readFile(path, 'utf8')) as Snapshot;
  }

  it('exports the sums of the rows, for the requested days', async () => {
    const exportPath = join(folder, 'new', 'snapshot.json');
    const printed: string[] = [];
    const print = (text: string): void => void printed.push(text);
    const code = await printMetrics(config(), { ...everything, exportPath }, print, never);
    expect(code).toBe(0);
    const naive = naiveMetrics(stored);
    const from = '2026-01-07';
    const got = await exported(exportPath);
    const inDays = (each: unknown): boolean => (each as { day: string }).day >= from;
    const peaks = naive.dailyPeak.filter(inDays);
    expect(got.daily).toEqual(naive.dailyAverage.filter(inDays).map((day, i) => Object.assign({}, day, peaks[i]))); // prettier-ignore
    expect(got.daily).toHaveLength(14);
    expect(got.availability).toEqual(naive.dailyAvailability.filter(inDays));
    const hourly = (naive.hourly as { hour: string }[])
      .filter(({ hour }) => hour >= from)
      .map((each) => ({ ...each, hour: `${each.hour.replace(' ', 'T')}Z` }));
    expect(got.hourly).toEqual(hourly);
    const iso = (text: string): string => `${text.replace(' ', 'T')}Z`;
    expect(got.detectors).toEqual(
      naive.detectors.map((each) => {
        const of = each as { is_operational: number; last_event: string; last_seen: string };
        const instants = { last_event: iso(of.last_event), last_seen: iso(of.last_seen) };
        return { ...of, ...instants, is_operational: of.is_operational === 1 };
      }),
    );
    const newestMs = Math.max(...stored.map(({ tsMs }) => tsMs));
    expect(got.rolling).toMatchObject({
      ...{ since: null, events: 1_500, detectors: 3 },
      events_last_hour: stored.filter(({ tsMs }) => tsMs > newestMs - 3_600_000).length,
      newest_days: got.daily.toReversed().slice(0, 3),
      by_status: [
        { status: 'OK', detectors: 2 },
        { status: 'FAILED', detectors: 1 },
      ],
    });
    expect(printed).toHaveLength(1);
    expect(printed[0]).toContain('1,500 of 3 sensors');
    expect(await readdir(join(folder, 'new'))).toEqual(['snapshot.json']);
  });

  it('counts only what arrives from now on, unless told otherwise', async () => {
    const exportPath = join(folder, 'since.json');
    const late = { ...stored[0]!, detector: 'late', arrivedMs: Date.now() + 60_000, offset: 9_000 };
    const printed: string[] = [];
    const stop = new AbortController();
    let inserting: Promise<void> | undefined;
    const print = (text: string): void => {
      printed.push(text);
      inserting ??= insertTraffic(tables.clickhouse, [late, { ...late, offset: 9_001 }]);
      if (text.includes('2 of 1 sensor')) stop.abort();
    };
    const args = { ...everything, fromBeginning: false, watch: true, exportPath };
    expect(await printMetrics(config(), args, print, stop.signal)).toBe(0);
    await inserting;
    expect(printed[0]).toBe('Counting events that arrive from now on; a summary every 1 s\n');
    const { detectors, rolling } = await exported(exportPath);
    expect(rolling).toMatchObject({ events: 2, detectors: 1, events_last_hour: 2 });
    expect(rolling.newest_days).toMatchObject([
      { events: 2, peak_events: 2, mean_hourly_events: 2 },
    ]);
    expect(rolling.lowest_availability).toEqual([{ detector_id: 'late', availability: 100 / 24 }]);
    // The rest of the file is everything all the same.
    expect(detectors).toHaveLength(4);
  });

  it('asks as the user that only reads, where one is set', async () => {
    if (inject('backend').kind !== 'embedded') return;
    const asReader = config({
      ...{ CLICKHOUSE_USER: 'nobody', CLICKHOUSE_PASSWORD: 'wrong' },
      GRAFANA_CLICKHOUSE_USER: 'grafana_ro',
      GRAFANA_CLICKHOUSE_PASSWORD: 'grafanapass',
    });
    const printed: string[] = [];
    await printMetrics(asReader, everything, (text) => void printed.push(text), never);
    expect(printed.join('')).toContain('sensors by status');
  });

  it('prints again and again with --watch, and ends well on Ctrl+C', async () => {
    const exportPath = join(folder, 'watch.json');
    const args = ['--watch', '--from-beginning', '--print-every', '1', '--export-json', exportPath];
    const child = run(args);
    let summaries = 0;
    for await (const line of createInterface({ input: child.process.stdout })) {
      if (line.startsWith('Traffic at')) summaries += 1;
      if (summaries === 3) child.process.kill('SIGINT');
    }
    expect(await child.ended).toEqual({ code: 0, stderr: '' });
    expect((await exported(exportPath)).daily).toHaveLength(14);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it.each([
    ['a bad argument', ['--print-every', 'often'], {}, 2, /^--print-every: "often" is not an int/],
    [
      'a path that is a folder',
      ['--from-beginning', '--export-json', '/'],
      {},
      2,
      /^\/: cannot be/,
    ],
    ['a wrong password', ['--from-beginning'], { CLICKHOUSE_PASSWORD: 'x' }, 2, /password/],
    [
      'no ClickHouse',
      ['--from-beginning'],
      { CLICKHOUSE_URL: 'http://127.0.0.1:1' },
      3,
      /nothing answers/,
    ],
  ])('ends with one line for %s', async (_, args, env, code, says) => {
    const ended = await run(args, env).ended;
    expect(ended.code).toBe(code);
    expect(ended.stderr.trim().split('\n')).toHaveLength(1);
    expect(ended.stderr).toMatch(says);
  });

  it('says what to run where the views are missing', async () => {
    await using older = await trafficDatabase();
    await older.clickhouse.command('DROP VIEW traffic_detectors');
    const ended = await run(['--from-beginning'], older.env).ended;
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringContaining('npm run setup') as string }); // prettier-ignore
  });

  interface Ended {
    readonly code: number | null;
    readonly stderr: string;
  }

  function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...environment(), ...tables.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.resume();
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code) => resolve({ code, stderr }));
    });
    return { process: child, ended };
  }
});
