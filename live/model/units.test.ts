import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ago, formatNumber, numberText } from './units.ts';

describe('numberText', () => {
  it.each([
    [22.53, 'celsius', 1, '22.5 °C'],
    [1_234, 'short', undefined, '1.23 K'],
    [999, 'short', undefined, '999'],
    [0, 'short', undefined, '0'],
    [1_048_576, 'bytes', 1, '1.0 MiB'],
    [1_000_000, 'decbytes', undefined, '1 MB'],
    [0.0042, 's', undefined, '4.2 ms'],
    [90, 's', 1, '1.5 min'],
    [0, 's', 1, '0.0 s'],
    [250, 'ms', 0, '250 ms'],
    [12.3, 'eps', undefined, '12.3 evt/s'],
    [1_500, 'rowsps', 1, '1.5K rows/s'],
    [0.25, 'percentunit', 0, '25%'],
    [0.526, 's', 1, '526 ms'],
    [0.526, 's', undefined, '526 ms'],
    [12.345, 's', 1, '12.3 s'],
    [0.158372, 's', 3, '158 ms'],
    [526.04, 'ms', 1, '526.0 ms'],
    [51.25, 'humidity', 1, '51.3%'],
    [0.00712, 'ppm', 4, '0.0071 ppm'],
    [3, 'suffix:apples', undefined, '3 apples'],
    [3, 'prefix:€', undefined, '€3'],
    [1, 'bool_yes_no', undefined, 'Yes'],
    [7, 'furlongs', undefined, '7 furlongs'],
    [Number.NaN, 'short', undefined, 'NaN'],
    [-1_500, 'short', 1, '-1.5 K'],
  ])('shows %d as %s with %s decimals as %s', (value, unit, decimals, expected) => {
    expect(numberText(value, unit, decimals)).toBe(expected);
  });

  it('says any finite number, with a digit in it', () => {
    const units = fc.constantFrom(
      '',
      'short',
      's',
      'bytes',
      'cps',
      'percent',
      'sci',
      'locale',
      'x',
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), units, (value, unit) => {
        expect(formatNumber(value, unit).text).toMatch(/\d/);
      }),
    );
  });

  it('keeps the order of what it scales', () => {
    const positive = fc.double({ min: 1, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(positive, (value) => {
        const { suffix, text } = formatNumber(value, 'bytes');
        const factor = 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].indexOf(suffix.trim());
        expect(Math.abs(Number(text) * factor - value) / value).toBeLessThan(0.01);
      }),
    );
  });
});

describe('ago', () => {
  it.each([
    [20, 'now'],
    [526, '0.5 s ago'],
    [9_960, '10.0 s ago'],
    [5_400_000, '1.5 h ago'],
    [12_000, '12 s ago'],
    [180_000, '3 min ago'],
    [-60_000, 'in 1 min'],
  ])('says %d ms as %s', (ms, expected) => expect(ago(ms)).toBe(expected));
});
