import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Panel } from './dashboard.ts';
import type { Cell, Frame } from './protocol.ts';
import { initialSorting, sortedRows, tableColumns, unknownTransformations } from './table.ts';

const frame: Frame = {
  refId: 'A',
  columns: [
    { name: 'device', kind: 'text', values: ['b', 'a', 'c'] },
    { name: 'temp', kind: 'number', values: [10, 9, null] },
    { name: 'secret', kind: 'text', values: ['', '', ''] },
  ],
};
const panel = {
  fieldConfig: {
    defaults: {},
    overrides: [
      {
        matcher: { id: 'byName', options: 'temp' },
        properties: [{ id: 'displayName', value: 'Temperature' }],
      },
      {
        matcher: { id: 'byName', options: 'secret' },
        properties: [{ id: 'custom.hidden', value: true }],
      },
    ],
  },
} as unknown as Panel;

describe('tableColumns', () => {
  it('names columns and leaves out hidden ones', () => {
    expect(tableColumns(panel, [frame]).map(({ title }) => title)).toEqual([
      'device',
      'Temperature',
    ]);
  });

  it('orders, renames and leaves out as organize says, and reports unknown transformations', () => {
    const options = {
      excludeByName: { temp: true },
      indexByName: { secret: 0, device: 1 },
      renameByName: { device: 'Board' },
    };
    const organized = {
      transformations: [{ id: 'organize', options }, { id: 'groupBy' }],
    } as unknown as Panel;
    expect(tableColumns(organized, [frame]).map(({ title }) => title)).toEqual(['secret', 'Board']);
    expect(unknownTransformations(organized)).toEqual(['groupBy']);
  });
});

describe('sortedRows', () => {
  const columns = tableColumns(panel, [frame]);

  it('sorts by a column, nothing last both ways', () => {
    expect(sortedRows(columns, { column: 'temp', descending: false })).toEqual([1, 0, 2]);
    expect(sortedRows(columns, { column: 'Temperature', descending: true })).toEqual([0, 1, 2]);
    expect(sortedRows(columns, { column: 'device', descending: false })).toEqual([1, 0, 2]);
    expect(sortedRows(columns, undefined)).toEqual([0, 1, 2]);
    expect(sortedRows(columns, { column: 'gone', descending: true })).toEqual([0, 1, 2]);
  });

  it('shows every row once, whatever they hold', () => {
    const cell = fc.oneof(fc.integer(), fc.string(), fc.constant(null));
    fc.assert(
      fc.property(fc.array(cell), fc.boolean(), (values: Cell[], descending) => {
        const column = { ...columns[0]!, name: 'x', values };
        const order = sortedRows([column], { column: 'x', descending });
        expect(order.toSorted((a, b) => a - b)).toEqual(values.map((_, i) => i));
      }),
    );
  });

  it('begins as the panel says', () => {
    const sorted = {
      options: { sortBy: [{ displayName: 'temp', desc: true }] },
    } as unknown as Panel;
    expect(initialSorting(sorted)).toEqual({ column: 'temp', descending: true });
    expect(initialSorting(panel)).toBeUndefined();
  });
});
