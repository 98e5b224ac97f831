// The metric views on the real engine: whatever rows come, in whatever order and however late, every
// figure is what the rows add up to; the projections answer; a replay that exchanges the table is followed.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ClickHouse } from '../../platform/clickhouse/client.ts';
import { trafficMetrics, trafficViews } from '../../streams/traffic-metrics.ts';
import { describeBackend } from '../backend/context.ts';
import { naiveMetrics, type NaiveMetrics } from './naive-traffic-metrics.ts';
import { trafficDatabase } from './traffic-database.ts';
import { insertTraffic, type TrafficRow } from './traffic-rows.ts';

const views = trafficViews('traffic_events');
const FIRST_DAY_MS = Date.UTC(2026, 9, 24);
const DAY_MS = 86_400_000;

const ORDER: Record<keyof NaiveMetrics, string> = {
  hourly: 'detector_id, hour',
  dailyPeak: 'day',
  dailyAverage: 'day',
  dailyAvailability: 'day, detector_id',
  detectors: 'detector_id',
};
const metricsNamed = Object.keys(ORDER) as (keyof NaiveMetrics)[];

/** Late, early, twice at the same moment, on both sides of an hour, of a day and of a change of clocks. */
const row = fc.record({
  detector: fc.constantFrom('D-1', 'D-2', "it's", 'Ünïcode'),
  type: fc.constantFrom('loop', 'radar'),
  status: fc.constantFrom('OK', 'OK - low volume', 'FAILED', 'REMOVED'),
  signal: fc.constantFrom('S-1', 'S-2'),
  tsMs: fc.oneof(
    fc.integer({ min: FIRST_DAY_MS, max: FIRST_DAY_MS + 4 * DAY_MS }),
    fc.integer({ min: 0, max: 95 }).map((hour) => FIRST_DAY_MS + hour * 3_600_000),
    fc.integer({ min: 1, max: 95 }).map((hour) => FIRST_DAY_MS + hour * 3_600_000 - 1),
  ),
  arrivedMs: fc.integer({ min: FIRST_DAY_MS, max: FIRST_DAY_MS + 30 * DAY_MS }),
});
/** What some inserts bring, one after the other. */
const batches = fc
  .array(fc.array(row, { minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 5 })
  .map((all) => {
    let offset = 0;
    // One insert has one moment of arrival; the clock of consumers may jump back between two.
    return all.map((rows) => rows.map((each) => ({ ...each, arrivedMs: rows[0]!.arrivedMs, offset: (offset += 1) }))); // prettier-ignore
  });

describeBackend('the traffic metrics', () => {
  const stack = new AsyncDisposableStack();
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    ({ clickhouse } = stack.use(await trafficDatabase()));
  });

  afterAll(() => stack.disposeAsync());

  function answered(sql: string, zone = 'UTC'): Promise<unknown[]> {
    const settings = `session_timezone = '${zone}', output_format_json_quote_64bit_integers = 0`;
    return clickhouse.rows(`${sql} SETTINGS ${settings}`);
  }

  async function asked(zone?: string): Promise<NaiveMetrics> {
    const entries = metricsNamed.map(async (metric) => {
      const sql = `SELECT * FROM ${views[metric].name} ORDER BY ${ORDER[metric]}`;
      return [metric, await answered(sql, zone)] as const;
    });
    return Object.fromEntries(await Promise.all(entries)) as unknown as NaiveMetrics;
  }

  it('are what the rows add up to, after every insert, merged or not, in any zone of the session', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (inserts) => {
        await clickhouse.command('TRUNCATE TABLE traffic_events');
        expect(await asked()).toEqual(naiveMetrics([]));
        const landed: TrafficRow[] = [];
        for (const rows of inserts) {
          await insertTraffic(clickhouse, rows);
          landed.push(...rows);
          expect(await asked()).toEqual(naiveMetrics(landed));
        }
        await clickhouse.command('OPTIMIZE TABLE traffic_events FINAL');
        expect(await asked('Asia/Kolkata')).toEqual(naiveMetrics(landed));
      }),
      { numRuns: 8 },
    );
  });

  it('are the same of a part of the rows, by the same definitions', async () => {
    const rows = fc.sample(batches, { seed: 7, numRuns: 6 }).flat(2);
    await clickhouse.command('TRUNCATE TABLE traffic_events');
    await insertTraffic(clickhouse, rows);
    const since = FIRST_DAY_MS + 12 * DAY_MS;
    const later = rows.filter(({ arrivedMs }) => arrivedMs >= since);
    const some = trafficMetrics(
      `(SELECT * FROM traffic_events WHERE ingest_time >= fromUnixTimestamp64Milli(${since}))`,
    );
    const naive = naiveMetrics(later);
    expect(later.length).toBeGreaterThan(10);
    for (const metric of metricsNamed) {
      const sql = `SELECT * FROM (${some[metric]}) ORDER BY ${ORDER[metric]}`;
      expect(await answered(sql), metric).toEqual(naive[metric]);
    }
  });

  it('are answered from projections, also for some days only, and read no more than those', async () => {
    const rows = fc.sample(batches, { seed: 1, numRuns: 10 }).flat(2);
    await clickhouse.command('TRUNCATE TABLE traffic_events');
    await insertTraffic(clickhouse, rows);
    // Late ones in a part of their own.
    await insertTraffic(clickhouse, rows.toReversed().slice(0, 20));
    const plan = async (sql: string): Promise<string> => {
      const lines = await clickhouse.rows<{ explain: string }>(`EXPLAIN indexes = 1 ${sql}`);
      return lines.map(({ explain }) => explain).join('\n');
    };
    for (const metric of metricsNamed) {
      const found = await plan(`SELECT * FROM ${views[metric].name}`);
      const projection = metric === 'detectors' ? 'detectors' : 'hourly';
      expect(found, metric).toContain(`ReadFromMergeTree (${projection})`);
      expect(found.match(/ReadFromMergeTree/g), metric).toHaveLength(1);
    }
    for (const metric of ['dailyPeak', 'dailyAverage', 'dailyAvailability'] as const) {
      const found = await plan(`SELECT * FROM ${views[metric].name} WHERE day > '2026-10-26'`);
      expect(found, metric).toContain('ReadFromMergeTree (hourly)');
      expect(found, metric).toMatch(/Condition: .*toDate\(toStartOfHour\(ts\)\) in \[/);
    }
  });

  it('follow a replay that puts another table behind the name, at once', async () => {
    const [old = [], fresh = []] = fc.sample(batches, { seed: 3, numRuns: 2 }).map((all) => all.flat()); // prettier-ignore
    await clickhouse.command('TRUNCATE TABLE traffic_events');
    await insertTraffic(clickhouse, old);
    await clickhouse.command('CREATE TABLE traffic_events_replay_0a1b2c3d AS traffic_events');
    await insertTraffic(clickhouse, fresh, 'traffic_events_replay_0a1b2c3d');
    expect(await asked()).toEqual(naiveMetrics(old));
    await clickhouse.command('EXCHANGE TABLES traffic_events AND traffic_events_replay_0a1b2c3d');
    expect(await asked()).toEqual(naiveMetrics(fresh));
    await clickhouse.command(
      'RENAME TABLE traffic_events_replay_0a1b2c3d TO traffic_events_replaced_0a1b2c3d',
    );
    await insertTraffic(clickhouse, old);
    expect(await asked()).toEqual(naiveMetrics([...fresh, ...old]));
    const found = await clickhouse.rows<{ explain: string }>(
      'EXPLAIN SELECT * FROM traffic_hourly',
    );
    expect(JSON.stringify(found)).toContain('ReadFromMergeTree (hourly)');
  });
});
