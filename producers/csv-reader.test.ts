// Files: any valid one is read, and each kind of mistake is told with file, line and column after
// the events before it were given out.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { producers } from './devices.ts';
import type { Event } from './file-event.ts';
import { replayFile } from './replay-file.ts';

const knownKeys = producers.map(({ deviceId }) => deviceId);
const [A, B, C] = knownKeys as [string, string, string];
const HEADER = ['ts', 'device', 'co', 'humidity', 'light', 'lpg', 'motion', 'smoke', 'temp'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(content: string | Buffer, ending = '.csv'): Promise<string> {
  const path = join(folder, `${(files += 1)}${ending}`);
  await writeFile(path, content);
  return path;
}

/** Every event of the file, and what ended it. */
async function replay(path: string, key = A): Promise<{ events: Event[]; error?: Error }> {
  const events: Event[] = [];
  try {
    const pages = replayFile({ stream: sensorData, path, key, knownKeys });
    for await (const page of pages) events.push(...page.map(({ members }) => members));
    return { events };
  } catch (thrown) {
    return { events, error: thrown as Error };
  }
}

interface Row {
  device: string;
  cells: Record<string, string>;
  event: Event;
}

const float = (max: number): fc.Arbitrary<number> =>
  fc.double({ min: 0, max, noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

const row: fc.Arbitrary<Row> = fc
  .record({
    device: fc.constantFrom(...knownKeys),
    seconds: fc.double({ min: 1.5e9, max: 1.7e9, noNaN: true }),
    ratio: fc.tuple(float(1), float(1), float(1)),
    humidity: float(100),
    temp: fc.double({ min: -90, max: 150, noNaN: true }).map((value) => value + 0),
    light: fc.boolean(),
    motion: fc.boolean(),
  })
  .map(({ device, seconds: ts, ratio: [co, lpg, smoke], humidity, temp, light, motion }) => ({
    device,
    event: { data: { co, humidity, light, lpg, motion, smoke, temp }, device_id: device, ts },
    cells: {
      ...{ ts: ts.toExponential().toUpperCase().replace('+', ''), device, co: String(co) },
      ...{ humidity: String(humidity), light: String(light), lpg: String(lpg) },
      ...{ motion: motion ? '1' : 'FALSE', smoke: String(smoke), temp: String(temp) },
      ...{ note: 'a "quoted", long\r\nnote', empty: '' },
    },
  }));

const rows = fc
  .array(row, { minLength: 1, maxLength: 30 })
  .map((all) => all.sort((a, b) => (a.event['ts'] as number) - (b.event['ts'] as number)));

const quote = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;
const layout = fc.record({
  columns: fc.shuffledSubarray([...HEADER, 'note', 'empty'], { minLength: 11 }),
  extra: fc.boolean(),
  quoteAll: fc.boolean(),
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  lastEol: fc.boolean(),
  gzip: fc.boolean(),
});

describe('a CSV file', () => {
  it('reads any valid file: column order, extra columns, quotes, BOM, CRLF, gzip', async () => {
    await fc.assert(
      fc.asyncProperty(rows, layout, fc.constantFrom(...knownKeys), async (given, form, key) => {
        const columns = form.extra ? form.columns : form.columns.filter((c) => HEADER.includes(c));
        const cell = (text: string): string =>
          form.quoteAll || /[",\r\n]/.test(text) ? quote(text) : text;
        const lines = [columns, ...given.map(({ cells }) => columns.map((name) => cells[name]!))];
        const body = lines.map((cells) => cells.map(cell).join(',')).join(form.eol);
        const text = `${form.bom ? '\ufeff' : ''}${body}${form.lastEol ? form.eol : ''}`;
        const path = form.gzip ? await write(gzipSync(text), '.csv.gz') : await write(text);
        const expected = given.filter(({ device }) => device === key).map(({ event }) => event);
        const { events, error } = await replay(path, key);
        expect(JSON.stringify(events)).toBe(JSON.stringify(expected));
        expect(error === undefined).toBe(expected.length > 0);
      }),
      { numRuns: 60 },
    );
  });

  it('reads rows across the borders of what is read from disk at once', async () => {
    const lines = Array.from({ length: 9_000 }, (_, index) => good(index, index % 2 === 0 ? A : B));
    const { events, error } = await replay(await write([head, ...lines].join('\n')));
    expect(error).toBeUndefined();
    expect(events.map(({ ts }) => ts)).toEqual(
      Array.from({ length: 4_500 }, (_, index) => 1.6e9 + 2 * index),
    );
  });
});

const head = HEADER.map(quote).join(',');

function good(second: number, device = A, change: Record<string, string> = {}): string {
  const cells: Record<string, string> = {
    ...{ ts: String(1.6e9 + second), device, co: '0.004', humidity: '51.0', light: 'false' },
    ...{ lpg: '0.007', motion: 'false', smoke: '0.02', temp: '22.7', ...change },
  };
  return HEADER.map((name) => quote(cells[name]!)).join(',');
}

describe('a CSV file with a mistake', () => {
  const float32 = 'is not a number from -90 to 150';
  const unordered = 'earlier than the row before. Sort the file: ';
  const quoteWrong = 'a quote is not closed or stands in the wrong place';
  const mistakes: [string, string[], string, number][] = [
    ['empty file', [], 'line 1: the file is empty; it must start with device, ts, co, ', 0],
    ['blank lines only', ['', '', ''], 'line 1: the file is empty', 0],
    ['header alone', [head], 'line 1, column device: the file has no rows', 0],
    ['no row of the device', [head, good(1, B)], `line 2, column device: no row has "${A}"`, 0],
    ['missing column', [head.replace('"temp"', '"heat"')], 'line 1, column temp: is missing; the', 0],
    ['column twice', [`${head},"temp"`], 'line 1, column temp: appears 2 times; the header', 0],
    ['bad number', [head, good(1), good(2, A, { temp: '22,7' })], `line 3, column temp: "22,7" ${float32}`, 1],
    ['NaN', [head, good(1), good(2, A, { temp: 'NaN' })], `line 3, column temp: "NaN" ${float32}`, 1],
    ['empty cell', [head, good(1), good(2, A, { temp: '' })], `line 3, column temp: "" ${float32}`, 1],
    ['hex', [head, good(1), good(2, A, { co: '0x1' })], 'line 3, column co: "0x1" is not a number from 0 to 1', 1],
    ['out of range', [head, good(1), good(2, A, { humidity: '101' })], 'line 3, column humidity: "101" is not', 1],
    ['bad boolean', [head, good(1), good(2, A, { light: 'yes' })], 'line 3, column light: "yes" is not true or false', 1],
    ['bad time', [head, good(1), good(2, A, { ts: 'noon' })], 'line 3, column ts: "noon" is not epoch seconds', 1],
    ['unknown device', [head, good(1), good(2, 'ff:ff')], `line 3, column device: "ff:ff" is unknown; allowed are ${A}, ${B}, ${C}`, 1],
    ['cell missing', [head, good(1), good(2).replace(/,"22.7"$/, '')], 'line 3, column temp: is missing; 8 cells instead of 9', 1],
    ['cell too many', [head, good(1), `${good(2)},"1"`], 'line 3, column 10: is not in the header; 10 cells', 1],
    ['not ascending', [head, good(5), good(6, B), good(4, C), good(7)], `line 4, column ts: ${unordered}`, 1],
    ['quote cut off at the end', [head, good(1), good(2).slice(0, -1)], `line 3, column temp: ${quoteWrong}`, 1],
    ['quote cut off in the middle', [head, good(1), good(2).replace('"51.0"', '"51.0'), good(3)], `line 3, column humidity: ${quoteWrong}`, 1],
    ['quote inside a cell', [head, good(1), good(2).replace('"51.0"', '5"1"')], `line 3, column humidity: ${quoteWrong}`, 1],
  ]; // prettier-ignore

  it.each(mistakes)('%s', async (_name, lines, message, before) => {
    const path = await write(
      lines
        .map((line) => `${line}\n`)
        .join('')
        .replace(/\n$/, ''),
    );
    const { events, error } = await replay(path);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error?.message).toContain(`${path} ${message}`);
    expect(error?.message).not.toContain('\n');
    expect(events).toHaveLength(before);
  });

  it('an unclosed quote does not take the rest of a large file into memory', async () => {
    const rest = Array.from({ length: 20_000 }, (_, index) => good(3 + index).replaceAll('"', ''));
    const cut = good(2).replace('"51.0"', '"51.0');
    const path = await write([head, good(1), cut.replace(/("51\.0).*/, '$1'), ...rest].join('\n'));
    const { error } = await replay(path);
    const tooLong = 'the row is longer than 1 MiB; perhaps a quote is not closed';
    expect(error?.message).toContain(`${path} line 3, column humidity: ${tooLong}`);
  });

  it('a bad row of another device is that producer’s business', async () => {
    const path = await write([head, good(1), good(2, B, { temp: 'x' }), good(3)].join('\n'));
    expect(await replay(path)).toMatchObject({ events: [{ ts: 1.6e9 + 1 }, { ts: 1.6e9 + 3 }] });
    expect((await replay(path, B)).error?.message).toContain('line 3, column temp: "x" is not');
  });

  it.each([
    ['no-such-file.csv', undefined, 'the file does not exist'],
    ['not-gzip.csv.gz', Buffer.from(head), 'the file is not a valid gzip file'],
    [
      'cut.csv.gz',
      gzipSync([head, good(1)].join('\n')).subarray(0, 60),
      'the gzip file is cut short',
    ],
  ])('%s', async (name, content, reason) => {
    const path = join(folder, name);
    if (content !== undefined) await writeFile(path, content);
    const { error } = await replay(path);
    expect(error).toEqual(new ConfigError(`DATA_PATH: cannot read ${path}: ${reason}`));
  });

  it('a folder', async () => {
    const { error } = await replay(folder);
    expect(error?.message).toBe(`DATA_PATH: cannot read ${folder}: the path is a folder`);
  });
});

describe('the command that sorts a file', () => {
  it.each([
    ['a quoted file', '.csv', HEADER],
    ['a gzip file whose time is another column', '.csv.gz', [...HEADER.slice(1), 'ts']],
  ])('makes %s one that can be replayed', async (_name, ending, columns) => {
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const order = [9, 10, 2, 1.25, 1.2].map((second) => good(second).split(','));
    const pick = (cells: string[]): string =>
      columns.map((name) => cells[HEADER.indexOf(name)]!).join(',');
    const text = [columns.map(quote).join(','), ...order.map(pick)].join('\n') + '\n';
    const path = await write(ending === '.csv' ? text : gzipSync(text), ending);
    const { error } = await replay(path);
    const command = /Sort the file: (.*)$/.exec(error!.message)![1]!;
    await promisify(execFile)('sh', ['-c', command]);
    const sorted = /> '(.*)'$/.exec(command)![1]!;
    expect((await replay(sorted)).events.map(({ ts }) => (ts as number) - 1.6e9)).toEqual(
      [1.2, 1.25, 2, 9, 10].map((second) => expect.closeTo(second, 5) as number),
    );
  });
});
