// The files that new-stream writes and changes: they mean what they say, and nothing else is touched.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripTypeScriptTypes } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as fields from '../../streams/field.ts';
import { boolean, float64, instant, integer, text, type Field } from '../../streams/field.ts';
import { defineStream, type Column, type EventShape } from '../../streams/stream.ts';
import { LISTS, addDashboard, addLinks, addStream } from './catalogue-edit.ts';
import { declarationText, fieldText } from './declaration.ts';
import { literal, member, sourceNames } from './source-text.ts';
import { starterText } from './starter.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const names = sourceNames('north_pumps');
const read = (file: string): Promise<string> => readFile(join(PROJECT, file), 'utf8');

/** The value of an expression. */
function evaluated(source: string, scope: Record<string, unknown> = {}): unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what was generated is what is tested
  const make = new Function(...Object.keys(scope), `'use strict'; return (${source});`);
  return (make as (...values: unknown[]) => unknown)(...Object.values(scope));
}

describe('source text', () => {
  it('is the given text, and no more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => {
        expect(evaluated(literal(given))).toBe(given);
        expect(evaluated(`Object.keys({ ${member(given)}: 1 })[0]`)).toBe(given);
      }),
    );
  });

  it('names files, exports and titles', () => {
    expect(names).toEqual({
      ...{ stream: 'north_pumps', file: 'north-pumps', title: 'North pumps' },
      ...{ declared: 'northPumpsStream', dashboard: 'northPumpsDashboard' },
    });
  });

  it.each<Field>([
    text(),
    text({ repeats: true, maxBytes: 512, csv: "it's" }),
    float64({ wire: 'flow l/min' }),
    integer(),
    boolean(),
    instant(),
    instant({ absent: 'record-timestamp', maxAheadMs: Number.MAX_SAFE_INTEGER }),
  ])('of a field makes that field: %j', (field) => {
    expect(evaluated(fieldText(field), { ...fields })).toEqual(field);
  });
});

const leaves: Column[] = [
  { name: 'id', path: ['id'], field: text({ repeats: true }) },
  { name: 'ts', path: ['meta', 'at time'], field: instant({ wire: 'at time' }) },
  { name: 'level', path: ['meta', 'level'], field: integer() },
  { name: 'flow', path: ["it's", 'x', 'flow'], field: float64() },
];
const plan = { leaves, key: 'id', eventTime: 'ts', leftOut: [] };

describe('a generated declaration', () => {
  it('declares the fields where they are in the event', () => {
    const source = declarationText(names, '/a/odd\nname.csv', plan);
    const body = stripTypeScriptTypes(source)
      .replaceAll(/^import .*$/gm, '')
      .replaceAll(/^\/\/.*$/gm, '')
      .replace(/export const \w+ = /, '')
      .trim()
      .replace(/;$/, '');
    const stream = evaluated(body, { ...fields, defineStream }) as ReturnType<
      typeof defineStream<EventShape>
    >;
    expect(stream.leaves).toEqual(leaves);
    expect(stream).toMatchObject({ name: 'north_pumps', family: 'north_pumps', key: 'id' });
    expect(stream.table.orderBy).toEqual(['id', 'ts']);
    expect(source).toMatch(/^\/\/ Declared from odd\?name.csv by/);
    const imported = /^import \{ (.*) \} from '.\/field.ts';$/m.exec(source)![1];
    expect(imported).toBe('float64, instant, integer, text');
  });
});

describe('a starter dashboard', () => {
  it('shows every column, and draws numbers but not the key', () => {
    const source = starterText(names, plan);
    expect(source).toContain("const numbers = ['level', 'flow'] as const");
    expect(source).toContain("const columns = ['ts', 'level', 'flow'] as const");
    expect(() => stripTypeScriptTypes(source)).not.toThrow();
    const numericKey = starterText(names, { ...plan, leaves: leaves.slice(0, 2), key: 'level' });
    expect(numericKey).not.toContain('numbers');
  });

  it('draws so many numbers, and says that there are more', () => {
    const wide = Array.from({ length: 300 }, (_, at): Column => {
      return { name: `c${at}`, path: [`c${at}`], field: float64() };
    });
    const source = starterText(names, { ...plan, leaves: [...leaves, ...wide] });
    expect(source).toContain('/** Each gets a panel: 24 of 302 numbers. */');
    const [, drawn] = /^const numbers = \[(.*)\] as const/m.exec(source)!;
    expect(drawn!.split(', ')).toHaveLength(24);
    expect(source).toContain("'c299'");
  });
});

describe('the lists of streams and dashboards', () => {
  const added = (before: string, after: string): string[] => {
    const lines = new Set(before.split('\n'));
    return after.split('\n').filter((line) => !lines.has(line));
  };

  it('get an import and an entry, and keep all else', async () => {
    const index = await read(LISTS.streams);
    expect(added(index, addStream(index, names))).toEqual([
      "import { northPumpsStream } from './north-pumps.ts';",
      expect.stringMatching(/(^export const streams: readonly Stream\[\] = \[sensorData, .*, |^ {2})northPumpsStream[\],;]+$/),
    ]);
    const generate = await read(LISTS.dashboards);
    expect(added(generate, addDashboard(generate, names))).toEqual([
      "import { northPumpsDashboard } from './north-pumps.ts';",
      "  'north_pumps.json': northPumpsDashboard,",
    ]);
    const links = await read(LISTS.links);
    expect(added(links, addLinks(links, names, 'id'))).toEqual([
      "  'north-pumps': { title: 'North pumps', about: 'north_pumps' },",
      "  north_pumps: ['id'],",
    ]);
  });

  it('take one after the other, also where lists are laid out over lines', () => {
    const index = "import { a } from './a.ts';\n\nexport const streams: readonly Stream[] = [\n  a,\n];\n";
    const twice = addStream(addStream(index, names), sourceNames('other'));
    expect(twice).toContain('[\n  a,\n  northPumpsStream,\n  otherStream,\n];');
    expect(twice).toContain("'./north-pumps.ts';\nimport { otherStream } from './other.ts';\n\n");
    const short = index.replaceAll('\n  a,\n', 'a');
    expect(addStream(short, names)).toContain('= [a, northPumpsStream];');
  });

  it('are refused where they do not look as expected', () => {
    expect(() => addStream('export const other = [];', names)).toThrow('streams/index.ts: there is no list');
    expect(() => addDashboard('export const dashboards = make();', names)).toThrow('grafana/generate.ts');
    expect(() => addLinks('const DASHBOARDS = {', names, 'id')).toThrow('grafana/dashboard-links.ts');
  });
}); // prettier-ignore
