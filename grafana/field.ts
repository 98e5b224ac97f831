// How values are shown: units, colours above a value, names for values, and the text when there are none. The
// `fieldConfig` of a panel and its exceptions by column.
import type { Mapping, Override, Unit } from './kinds.ts';

/** Colours from a value on; the first one has no lower bound. */
export type Thresholds = readonly (readonly [from: number | null, color: string])[];

/** How the values of a panel, or of one column, are shown. */
export interface Shown {
  readonly unit?: Unit;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: Thresholds;
  /** Thresholds that are drawn as lines; the series keep their own colours. */
  readonly limits?: Thresholds;
  readonly mappings?: readonly Mapping[];
  readonly displayName?: string;
  /** Said in place of a figure when there is none. */
  readonly noValue?: string;
}

/** Where a click on a value leads. */
export interface Link {
  readonly title: string;
  readonly url: string;
}

/** A column that is shown unlike the others. */
export interface Column extends Omit<Shown, 'noValue' | 'limits'> {
  /** As the query names it. */
  readonly name: string;
  /** Pixels; else as much as there is. */
  readonly width?: number;
  /** Colour by thresholds or mappings shows on the text of a table's cell. */
  readonly coloured?: boolean;
  /** One colour, whatever the value. */
  readonly color?: string;
  readonly axis?: 'right';
  readonly links?: readonly Link[];
}

export interface FieldConfig {
  readonly defaults: object;
  readonly overrides: readonly Override[];
}

/** A panel's `fieldConfig`; `custom` is what its kind adds to it. */
export function fieldConfig(
  { limits, mappings, thresholds, ...rest }: Shown,
  custom: object,
  columns: readonly Column[] = [],
): FieldConfig {
  return {
    defaults: {
      ...rest,
      color: { mode: thresholds === undefined ? 'palette-classic' : 'thresholds' },
      mappings: mappings ?? [],
      thresholds: { mode: 'absolute', steps: steps(thresholds ?? limits ?? [[null, 'green']]) },
      custom,
    },
    overrides: columns.map(override),
  };
}

function steps(thresholds: Thresholds): { color: string; value: number | null }[] {
  return thresholds.map(([value, color]) => ({ color, value }));
}

function override(column: Column): Override {
  const { axis, color, coloured, links, name, thresholds, width, ...same } = column;
  const properties: { id: string; value: unknown }[] = Object.entries(same).map(([id, value]) => {
    return { id, value };
  });
  const add = (id: string, value: unknown): number => properties.push({ id, value });
  if (thresholds !== undefined) {
    add('thresholds', { mode: 'absolute', steps: steps(thresholds) });
    add('color', { mode: 'thresholds' });
  }
  if (color !== undefined) add('color', { mode: 'fixed', fixedColor: color });
  if (coloured === true) add('custom.cellOptions', { type: 'color-text' });
  if (width !== undefined) add('custom.width', width);
  if (axis !== undefined) add('custom.axisPlacement', axis);
  if (links !== undefined) add('links', links);
  return { matcher: { id: 'byName', options: name }, properties };
}

/** Names and colours for single values. */
export function words(
  named: Readonly<Record<string | number, readonly [text: string, color: string]>>,
): Mapping[] {
  const options = Object.entries(named).map(([value, [text, color]], index) => {
    return [value, { text, color, index }] as const;
  });
  return [{ type: 'value', options: Object.fromEntries(options) }];
}

/** One colour for every value. */
export const plain: Thresholds = [[null, 'blue']];

/** Green while there is none. */
export const noneIsGood: Thresholds = [
  [null, 'green'],
  [1, 'red'],
];
