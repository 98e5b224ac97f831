import { describe, expect, it } from 'vitest';
import type { Panel } from './dashboard.ts';
import { layoutOf } from './layout.ts';
import type { Frame } from './protocol.ts';
import { reduce } from './reduce.ts';
import { panelValues } from './values.ts';

const panel = (options: object, extra: object = {}): Panel => {
  return { options: { reduceOptions: options }, ...extra } as unknown as Panel;
};
const table: Frame = {
  refId: 'A',
  columns: [
    { name: 'device', kind: 'text', values: ['a', 'b'] },
    { name: 'co', kind: 'number', values: [1, 2] },
  ],
};

describe('panelValues', () => {
  it('takes one value per row, named by its text', () => {
    const values = panelValues(panel({ values: true, calcs: [] }), [table]);
    expect(values.map(({ name, value }) => [name, value])).toEqual([['a', 1], ['b', 2]]); // prettier-ignore
  });

  it('reduces every number column', () => {
    const columns = ['online', 'late'].map((name, i) => ({
      name,
      kind: 'number' as const,
      values: [i],
    }));
    const values = panelValues(panel({ calcs: ['lastNotNull'] }), [{ refId: 'A', columns }]);
    expect(values.map(({ name, value }) => [name, value])).toEqual([['online', 0], ['late', 1]]); // prettier-ignore
  });

  it('has none without rows, and keeps a value of nothing', () => {
    const empty: Frame = { refId: 'A', columns: [{ name: 'n', kind: 'number', values: [] }] };
    const nothing: Frame = { refId: 'A', columns: [{ name: 'n', kind: 'number', values: [null] }] };
    expect(panelValues(panel({}), [empty])).toEqual([]);
    expect(panelValues(panel({}), [nothing])).toMatchObject([{ name: 'n', value: null }]);
  });

  it('keeps the course of a series', () => {
    const columns = [
      { name: 't', kind: 'time' as const, values: [1, 2] },
      { ...table.columns[1]! },
    ];
    expect(panelValues(panel({ calcs: ['max'] }), [{ refId: 'A', columns }])).toMatchObject([
      { value: 2, history: [1, 2] },
    ]);
  });
});

describe('reduce', () => {
  it.each([
    ['lastNotNull', 3],
    ['last', null],
    ['first', 1],
    ['min', 1],
    ['max', 3],
    ['mean', 2],
    ['sum', 6],
    ['count', 4],
    ['range', 2],
    ['unheard of', null],
  ])('%s', (name, expected) => expect(reduce([1, 2, 3, null], name)).toBe(expected));

  it('is nothing for no values', () => expect(reduce([], 'mean')).toBeNull());
});

describe('layoutOf', () => {
  const at = (id: number, y: number, extra: object = {}): Panel => {
    return {
      id,
      type: 'stat',
      title: `of $device`,
      gridPos: { x: 0, y, w: 24, h: 4 },
      ...extra,
    };
  };

  it('repeats a panel for every value and pushes down what is below', () => {
    const panels = [at(1, 0, { repeat: 'device', maxPerRow: 2 }), at(2, 4)];
    const places = layoutOf(panels, () => ['a', 'b', 'c']);
    expect(places.map(({ panel: { title }, w, x, y }) => [title, x, y, w])).toEqual([
      ['of a', 0, 0, 12],
      ['of b', 12, 0, 12],
      ['of c', 0, 4, 12],
      ['of $device', 0, 8, 24],
    ]);
  });
});
