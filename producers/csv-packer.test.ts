// What the packer takes is what the slow path gives, row by row, error by error, whatever the file holds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { boolean, float64, instant, integer, text } from '../streams/field.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { defineTopicStream } from '../streams/stream.ts';
import { CsvReader } from './csv-reader.ts';
import { compileJson } from './event-json.ts';
import type { EventPage } from './event-page.ts';
import type { FileEvent, FileSelection } from './file-event.ts';
import { RowRecords, type KeyedValue } from './row-records.ts';

/** Every kind of field, nested and not, with bounds that cells lie on. */
const wide = defineTopicStream({
  name: 'wide',
  topic: { name: 'wide', partitions: 1, retentionMs: 1 },
  event: {
    at: instant(),
    deep: { deeper: { ratio: float64({ min: 0, max: 1 }) }, flag: boolean() },
    count: integer({ min: -5, max: 1_000_000 }),
    level: float64(),
    id: text({ maxBytes: 8 }),
    seen: instant({ absent: 'record-timestamp' }),
  },
  key: 'id',
  eventTime: 'at',
});
const WIDE = ['id', 'at', 'ratio', 'flag', 'count', 'level', 'seen', 'note'];
const KEYS = ['a', 'b', 'c'];

const digits = (value: fc.Arbitrary<number>): fc.Arbitrary<string> =>
  fc.oneof(
    value.map(String),
    value.map((found) => found.toExponential().replace('e+', 'E')),
    value.map((found) => found.toFixed(4)),
  );
/** fast-check's doubles are mostly very small or very large ones. */
const plain = fc
  .tuple(fc.nat(1_000_000_000), fc.integer({ min: 0, max: 9 }))
  .map(([whole, places]) => whole / 10 ** places);
const ratio = fc.oneof(
  { weight: 6, arbitrary: digits(plain.map((value) => value % 1)) },
  digits(fc.double({ min: 0, max: 1, noNaN: true })),
  fc.constantFrom('0', '1', '1.0', '0.5', '0.000001', '0.0000001'),
);
const level = fc.oneof(
  { weight: 10, arbitrary: digits(plain) },
  { weight: 10, arbitrary: digits(plain.map((value) => -value)) },
  digits(fc.double({ noNaN: true, noDefaultInfinity: true })),
  digits(fc.double({ min: -1_000, max: 1_000, noNaN: true })),
  fc.constantFrom('-0', '-0.0', '007', '1.', '.5', '+1', '1E5', '0.1E2', '10.5E1'),
  fc.stringMatching(/^-?\d{1,3}\.\d{1,20}(E\d{1,2})?$/),
);
const count = fc.oneof(
  fc.integer({ min: -5, max: 1_000_000 }).map(String),
  fc.constantFrom('-5', '1000000', '-0', '5.0', '007'),
);
/** What lies beyond a bound, or is no instant. */
const beyond = fc.constantFrom('1000001', '-6', '1.0000001', '-0.1', '1e99', '', '5', '9999999999', '2024-02-30T00:00:00Z', '2024-01-01 00:00'); // prettier-ignore
const time = fc.oneof(
  fc.double({ min: 1.5e9, max: 1.7e9, noNaN: true }).map(String),
  fc
    .double({ min: 1.5e9, max: 1.7e9, noNaN: true })
    .map((value) => value.toExponential().replace('e+', 'E')),
  fc.integer({ min: 1_500_000_000_000, max: 1_700_000_000_000 }).map((ms) => String(ms / 1_000)),
  fc
    .integer({ min: 1_500_000_000_000, max: 1_700_000_000_000 })
    .map((ms) => new Date(ms).toISOString()),
  fc.constantFrom('946684800', '946684800.0'),
);
const odd = fc.constantFrom(
  '',
  ' ',
  'ü',
  'x y',
  ' x',
  'a\\b',
  '\t',
  'true',
  'FALSE',
  '0',
  '1',
  'null',
  '\0',
  'a"b',
  '\r',
  ',',
);
const usually = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 60, arbitrary },
    { weight: 1, arbitrary: odd },
    { weight: 1, arbitrary: beyond },
  );
const id = usually(fc.constantFrom('a', 'b', 'c'));
const flag = fc.constantFrom('true', 'false', '0', '1', 'TRUE');
const cells = fc
  .tuple(id, usually(time), usually(ratio), usually(flag), usually(count), usually(level), usually(time), usually(fc.constant('n'))); // prettier-ignore
const line = fc
  .tuple(cells, fc.nat(3), fc.constantFrom('\n', '\n', '\r\n'), fc.nat(200))
  .map(([row, quoting, end, cut]) => {
    const kept = cut === 0 ? row.slice(1) : row;
    const written =
      quoting === 0
        ? kept.join(',')
        : kept.map((cell) => `"${quoting === 1 ? cell.replaceAll('"', '""') : cell}"`).join(',');
    return written + end;
  });

interface Found {
  readonly rows: KeyedValue[];
  readonly misfits: number;
  readonly packed: number;
  readonly error: string | undefined;
}

