// The command and its files: the committed one has not drifted, the declaration's reader takes it,
// and the advice in docs/data.md for sorting a file works.
import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { helpText } from '../platform/command-help.ts';
import { parseArguments } from '../platform/command-line.ts';
import { ConfigError } from '../platform/errors.ts';
import { compileCsvReader } from '../streams/csv.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { fullRowCount } from './device-model.ts';
import {
  DEFAULT_FILE,
  DEFAULT_LIMIT,
  DEFAULT_SEED,
  dataCommand,
  generateOptions,
} from './generate-options.ts';
import { writeSensorCsv } from './generate.ts';
import { createRandom } from './random.ts';
import { csvChunks } from './sensor-csv.ts';

const here = (name: string): string => join(import.meta.dirname, name);
const options = (...args: string[]) => generateOptions(parseArguments(dataCommand, args), here);
const generate = (rows: number): string => [...csvChunks(DEFAULT_SEED, rows)].join('');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensor-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the committed file equals the output of `npm run data`, byte for byte', async () => {
  const committed = await readFile(here(DEFAULT_FILE), 'utf8');
  const generated = [...csvChunks(DEFAULT_SEED, DEFAULT_LIMIT)].join('');
  // Not toBe on the texts: a failure would print megabytes.
  expect(committed === generated, 'run `npm run data` and commit its result').toBe(true);
});

test('the committed file has 4,000 rows per device and reads back through the declaration', async () => {
  const lines = (await readFile(here(DEFAULT_FILE), 'utf8')).trimEnd().split('\n');
  const cells = lines.map((line) => line.slice(1, -1).split('","'));
  const [header, ...rows] = cells;
  const read = compileCsvReader(sensorData, header!);
  const counts = new Map<unknown, number>();
  for (const row of rows) {
    const result = read(row);
    if (!result.ok) expect.fail(`${result.column}: ${result.cell}`);
    const device = result.event['device_id'];
    counts.set(device, (counts.get(device) ?? 0) + 1);
  }
  expect(counts.size).toBe(3);
  expect(Math.min(...counts.values())).toBe(DEFAULT_LIMIT.perDevice);
});

test('fewer rows are the beginning of more; another seed gives other data', () => {
  expect(generate(3000).startsWith(generate(1000))).toBe(true);
  expect(generate(1000).split('\n')).toHaveLength(1002);
  expect([...csvChunks(1, 1000)].join('')).not.toBe(generate(1000));
});

test('writes a plain or a compressed file, and leaves nothing else behind', async () => {
  const work = join(folder, 'write');
  await mkdir(work);
  for (const name of ['a.csv', 'a.csv.gz']) {
    await writeSensorCsv({ rows: 2000, seed: DEFAULT_SEED, out: join(work, name) });
  }
  expect((await readdir(work)).toSorted()).toEqual(['a.csv', 'a.csv.gz']);
  expect(await readFile(join(work, 'a.csv'), 'utf8')).toBe(generate(2000));
  expect(gunzipSync(await readFile(join(work, 'a.csv.gz'))).toString()).toBe(generate(2000));
});

test('a place where nothing can be written is a configuration error that names it', async () => {
  for (const out of [join(folder, 'no-such-folder', 'a.csv'), folder]) {
    const writing = writeSensorCsv({ rows: 10, seed: 1, out });
    await expect(writing).rejects.toThrow(ConfigError);
    await expect(writing).rejects.toThrow(`--out: `);
  }
});

test('a link is never replaced: as root, /dev/stdout would be gone', async () => {
  const [target, link] = [join(folder, 'target'), join(folder, 'link')];
  await writeFile(target, 'kept');
  await symlink(target, link);
  await expect(writeSensorCsv({ rows: 10, seed: 1, out: link })).rejects.toThrow(ConfigError);
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  expect(await readFile(target, 'utf8')).toBe('kept');
});

test('options: the defaults, all rows, a part', () => {
  const seed = DEFAULT_SEED;
  expect(options()).toEqual({ rows: DEFAULT_LIMIT, seed, out: here(DEFAULT_FILE) });
  const full = { rows: fullRowCount, seed, out: here('sensor_data_full.csv') };
  expect(options('--rows', 'all')).toEqual(full);
  const part = { rows: 5, seed: 7, out: 'x.csv' };
  expect(options('--rows=5', '--seed=7', '--out', 'x.csv')).toEqual(part);
  expect(helpText(dataCommand)).toContain('--rows N|all');
});

test.each([
  [['--rows', '0'], '--rows: "0" is not an integer from 1 to 405184, or all'],
  [['--rows', 'many'], '--rows: "many"'],
  [['--rows', '405185'], '--rows: "405185"'],
  [['--rows=-5'], '--rows: "-5"'],
  [['--rows'], '--rows'],
  [['--seed', '1.5'], '--seed: "1.5" is not an integer from 0 to 4294967295'],
  [['--rows', '5'], '--out: missing'],
  [['--seed', '5'], '--out: missing'],
  [['--out', ''], '--out: ""'],
  [['--row', '5'], 'unknown option --row;'],
  [['5'], '"5"'],
])('%j is turned down in one line', (args, message) => {
  expect(() => options(...args)).toThrow(ConfigError);
  expect(() => options(...args)).toThrow(message);
  expect(() => options(...args)).toThrow(/^[^\n]+$/);
});

test('the sorting command in docs/data.md puts a shuffled file in order', async () => {
  const page = await readFile(here('../docs/data.md'), 'utf8');
  const command = /^\(head .*> sorted\.csv$/m.exec(page)?.[0];
  expect(command).toBeDefined();
  // Text order would get these three wrong: fewer digits are not a smaller number.
  const awkward = ['1.594512099589146E9', '1.5945120995891462E9', '1.59451209958E9'];
  const [header = '', ...rows] = generate(2000).trimEnd().split('\n');
  const [example = ''] = rows;
  rows.push(...awkward.map((ts) => example.replace(/^"[^"]*"/, `"${ts}"`)));
  const random = createRandom(3, 0);
  const shuffled = rows
    .map((row) => ({ row, at: random.next() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ row }) => row);
  await writeFile(join(folder, 'unsorted.csv'), [header, ...shuffled, ''].join('\n'));
  await promisify(execFile)('sh', ['-c', command!], { cwd: folder });
  const sorted = (await readFile(join(folder, 'sorted.csv'), 'utf8')).trimEnd().split('\n');
  const ts = (row: string): number => Number(row.slice(1, row.indexOf('"', 1)));
  expect(sorted[0]).toBe(header);
  expect(sorted.slice(1).map(ts)).toEqual(rows.map(ts).toSorted((left, right) => left - right));
});
