// Every alert rule runs on the real engine as Grafana's read-only user: it answers rows that alerting can
// take, fires when what it is for happens, for whom it happens, and keeps quiet otherwise.
import { expect, inject, it } from 'vitest';
import type { AlertRule } from '../../grafana/alert-rule.ts';
import { alertRules } from '../../grafana/alert-rules.ts';
import type { Target } from '../../grafana/target.ts';
import { describeBackend } from '../backend/context.ts';
import { ask, sensorTables, write, type Answer, type SensorTables } from './dashboard-data.ts';
import { expand } from './grafana-macros.ts';
import { trafficLines } from './traffic-rows.ts';

const NOW_MS = Date.now();
const ruleOf = (uid: string): AlertRule => alertRules.find((rule) => rule.uid === uid)!;

/** The answer of a rule's query, over the window that the rule has. */
async function asked(tables: SensorTables, { data }: AlertRule): Promise<Answer> {
  const { model, relativeTimeRange } = data[0]!;
  const fromMs = NOW_MS - relativeTimeRange.from * 1_000;
  const viewed = { fromMs, toMs: NOW_MS, intervalMs: 1_000, variables: {} };
  return ask(tables, expand((model as Target).rawSql, viewed));
}

/** The texts of the rows that are beyond the rule's threshold. */
async function firing(tables: SensorTables, uid: string): Promise<unknown[]> {
  const rule = ruleOf(uid);
  const threshold = rule.data.find(({ refId }) => refId === rule.condition)!.model as {
    conditions: [{ evaluator: { type: 'gt' | 'lt'; params: [number] } }];
  };
  const { params, type } = threshold.conditions[0].evaluator;
  const beyond = (value: number): boolean =>
    type === 'gt' ? value > params[0] : value < params[0];
  const { rows } = await asked(tables, rule);
  return rows.filter((row) => beyond(Number(row.at(-1)))).map(([name]) => name);
}

interface Reading {
  readonly device?: string;
  /** When it arrived. */
  readonly secondsAgo: number;
  /** How long its record had been in Kafka by then. */
  readonly lagSec?: number;
  readonly co?: number;
  readonly partition?: number;
}

async function arrive(tables: SensorTables, readings: readonly Reading[]): Promise<void> {
  const values = readings.map(
    ({ co = 0.004, device = 'a', lagSec = 0, partition = 0, secondsAgo }) => {
      const arrivedMs = NOW_MS - secondsAgo * 1_000;
      const at = (ms: number): string => `fromUnixTimestamp64Milli(${Math.round(ms)}, 'UTC')`;
      return `('${device}', ${co}, ${at(arrivedMs)}, 'sensor_data@test', ${partition}, ${at(arrivedMs - lagSec * 1_000)})`;
    },
  );
  await write(
    tables,
    `INSERT INTO sensor_data (device_id, co, ingest_time, kafka_source, kafka_partition, kafka_timestamp) VALUES ${values.join(', ')}`,
  );
}

interface TrafficReport {
  readonly detector?: string;
  readonly status?: string;
  /** When it arrived. */
  readonly secondsAgo: number;
  /** When it happened; default: then. */
  readonly tsSecondsAgo?: number;
}

async function report(tables: SensorTables, reports: readonly TrafficReport[]): Promise<void> {
  const rows = reports.map(
    ({ detector = 'd', secondsAgo, status = 'OK', tsSecondsAgo = secondsAgo }, offset) => ({
      ...{ detector, status, type: 'LOOP', signal: 'S', offset },
      ...{ tsMs: NOW_MS - tsSecondsAgo * 1_000, arrivedMs: NOW_MS - secondsAgo * 1_000 },
    }),
  );
  await write(tables, `INSERT INTO traffic_events FORMAT JSONEachRow\n${trafficLines(rows)}`);
}

const empty = (): Promise<SensorTables> => sensorTables(inject('clickhouseUrl'), NOW_MS, 0);