/** What a reader makes of the pieces of a file, and what ended it. */
async function read(
  selection: FileSelection,
  pieces: readonly string[],
  packs: boolean,
): Promise<Found> {
  const reader = new CsvReader(selection, packs);
  const encode = ({ json, members, misfit }: FileEvent): KeyedValue => {
    const key = (members['id'] ?? members['device_id'] ?? misfit?.key) as string | undefined;
    return { key: String(key), value: json ?? JSON.stringify(members) };
  };
  const records = new RowRecords(encode, false);
  const found = {
    rows: [] as KeyedValue[],
    misfits: 0,
    packed: 0,
    error: undefined as string | undefined,
  };
  const take = (page: EventPage): void => {
    for (let row = 0; row < page.length; row += 1) {
      found.rows.push(records.keyedValue(page, row));
      if (page.other(row) === undefined) found.packed += 1;
    }
    found.misfits += page.misfits(0, page.length);
    reader.throwIfBad();
  };
  try {
    for (const piece of pieces) take(await reader.feed(Buffer.from(piece)));
    take(await reader.finish());
    reader.requireEvents(found.rows.length);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    found.error = thrown.message;
  }
  return found;
}

const parsed = ({ rows, ...rest }: Found) => ({
  ...rest,
  packed: undefined,
  rows: rows.map(({ key, value }) => ({ key, value: JSON.parse(value) as unknown })),
});

describe('packed CSV rows', () => {
  it.each([undefined, 'a'])('are those of the slow path, for key %s', async (key) => {
    let packed = 0;
    const onBadRow = fc.constantFrom('stop', 'dead-letter');
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 30 }),
        onBadRow,
        fc.nat(200),
        async (lines, bad, cut) => {
          const one = key === undefined ? {} : { key, knownKeys: KEYS };
          const selection = { stream: wide, path: 'f.csv', onBadRow: bad, ...one } as FileSelection;
          // In order of time, so that not only the first rows of one key are read.
          const body =
            key === undefined || cut % 2 === 0
              ? lines
              : lines.toSorted((x, y) => timeOf(x) - timeOf(y));
          const file = `${WIDE.join(',')}\n${body.join('')}`;
          const pieces = [file.slice(0, cut), file.slice(cut)];
          const [fast, slow] = [
            await read(selection, pieces, true),
            await read(selection, pieces, false),
          ];
          expect(parsed(fast)).toEqual(parsed(slow));
          packed += fast.packed;
        },
      ),
      { numRuns: 400 },
    );
    expect(packed).toBeGreaterThan(key === undefined ? 100 : 30);
  });

  it('have the bytes that JSON.stringify gives, for numbers of up to 15 digits', async () => {
    const decimal = fc
      .tuple(fc.nat(99), fc.stringMatching(/^\d{1,13}$/))
      .map((parts) => parts.join('.'));
    const row = fc.tuple(
      decimal,
      fc.boolean(),
      fc.integer({ min: 1_500_000_000, max: 1_700_000_000 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1 }), async (rows) => {
        const selection = { stream: sensorData, path: 'f.csv' };
        const lines = rows.map(
          ([x, is, ts]) =>
            `"${ts}","d","0.${x.replace('.', '')}","${x}","${is}","0","${is}","1.0","${x}"\n`,
        );
        const file = `"ts","device","co","humidity","light","lpg","motion","smoke","temp"\n${lines.join('')}`;
        const [fast, slow] = [
          await read(selection, [file], true),
          await read(selection, [file], false),
        ];
        expect(fast.rows).toEqual(slow.rows);
      }),
      { numRuns: 200 },
    );
  });

  it('are packed wherever the public file is plain', async () => {
    const rows = Array.from(
      { length: 50 },
      (_, at) =>
        `"1.59451209438597${at + 10}E9","b8:27:eb:bf:9d:51","0.0049559386","51.0","false","0.0076508222","false","0.0204112701","22.7"`,
    );
    const file = `"ts","device","co","humidity","light","lpg","motion","smoke","temp"\n${rows.join('\n')}\n`;
    const { error, packed } = await read({ stream: sensorData, path: 'f.csv' }, [file], true);
    expect({ error, packed }).toEqual({ error: undefined, packed: 50 });
  });

  it('are stamped with the current time in the form that they have', async () => {
    const selection = { stream: wide, path: 'f.csv' };
    const file = `${WIDE.join(',')}\na,1600000000.5,0.5,1,3,4,2024-01-01T00:00:00Z,n\nb,2024-01-01T00:00:00Z,0.5,0,3,4,1600000000,n\n`;
    const reader = new CsvReader(selection, true);
    const page = await reader.feed(Buffer.from(file));
    const encode = (event: FileEvent): KeyedValue => ({
      key: '',
      value: compileJson(wide, true)(event),
    });
    const records = new RowRecords(encode, true);
    const [first, second] = [0, 1].map((row) => {
      expect(page.other(row)).toBeUndefined();
      return JSON.parse(records.keyedValue(page, row).value) as { at: unknown; seen: unknown };
    });
    expect(first).toMatchObject({ seen: '2024-01-01T00:00:00Z' });
    expect(Math.abs(Number(first!.at) - Date.now() / 1_000)).toBeLessThan(60);
    expect(second).toMatchObject({ seen: 1_600_000_000 });
    expect(Math.abs(Date.parse(String(second!.at)) - Date.now())).toBeLessThan(60_000);
  });
});

/** The time of a line, however it is written, 0 where it has none. */
function timeOf(written: string): number {
  const cell = written.replaceAll('"', '').split(',')[1] ?? '';
  const seconds = Number(cell);
  return Number.isNaN(seconds) ? Date.parse(cell) || 0 : seconds * 1_000;
}
