import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mapping, Panel } from './dashboard.ts';
import { cellText, fieldDisplay, lineTitle, mapped, showCell, thresholdColor } from './fields.ts';

const steps = [
  { color: 'green', value: null },
  { color: 'orange', value: 30 },
  { color: 'red', value: 300 },
];

describe('thresholdColor', () => {
  it.each([
    [-1, 'green'],
    [29.9, 'green'],
    [30, 'orange'],
    [300, 'red'],
    [1e9, 'red'],
  ])('gives %d the colour %s', (value, color) => {
    expect(thresholdColor(value, { mode: 'absolute', steps })).toBe(color);
  });

  it('counts percentages from min to max', () => {
    const thresholds = {
      mode: 'percentage',
      steps: [steps[0]!, { color: 'red', value: 80 }],
    } as const;
    expect(thresholdColor(8, thresholds, { min: 0, max: 10 })).toBe('red');
    expect(thresholdColor(7.9, thresholds, { min: 0, max: 10 })).toBe('green');
  });

  it('never steps back for a larger value', () => {
    const colors = steps.map(({ color }) => color);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((value) => {
          return colors.indexOf(thresholdColor(value, { steps })!);
        });
        expect(low).toBeLessThanOrEqual(high!);
      }),
    );
  });
});

describe('mapped', () => {
  const mappings: Mapping[] = [
    { type: 'value', options: { 0: { text: 'dark' }, online: { text: 'on', color: 'green' } } },
    { type: 'range', options: { from: 10, to: null, result: { text: 'many' } } },
    { type: 'regex', options: { pattern: '^err', result: { text: 'error' } } },
    { type: 'special', options: { match: 'null', result: { text: 'none' } } },
  ];

  it.each([
    [0, 'dark'],
    ['online', 'on'],
    [11, 'many'],
    ['err 5', 'error'],
    [null, 'none'],
    [5, undefined],
    ['toString', undefined],
  ])('makes of %s the text %s', (value, text) => expect(mapped(value, mappings)?.text).toBe(text));

  it('skips an invalid pattern', () => {
    expect(mapped('a', [{ type: 'regex', options: { pattern: '(', result: {} } }])).toBeUndefined();
  });
});

describe('fieldDisplay', () => {
  const panel = {
    fieldConfig: {
      defaults: { unit: 'short', custom: { width: 1, align: 'auto' } },
      overrides: [
        {
          matcher: { id: 'byName', options: 'temp' },
          properties: [{ id: 'unit', value: 'celsius' }],
        },
        {
          matcher: { id: 'byRegexp', options: '/^t/' },
          properties: [{ id: 'custom.width', value: 9 }],
        },
        {
          matcher: { id: 'byType', options: 'string' },
          properties: [{ id: 'displayName', value: 'Text' }],
        },
        { matcher: { id: 'byRegexp', options: '(' }, properties: [{ id: 'unit', value: 'never' }] },
      ],
    },
  } as unknown as Panel;

  it('lays every matching override over the defaults', () => {
    expect(fieldDisplay(panel, { name: 'temp', kind: 'number' })).toMatchObject({
      unit: 'celsius',
      custom: { width: 9, align: 'auto' },
    });
    expect(fieldDisplay(panel, { name: 'x', kind: 'text' })).toMatchObject({
      displayName: 'Text',
      unit: 'short',
    });
    expect(fieldDisplay(panel, { name: 'x', kind: 'number' }).displayName).toBeUndefined();
  });
});

describe('lineTitle', () => {
  const line = { name: 'temp a', field: 'temp', labels: { device_id: 'a' } };
  it.each([
    ['${__field.labels.device_id}', 'a'],
    ['${__field.name}', 'temp'],
    ['${__field.labels.none}', 'temp a'],
    ['Of ${__field.labels.device_id}', 'Of a'],
    [undefined, 'temp a'],
  ])('reads %s as %s', (displayName, expected) => {
    expect(lineTitle(displayName === undefined ? {} : { displayName }, line)).toBe(expected);
  });
});

describe('showCell', () => {
  const display = {
    unit: 's',
    decimals: 1,
    color: { mode: 'thresholds' },
    thresholds: { steps },
    noValue: 'never',
  };

  it('gives text, unit and the colour of its threshold', () => {
    const shown = showCell(45, 'number', display);
    expect(shown).toMatchObject({ text: '45.0', suffix: ' s', color: 'orange' });
    expect(cellText(shown)).toBe('45.0 s');
  });

  it('says nothing in the words of the panel', () => {
    expect(cellText(showCell(null, 'number', display))).toBe('never');
    expect(cellText(showCell(null, 'number', {}))).toBe('–');
  });

  it('never throws, whatever comes', () => {
    const cell = fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null));
    const kind = fc.constantFrom('time', 'number', 'text');
    fc.assert(
      fc.property(cell, kind, (value, of) => {
        const isDate = of === 'time' && typeof value === 'number';
        fc.pre(!isDate || Math.abs(value) < 8e15);
        expect(typeof showCell(value, of, display).text).toBe('string');
      }),
    );
  });
});
