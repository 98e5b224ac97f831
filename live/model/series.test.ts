import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cell, Frame } from './protocol.ts';
import { stacked, toTimeSeries, withGaps } from './series.ts';

function frame(rows: readonly (readonly [number, string, number | null])[]): Frame {
  const of = (at: 0 | 1 | 2): Cell[] => rows.map((row) => row[at]);
  return {
    refId: 'A',
    columns: [
      { name: 'time', kind: 'time', values: of(0) },
      { name: 'device', kind: 'text', values: of(1) },
      { name: 'temp', kind: 'number', values: of(2) },
    ],
  };
}

describe('toTimeSeries', () => {
  it('makes one line of each text, on one axis', () => {
    const { series, timesMs } = toTimeSeries([frame([[1, 'a', 10], [2, 'a', 11], [2, 'b', 20], [3, 'b', null]])]); // prettier-ignore
    expect(timesMs).toEqual([1, 2]);
    expect(series).toEqual([
      { name: 'a', field: 'temp', refId: 'A', labels: { device: 'a' }, values: [10, 11] },
      { name: 'b', field: 'temp', refId: 'A', labels: { device: 'b' }, values: [null, 20] },
    ]);
  });

  it('names lines of several columns by both', () => {
    const one = frame([[1, 'a', 10]]);
    const columns = [...one.columns, { name: 'humidity', kind: 'number', values: [50] } as const];
    const { series } = toTimeSeries([{ ...one, columns }]);
    expect(series.map(({ name }) => name)).toEqual(['temp a', 'humidity a']);
  });

  it('keeps every value in its place, whatever the order', () => {
    const row = fc.tuple(fc.integer({ min: 0, max: 50 }), fc.constantFrom('a', 'b'), fc.integer());
    fc.assert(
      fc.property(fc.uniqueArray(row, { selector: ([at, text]) => `${at} ${text}` }), (rows) => {
        const { series, timesMs } = toTimeSeries([frame(rows)]);
        expect(timesMs).toEqual([...timesMs].sort((a, b) => a - b));
        const values = series.flatMap((line) => line.values).filter((value) => value !== null);
        expect(values).toHaveLength(rows.length);
        for (const [at, text, value] of rows) {
          const line = series.find(({ name }) => name === text)!;
          expect(line.values[timesMs.indexOf(at)]).toBe(value);
        }
      }),
    );
  });
});

describe('withGaps', () => {
  const line = (values: (number | null)[]) => ({
    name: '',
    field: '',
    refId: '',
    labels: {},
    values,
  });

  it('passes over short holes and breaks at long ones', () => {
    const data = {
      timesMs: [0, 10, 20, 200],
      series: [line([1, null, 2, 3]), line([1, 2, 3, null])],
    };
    expect(withGaps(data, 50)).toEqual({
      timesMs: [0, 10, 20, 21, 200],
      values: [
        [1, undefined, 2, null, 3],
        [1, 2, 3, null, null],
      ],
    });
  });

  it('breaks no line whose points are further apart than a hole may be long', () => {
    const data = { timesMs: [0, 900, 1_800, 3_600], series: [line([1, 2, 3, 4])] };
    expect(withGaps(data, 60, 900)).toEqual({
      timesMs: [0, 900, 1_800, 1_801, 3_600],
      values: [[1, 2, 3, null, 4]],
    });
  });

  it('spans everything or nothing when asked to', () => {
    const data = { timesMs: [0, 10, 999], series: [line([1, null, 3])] };
    expect(withGaps(data, true).values).toEqual([[1, undefined, 3]]);
    expect(withGaps(data, false)).toEqual({ timesMs: [0, 10, 999], values: [[1, null, 3]] });
  });
});

describe('stacked', () => {
  const normal = { mode: 'normal', group: 'A' } as const;
  const none = { mode: 'none', group: 'A' } as const;
  const percent = { mode: 'percent', group: 'A' } as const;

  it('puts each line on top of those before it, as Grafana does', () => {
    const values = [[1, 2], [10, null], [100, 200]]; // prettier-ignore
    const sums = [[1, 2], [11, 2], [111, 202]]; // prettier-ignore
    expect(stacked(values, [normal, normal, normal])).toEqual(sums);
  });

  it('leaves lines alone that are not stacked, and other groups', () => {
    const other = { mode: 'normal', group: 'B' } as const;
    expect(stacked([[1], [10], [100], [5]], [normal, none, other, normal])).toEqual([[1], [10], [100], [6]]); // prettier-ignore
  });

  it('shows shares of the sum, negative lines downwards, and nothing where no line has a value', () => {
    expect(stacked([[1, 0], [3, 0]], [percent, percent])).toEqual([[0.25, 0], [1, 0]]); // prettier-ignore
    expect(stacked([[1], [-2], [3], [-4]], [normal, normal, normal, normal])).toEqual([[1], [-2], [4], [-6]]); // prettier-ignore
    expect(stacked([[1, null], [null, null]], [normal, normal])).toEqual([[1, null], [1, null]]); // prettier-ignore
  });
});
