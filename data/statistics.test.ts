// The full-size data against the facts known about the real file (docs/data.md). Counts and
// bounds are exact; where the facts are rounded or "about", the tolerance stands beside the number.
import { beforeAll, expect, test } from 'vitest';
import { sensorData } from '../streams/sensor-data.ts';
import { csvFormat } from './csv-format.ts';
import { fullRowCount, sensorEvents, type SensorEvent } from './device-model.ts';
import { DEFAULT_SEED } from './generate-options.ts';

type Measure = 'temp' | 'humidity' | 'co';

class Series {
  readonly values: number[] = [];
  #sorted: Float64Array | undefined;

  /** The value below which `share` of all lie. */
  quantile(share: number): number {
    this.#sorted ??= Float64Array.from(this.values).sort();
    return this.#sorted[Math.floor(share * (this.#sorted.length - 1))]!;
  }

  get mean(): number {
    return this.values.reduce((sum, value) => sum + value, 0) / this.values.length;
  }

  get deviation(): number {
    const { mean } = this;
    const squares = this.values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / this.values.length);
  }
}

class DeviceStatistics {
  rows = 0;
  lastTs = 0;
  light = 0;
  motion = 0;
  readonly interval = new Series();
  readonly series = { temp: new Series(), humidity: new Series(), co: new Series() };
  readonly distinct = { co: new Set<number>(), lpg: new Set<number>(), smoke: new Set<number>() };
  readonly lightHours = new Set<number>();
  offGrid = 0;
  farthestFromPowerLaw = 0;

  add({ data, ts }: SensorEvent): void {
    if (this.rows > 0) this.interval.values.push(ts - this.lastTs);
    this.rows += 1;
    this.lastTs = ts;
    this.motion += Number(data.motion);
    this.light += Number(data.light);
    if (data.light) this.lightHours.add(new Date(ts * 1000).getUTCHours());
    for (const name of ['temp', 'humidity', 'co'] as const)
      this.series[name].values.push(data[name]);
    for (const name of ['co', 'lpg', 'smoke'] as const) this.distinct[name].add(data[name]);
    for (const value of [data.temp, data.humidity]) {
      const steps = value * 10;
      if (Math.abs(steps - Math.round(steps)) > 1e-4) this.offGrid += 1;
    }
    const lpg = 0.0076508 * (data.co / 0.0049559) ** 0.7234;
    const smoke = 0.0204113 * (data.co / 0.0049559) ** 0.7727;
    const off = Math.max(Math.abs(data.lpg / lpg - 1), Math.abs(data.smoke / smoke - 1));
    this.farthestFromPowerLaw = Math.max(this.farthestFromPowerLaw, off);
  }
}

const A = '00:0f:00:70:91:0a';
const B = '1c:bf:ce:15:ec:4d';
const C = 'b8:27:eb:bf:9d:51';
const found = new Map([A, B, C].map((id) => [id, new DeviceStatistics()]));
const of = (id: string): DeviceStatistics => found.get(id)!;
let rows = 0;
let bytes = 0;
let outOfOrder = 0;
let firstTs = 0;
let lastTs = 0;

beforeAll(() => {
  const { header, line } = csvFormat(sensorData);
  bytes = header.length + 1;
  for (const event of sensorEvents(DEFAULT_SEED)) {
    if (rows === 0) firstTs = event.ts;
    else if (event.ts <= lastTs) outOfOrder += 1;
    lastTs = event.ts;
    rows += 1;
    bytes += line(event).length + 1;
    of(event.device_id).add(event);
  }
}, 120_000);

test('as many rows as the real file, in all and per device; its size within 1 %', () => {
  expect(rows).toBe(405_184);
  expect(fullRowCount).toBe(405_184);
  expect([A, B, C].map((id) => of(id).rows)).toEqual([111_815, 105_918, 187_451]);
  expect(Math.abs(bytes / 61_926_558 - 1)).toBeLessThan(0.01);
});

test('ts ascends from 2020-07-12 00:01:34 to the end of the eighth day', () => {
  expect(outOfOrder).toBe(0);
  expect(new Date(firstTs * 1000).toISOString().slice(0, 19)).toBe('2020-07-12T00:01:34');
  const end = Date.UTC(2020, 6, 20) / 1000;
  expect(lastTs).toBeGreaterThan(end - 900);
  expect(lastTs).toBeLessThan(end + 900);
});

test.each([
  [A, 5.43, 20.5, 21.5],
  [B, 5.42, 18.5, 19.5],
  [C, 3.69, 3.9, 4.3],
])('%s: median interval %d s, longest gap %d–%d s', (id, median, least, most) => {
  const { interval } = of(id);
  expect(Math.abs(interval.quantile(0.5) - median)).toBeLessThan(0.02);
  expect(interval.quantile(1)).toBeGreaterThan(least);
  expect(interval.quantile(1)).toBeLessThan(most);
});

