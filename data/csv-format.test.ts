// The format of the file: what the real one looks like, and that nothing is lost on the way.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sensorData } from '../streams/sensor-data.ts';
import { csvFormat, scientific } from './csv-format.ts';

test.each([
  [1594512094.3859746, '1.5945120943859746E9'],
  [1594512099.589146, '1.594512099589146E9'],
  [1594512099, '1.594512099E9'],
  [1500000000, '1.5E9'],
  [1000000000, '1.0E9'],
  [1, '1.0E0'],
])('%d is written %s', (value, text) => {
  expect(scientific(value)).toBe(text);
});

test('a moment survives being written', () => {
  const moments = fc.double({ min: 1, max: 1e15, noNaN: true });
  fc.assert(fc.property(moments, (value) => Number(scientific(value)) === value));
});

test('a line quotes every field and keeps the decimal point of whole numbers', () => {
  const { header, line } = csvFormat(sensorData);
  expect(header).toBe('"ts","device","co","humidity","light","lpg","motion","smoke","temp"');
  const data = {
    co: 0.0028,
    humidity: 76,
    light: false,
    lpg: 0.0051,
    motion: true,
    smoke: 0.013,
    temp: Math.fround(19.7),
  };
  expect(line({ data, device_id: 'a', ts: 1594512094.5 })).toBe(
    '"1.5945120945E9","a","0.0028","76.0","false","0.0051","true","0.013","19.700000762939453"',
  );
});
