// The generated reports: the properties that streams and dashboards rely on.
import { expect, test } from 'vitest';
import { trafficRaw } from '../../streams/traffic.ts';
import { compileValidator } from '../../streams/validate.ts';
import { DETECTOR_COUNT } from './detectors.ts';
import { DAYS, trafficReports, type TrafficReport } from './traffic-model.ts';
import { TRAFFIC_ROWS_MAX, TRAFFIC_SEED } from './traffic-options.ts';

const HOUR_MS = 3_600_000;
const reports = [...trafficReports(TRAFFIC_SEED, 'sparse')];
const stamped = reports.filter(({ timestamp }) => timestamp !== undefined);
const msOf = ({ timestamp }: TrafficReport): number => Date.parse(timestamp!);
const ofDetector = Map.groupBy(reports, ({ detector_id: id }) => id);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Reports in each hour of the day, on working days or at weekends. */
function byHour(weekend: boolean): number[] {
  const counts = Array.from({ length: 24 }, () => 0);
  for (const report of stamped) {
    const at = new Date(msOf(report));
    if ((at.getUTCDay() % 6 === 0) === weekend) counts[at.getUTCHours()]! += 1;
  }
  return counts;
}

test('ten to twelve thousand reports of every detector over sixteen days, ascending in time', () => {
  expect(reports.length).toBeGreaterThanOrEqual(10_000);
  expect(reports.length).toBeLessThanOrEqual(12_000);
  expect(ofDetector.size).toBe(DETECTOR_COUNT);
  const times = stamped.map(msOf);
  expect(times).toEqual(times.toSorted((one, other) => one - other));
  const days = new Set(times.map((ms) => new Date(ms).toISOString().slice(0, 10)));
  expect(days.size).toBe(DAYS);
});

test('every report is an event of the raw stream; a few lack only their timestamp', () => {
  const validate = compileValidator({ columns: trafficRaw.leaves });
  const arrivedMs = Date.UTC(2026, 0, 1);
  const rejections = reports.map((report) => validate(structuredClone(report), arrivedMs, []));
  expect(rejections.filter((rejection) => rejection !== undefined)).toEqual([]);
  const share = 1 - stamped.length / reports.length;
  expect(share).toBeGreaterThan(0.002);
  expect(share).toBeLessThan(0.01);
  expect(stamped.every(({ timestamp }) => /^2024-03-\d\dT[\d:]{8}Z$/.test(timestamp!))).toBe(true);
});

test('working days have two rush hours, weekends one flat hump', () => {
  const working = byHour(false);
  const rush = [7, 8, 16, 17];
  for (const hour of rush) {
    for (const quiet of [0, 3, 11, 13, 22]) {
      expect(working[hour]! / working[quiet]!, `${hour} to ${quiet}`).toBeGreaterThan(1.25);
    }
  }
  const weekend = byHour(true);
  const peak = (counts: number[]): number => Math.max(...counts) / (sum(counts) / 24);
  expect(peak(weekend)).toBeLessThan(1.6);
  expect(peak(working)).toBeGreaterThan(1.9);
  expect(weekend[8]! / sum(weekend)).toBeLessThan(working[8]! / sum(working) / 1.5);
});

test('each status there is; REMOVED is the last that a detector says', () => {
  const statuses = Map.groupBy(reports, ({ detector_status: status }) => status);
  expect([...statuses.keys()].toSorted()).toEqual([
    'FAILED',
    'OK',
    'OK - COMMUNICATION RESTORED',
    'OK - MINOR FAULT',
    'REMOVED',
  ]);
  expect(statuses.get('OK')!.length / reports.length).toBeGreaterThan(0.9);
  expect(statuses.get('REMOVED')!.length).toBeGreaterThanOrEqual(3);
  for (const { detector_id: id } of statuses.get('REMOVED')!) {
    const own = ofDetector.get(id)!;
    expect(own.map((report) => report.detector_status).indexOf('REMOVED')).toBe(own.length - 1);
  }
});

test('an outage is hours of silence, then FAILED, then restored', () => {
  const ends = [...ofDetector.values()].flatMap((own) =>
    own.flatMap((report, at) => {
      const before = own[at - 1];
      const begins = report.detector_status === 'FAILED' && before?.detector_status !== 'FAILED';
      return begins && before?.timestamp && report.timestamp ? [[before, report] as const] : [];
    }),
  );
  expect(ends.length).toBeGreaterThan(20);
  for (const [before, failed] of ends) {
    expect(msOf(failed) - msOf(before)).toBeGreaterThan(3 * HOUR_MS);
  }
  for (const own of ofDetector.values()) {
    const statuses = own.map(({ detector_status: status }) => status);
    const restored = statuses.indexOf('OK - COMMUNICATION RESTORED');
    if (restored > 0) expect(statuses.slice(0, restored)).toContain('FAILED');
  }
});

test('those on arterial roads report nearly every hour, so that an outage shows', () => {
  const hours = (own: readonly TrafficReport[]): number =>
    new Set(own.filter((r) => r.timestamp).map((r) => Math.floor(msOf(r) / HOUR_MS))).size;
  const shares = [...ofDetector.values()].map((own) => hours(own) / (DAYS * 24));
  expect(shares.filter((share) => share > 0.85).length).toBeGreaterThanOrEqual(5);
});

test('counts fit the hour: many slow vehicles in a rush, none at a detector that failed', () => {
  const at = (hour: number): TrafficReport[] =>
    stamped.filter((r) => r.detector_status === 'OK' && new Date(msOf(r)).getUTCHours() === hour);
  const mean = (some: TrafficReport[], of: 'volume' | 'speed' | 'occupancy'): number =>
    sum(some.map((report) => report[of])) / some.length;
  expect(mean(at(17), 'volume')).toBeGreaterThan(2 * mean(at(3), 'volume'));
  expect(mean(at(17), 'occupancy')).toBeGreaterThan(2 * mean(at(3), 'occupancy'));
  expect(mean(at(17), 'speed')).toBeLessThan(mean(at(3), 'speed'));
  const failed = reports.filter((report) => report.detector_status === 'FAILED');
  expect(sum(failed.map(({ volume }) => volume))).toBe(0);
});

test('the full-size data have the same outages and enough rows for --rows', () => {
  let rows = 0;
  let last = '';
  const removed = new Set<string>();
  for (const report of trafficReports(TRAFFIC_SEED, 'full')) {
    rows += 1;
    const { timestamp = last } = report;
    if (timestamp < last) expect.fail(`${timestamp} after ${last}`);
    last = timestamp;
    if (report.detector_status === 'REMOVED') removed.add(report.detector_id);
  }
  expect(rows).toBeGreaterThanOrEqual(TRAFFIC_ROWS_MAX);
  const sparse = reports.filter((report) => report.detector_status === 'REMOVED');
  expect(removed).toEqual(new Set(sparse.map(({ detector_id: id }) => id)));
});
