// Samples of files of every format, and what ClickHouse's engine makes of them: the real one, in this process.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../platform/errors.ts';
import { nameInFile } from './columns.ts';
import { infer } from './infer.ts';
import { readSample } from './sample.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-sample-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(content: string | Buffer, ending: string): Promise<string> {
  const path = join(folder, `${(files += 1)}${ending}`);
  await writeFile(path, ending.endsWith('.gz') ? gzipSync(content) : content);
  return path;
}

const engine = ((): boolean => {
  try {
    return createRequire(import.meta.url).resolve('chdb') !== '';
  } catch {
    return false;
  }
})();

describe('readSample', () => {
  const events = [
    { id: 'a', n: 1, in: { x: null } },
    { id: 'b', in: { x: 2.5 }, tags: [1] },
  ];
  const columns = [
    { path: ['id'], values: ['a', 'b'] },
    { path: ['n'], values: [1, undefined] },
    { path: ['in', 'x'], values: [undefined, 2.5] },
    { path: ['tags'], values: [undefined, [1]] },
  ];

  it.each([
    ['.json', JSON.stringify(events, null, 2)],
    ['.ndjson', events.map((each) => JSON.stringify(each)).join('\n')],
    ['.jsonl.gz', `\ufeff${events.map((each) => JSON.stringify(each)).join('\r\n')}\r\n`],
  ])('takes members of %s', async (ending, content) => {
    const sample = await readSample(await write(content, ending));
    expect(sample).toMatchObject({ format: 'json', whole: true, columns });
  });

  it('takes cells of CSV, trimmed, and none that is empty', async () => {
    const sample = await readSample(await write('\ufeffid, n\n"a ",\n\nb,"1,5"\n', '.csv.gz'));
    expect(sample).toMatchObject({ format: 'csv', header: ['id', 'n'], whole: true });
    expect(sample.columns).toEqual([
      { path: ['id'], values: ['a', 'b'] },
      { path: ['n'], values: [undefined, '1,5'] },
    ]);
  });

  it('stops after so many rows', async () => {
    const lines = Array.from({ length: 10_050 }, (_, index) => `{"id":${index}}`).join('\n');
    const sample = await readSample(await write(lines, '.ndjson'));
    expect(sample.rows).toHaveLength(10_000);
    expect(sample.columns[0]!.values).toHaveLength(10_000);
    expect(sample.whole).toBe(false);
  });

  it.each([
    ['', '.csv', ': the file has no rows'],
    ['a,b\n', '.csv', ': the file has no rows'],
    ['[]', '.json', ': the file has no rows'],
    ['a,b,a\n1,2,3\n', '.csv', ' line 1, column a: is there twice; rename one of them'],
    [
      '#a,b,b\n1,2,3\n',
      '.csv',
      ' line 1, column b: is there twice; the first line looks like a comment: remove it',
    ],
    [
      '"a";"b"\n1;2\n',
      '.csv',
      ' line 1: a quote is not closed or stands in the wrong place; the file seems to separate cells by semicolons',
    ],
    ['a,b\n1,"2\n', '.csv', ' line 2: a quote is not closed or stands in the wrong place'],
    [
      '{"a":1}\n{"a":\n',
      '.ndjson',
      ' line 2: is not JSON: "{\\"a\\":"; it does not end on this line',
    ],
    [`{"a":${'['.repeat(60)}${']'.repeat(60)}}`, '.ndjson', ' line 1: nests deeper than 50 levels'],
    [
      `[${Array.from({ length: 1_001 }, (_, at) => `{"m${at}":1}`).join(',')}]`,
      '.json',
      ': there are more than 1000 different members',
    ],
    [`id,${'x'.repeat(2_000_000)}\n`, '.csv', ' line 1: the row is longer than 1 MiB'],
    ['[{"a":1},\n7]', '.json', ' line 2: is not a JSON object'],
    [
      Buffer.from('a\n\xff\n', 'latin1'),
      '.csv',
      ' line 2: the byte 0xFF is not UTF-8 text; if the file is Latin-1',
    ],
  ])('refuses %j as %s', async (content, ending, message) => {
    const path = await write(content, ending);
    await expect(readSample(path)).rejects.toThrow(ConfigError);
    await expect(readSample(path)).rejects.toThrow(`${path}${message}`);
  });

  it('says in one line that there is no file', async () => {
    await expect(readSample('/no/such.csv')).rejects.toThrow(
      /^cannot read \/no\/such.csv: the file does not exist$/,
    );
  });
});

describe.skipIf(!engine)('infer', () => {
  it('gives the types of cells, quoted or not', async () => {
    const row = ['17', '1.5E9', 'true', '2026-01-01T00:00:00Z', 'it is "so", yes', '', '007'];
    const quoted = (cells: string[]): string =>
      `"${cells.map((c) => c.replaceAll('"', '""')).join('","')}"`;
    const text = `${quoted(['a', 'b', 'c', 'd', 'e', 'f', 'g'])}\n${quoted(row)}\n${quoted(row)}\n`;
    const sample = await readSample(await write(text, '.csv'));
    const names = ['index', 'value', 'from', 'level', 'all'];
    const { misread, types } = await infer(sample, names);
    expect(types).toEqual(['Int64', 'Float64', 'Bool', 'DateTime', 'String', undefined, 'Int64']);
    expect([...misread].toSorted()).toEqual(['all', 'index']);
  });

  it('gives the types of members, however deep, by their place', async () => {
    const lines = [
      { id: 'a', none: null, at: '2026-01-01T00:00:00.25Z', in: { deep: { n: 1 } }, tags: ['x'] },
      { id: 'b', ok: false, at: '2026-01-01T00:00:01Z', in: { deep: { n: 1.5 } }, tags: [] },
    ].map((each) => JSON.stringify(each));
    const sample = await readSample(await write(lines.join('\n'), '.ndjson'));
    const { types } = await infer(sample, []);
    const byName = Object.fromEntries(
      sample.columns.map((column, index) => [nameInFile(column), types[index]]),
    );
    expect(byName).toEqual({
      ...{ id: 'String', none: undefined, at: 'DateTime64(9)', 'in.deep.n': 'Float64' },
      ...{ tags: 'Array(String)', ok: 'Bool' },
    });
  });
});
