// The traffic files: the committed ones have not drifted, every form holds the same reports, and the command
// line refuses wrong options.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { helpText } from '../../platform/command-help.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { dataCommand, generateOptions } from '../generate-options.ts';
import { trafficChunks, type TrafficFormat } from './traffic-files.ts';
import { TRAFFIC_FILES, TRAFFIC_SEED } from './traffic-options.ts';
import { formatOf, reportsOf, writeTraffic } from './write-traffic.ts';

const here = (name: string): string => join(import.meta.dirname, '..', name);
const options = (...args: string[]) =>
  generateOptions(parseArguments(dataCommand, ['--stream', 'traffic', ...args]), here);
const textOf = (format: TrafficFormat, rows: 'committed' | number, seed = TRAFFIC_SEED): string =>
  [...trafficChunks(format, reportsOf({ rows, seed }))].join('');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'traffic-files-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(['json', 'csv'] as const)('the committed %s is what is generated', async (format) => {
  const committed = await readFile(here(`traffic_counts.${format}`), 'utf8');
  // Not toBe on the texts: a failure would print megabytes.
  const same = committed === textOf(format, 'committed');
  expect(same, 'run `npm run data -- --stream traffic` and commit its result').toBe(true);
  expect(committed.length).toBeLessThan(2_500_000);
});

test('every form holds the same reports', () => {
  const reports = [...reportsOf({ rows: 700, seed: TRAFFIC_SEED })];
  expect(reports).toHaveLength(700);
  expect(JSON.parse(textOf('json', 700))).toEqual(reports);
  const lines = textOf('ndjson', 700).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(reports);
  const [header, ...rows] = textOf('csv', 700)
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(1, -1).split('","'));
  const flat = reports.map(({ location, timestamp = '', ...rest }) => ({
    ...{ ...rest, ...location, timestamp },
  }));
  expect(rows).toEqual(
    flat.map((report) => header!.map((name) => String(report[name as keyof typeof report]))),
  );
  expect(header).toHaveLength(Object.keys(flat[0]!).length);
});

test('fewer rows are the beginning of more; another seed gives other data; none is an empty array', () => {
  expect(textOf('ndjson', 900).startsWith(textOf('ndjson', 300))).toBe(true);
  expect(textOf('ndjson', 300, 1)).not.toBe(textOf('ndjson', 300));
  expect(JSON.parse([...trafficChunks('json', [])].join(''))).toEqual([]);
});

test('writes a file, compressed when its name says so', async () => {
  const out = join(folder, 'few.ndjson.gz');
  const size = await writeTraffic({ rows: 50, seed: TRAFFIC_SEED, outs: [out] }, out);
  const bytes = await readFile(out);
  expect(bytes.length).toBe(size);
  expect(gunzipSync(bytes).toString()).toBe(textOf('ndjson', 50));
});

test('options: the committed files, all rows, a part', () => {
  const seed = TRAFFIC_SEED;
  expect(options()).toEqual({ rows: 'committed', seed, outs: TRAFFIC_FILES.map(here) });
  const full = { rows: Infinity, seed, outs: [here('traffic_counts_full.json')] };
  expect(options('--rows', 'all')).toEqual(full);
  const part = { rows: 5, seed: 7, outs: ['x.jsonl.gz'] };
  expect(options('--rows=5', '--seed=7', '--out', 'x.jsonl.gz')).toEqual(part);
  expect(helpText(dataCommand)).toContain('--stream traffic');
});

test.each([
  ['a.json', 'json'],
  ['a.jsonl', 'ndjson'],
  ['a.ndjson.gz', 'ndjson'],
  ['a.csv.gz', 'csv'],
  ['a.txt', undefined],
  ['json', undefined],
])('%s is %s', (path, format) => expect(formatOf(path)).toBe(format));

test.each([
  [['--rows', '0'], '--rows: "0" is not an integer from 1 to 350000, or all'],
  [['--rows', '5'], '--out: missing'],
  [['--seed', '5'], '--out: missing'],
  [['--out', ''], '--out: ""'],
  [['--out', 'x.parquet'], '--out: "x.parquet" does not end in .json'],
  [['--stream', 'trains'], '--stream: "trains" is not one of sensors, traffic'],
])('%j is turned down in one line', (args, message) => {
  expect(() => options(...args)).toThrow(ConfigError);
  expect(() => options(...args)).toThrow(message);
  expect(() => options(...args)).toThrow(/^[^\n]+$/);
});