test('no grid: ts differ below the second, and C is regular to a hundredth nine times in ten', () => {
  const { interval } = of(C);
  expect(interval.quantile(0.95) - interval.quantile(0.05)).toBeLessThan(0.01);
  expect(new Set(interval.values.map((value) => value.toFixed(6))).size).toBeGreaterThan(5000);
});

test.each<[string, Measure, number, number, number, number]>([
  [A, 'temp', 19.6, 0.1, 0.8, 0.1],
  [A, 'humidity', 75.4, 0.2, 2, 0.2],
  [B, 'temp', 26.04, 0.05, 2.01, 0.05],
  [B, 'humidity', 61.9, 0.2, 9, 0.2],
  [B, 'co', 0.00418, 0.00002, 0.00032, 0.00002],
  [C, 'temp', 22.4, 0.1, 0.5, 0.1],
  [C, 'humidity', 50.5, 0.2, 2, 0.2],
])('%s: %s has mean %d (± %d), deviation %d (± %d)', (id, name, mean, near, deviation, close) => {
  const series = of(id).series[name];
  expect(Math.abs(series.mean - mean)).toBeLessThan(near);
  expect(Math.abs(series.deviation - deviation)).toBeLessThan(close);
});

test.each<[string, Measure, number, number, number]>([
  [A, 'co', 0.0026, 0.003, 0.00005],
  [B, 'co', 0.0035, 0.0057, 0.0001],
  [B, 'temp', 0.1, 30.6, 0.01],
  [B, 'humidity', 1.6, 91.8, 0.01],
  [C, 'co', 0.0049, 0.0051, 0.00005],
])('%s: %s goes from %d to %d (each ± %d)', (id, name, lowest, highest, near) => {
  const series = of(id).series[name];
  expect(Math.abs(series.quantile(0) - lowest)).toBeLessThan(near);
  expect(Math.abs(series.quantile(1) - highest)).toBeLessThan(near);
});

test('A dips to about 7 °C, in less than one row of a hundred', () => {
  const temps = of(A).series.temp.values;
  const dips = temps.filter((value) => value < 10);
  expect(dips.length / temps.length).toBeLessThan(0.01);
  expect(dips.length).toBeGreaterThan(20);
  expect(dips.reduce((sum, value) => sum + value, 0) / dips.length).toBeCloseTo(7, 0);
});

test.each([A, B, C])('%s: 270–560 distinct values of each gas, on the power laws', (id) => {
  for (const values of Object.values(of(id).distinct)) {
    expect(values.size).toBeGreaterThanOrEqual(270);
    expect(values.size).toBeLessThanOrEqual(560);
  }
  expect(of(id).farthestFromPowerLaw).toBeLessThan(0.001);
});

test('temp and humidity move in steps of 0.1; A and B carry float32 noise, C does not', () => {
  for (const id of [A, B, C]) expect(of(id).offGrid).toBe(0);
  const noisy = (id: string): number => {
    const { values } = of(id).series.humidity;
    return values.filter((value) => String(value).length > 6).length / values.length;
  };
  expect(noisy(A)).toBeGreaterThan(0.5);
  expect(noisy(B)).toBeGreaterThan(0.5);
  expect(noisy(C)).toBe(0);
});

test('rooms change slowly: most neighbours differ by 0.2 or less, and values do move', () => {
  for (const id of [A, B, C]) {
    const { values } = of(id).series.temp;
    const steps = values.slice(1).map((value, index) => Math.abs(value - values[index]!));
    const share = (most: number): number =>
      steps.filter((step) => step <= most).length / steps.length;
    expect(share(0.05)).toBeGreaterThan(0.6);
    expect(share(0.05)).toBeLessThan(0.95);
    expect(share(0.25)).toBeGreaterThan(0.98);
  }
});

test('light at B alone, by day; motion in one row of a thousand', () => {
  expect(of(A).light + of(C).light).toBe(0);
  const { light, lightHours, rows: rowsOfB } = of(B);
  expect(light / rowsOfB).toBeGreaterThan(0.4);
  expect(light / rowsOfB).toBeLessThan(0.7);
  expect(lightHours.has(18)).toBe(true);
  expect(lightHours.has(6)).toBe(false);
  for (const id of [A, B, C]) {
    expect(of(id).motion / of(id).rows).toBeGreaterThan(0.0008);
    expect(of(id).motion / of(id).rows).toBeLessThan(0.0012);
  }
});