describeBackend('alerts', () => {
  it('answer texts and exactly one number, as alerting needs', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), NOW_MS - 20_000);
    for (const rule of alertRules) {
      const { columns, rows } = await asked(tables, rule);
      expect(rows.length, rule.title).toBeGreaterThan(0);
      const types = columns.map(({ type }) => type);
      expect(types.slice(0, -1).filter((type) => !/String\)?$/.test(type))).toEqual([]);
      expect(types.at(-1), rule.title).toMatch(/^(U?Int|Float)\d+$/);
    }
  });

  it('keep quiet over empty tables, but for the one that says that nothing arrives', async () => {
    await using tables = await empty();
    for (const { uid } of alertRules) {
      const expected = uid === 'no-ingestion' ? ['any stream'] : [];
      expect(await firing(tables, uid), uid).toEqual(expected);
    }
  });

  it('tell the stream of which nothing arrives any more, and not one that was never used', async () => {
    await using tables = await empty();
    await arrive(tables, [{ secondsAgo: 3_600 }]);
    expect(await firing(tables, 'no-ingestion')).toEqual(['sensor_data']);
    await report(tables, [{ secondsAgo: 10 }]);
    expect(await firing(tables, 'no-ingestion')).toEqual(['sensor_data']);
    await arrive(tables, [{ secondsAgo: 1 }]);
    for (const { uid } of alertRules) expect(await firing(tables, uid), uid).toEqual([]);
  });

  it('tell when a fifth of the detectors do not work, by their newest reports', async () => {
    await using tables = await empty();
    const all = Array.from({ length: 20 }, (_, i) => `D${i}`);
    await report(tables, all.map((detector) => ({ detector, secondsAgo: 900 }))); // prettier-ignore
    const failed = (count: number, secondsAgo: number, status = 'FAILED') =>
      all.slice(0, count).map((detector) => ({ detector, secondsAgo, status }));
    await report(tables, failed(4, 800));
    expect(await firing(tables, 'detectors-failing')).toEqual([]);
    await report(tables, failed(5, 700));
    expect(await firing(tables, 'detectors-failing')).toEqual(['traffic_events']);
    // Late, and so not their newest reports.
    await report(tables, [...failed(5, 100, 'OK').map((each) => ({ ...each, tsSecondsAgo: 950 }))]);
    expect(await firing(tables, 'detectors-failing')).toEqual(['traffic_events']);
    await report(tables, failed(3, 60, 'REMOVED'));
    expect(await firing(tables, 'detectors-failing')).toEqual([]);
  });

  it('tell the device that is silent, and none that sends or was gone for a day', async () => {
    await using tables = await empty();
    await arrive(tables, [
      { device: 'sends', secondsAgo: 5 },
      { device: 'silent', secondsAgo: 600 },
      { device: 'gone', secondsAgo: 100_000 },
    ]);
    expect(await firing(tables, 'device-silent')).toEqual(['silent']);
    expect(await firing(tables, 'no-ingestion')).toEqual([]);
  });

  it('tell the device where carbon monoxide is too high, now', async () => {
    await using tables = await empty();
    await arrive(tables, [
      { device: 'high', co: 0.009, secondsAgo: 60 },
      { device: 'high', co: 0.004, secondsAgo: 5 },
      { device: 'usual', co: 0.0057, secondsAgo: 5 },
      { device: 'was high', co: 0.02, secondsAgo: 900 },
    ]);
    expect(await firing(tables, 'co-above-threshold')).toEqual(['high']);
  });

  it.each([
    ['grows on one partition', [10, 95], true],
    ['is long but shrinks', [200, 95], false],
    ['is long and stays', [95, 95], false],
    ['grows but is short', [1, 20], false],
  ])('tell a lag when it %s', async (_, [before, latest], expected) => {
    await using tables = await empty();
    await arrive(tables, [
      { secondsAgo: 240, lagSec: before! },
      { secondsAgo: 20, lagSec: latest! },
      { secondsAgo: 240, lagSec: 0.1, partition: 1 },
      { secondsAgo: 20, lagSec: 0.1, partition: 1 },
    ]);
    const told = await firing(tables, 'consumer-lag-growing');
    expect(told).toEqual(expected ? ['sensor_data'] : []);
  });

  it('tell dead letters of the last minutes, not older ones', async () => {
    await using tables = await empty();
    const dead = (secondsAgo: number): string =>
      `INSERT INTO dead_letters (stream, kafka_source, reason, ingest_time) SELECT 'sensor_data', 's', 'tombstone', fromUnixTimestamp64Milli(${NOW_MS - secondsAgo * 1_000}, 'UTC')`;
    await write(tables, dead(1_000));
    expect(await firing(tables, 'dead-letters-arriving')).toEqual([]);
    await write(tables, dead(10));
    expect(await firing(tables, 'dead-letters-arriving')).toEqual(['sensor_data']);
  });
});
