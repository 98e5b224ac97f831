// What the packer takes of a JSON file is what the slow path gives, value by value, error by error.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConfigError } from '../platform/errors.ts';
import { sensorData } from '../streams/sensor-data.ts';
import type { FileEvent, FileSelection } from './file-event.ts';
import { JsonArray } from './json-array.ts';
import { JsonLines } from './json-lines.ts';
import { JsonReader } from './json-reader.ts';
import { RowRecords, type KeyedValue } from './row-records.ts';

const KEYS = ['a', 'b', 'c'];

interface Found {
  readonly rows: KeyedValue[];
  readonly misfits: number;
  readonly packed: number;
  readonly error: string | undefined;
}

/** What a reader makes of a file, and what ended it. */
function read(selection: FileSelection, file: string, isArray: boolean, packs: boolean): Found {
  const reader = new JsonReader(selection, isArray ? JsonArray : JsonLines, packs);
  const encode = ({ json, members, misfit }: FileEvent): KeyedValue => {
    const key = (members['device_id'] ?? misfit?.key) as string | undefined;
    return { key: String(key), value: json! };
  };
  const records = new RowRecords(encode, false);
  const found = { rows: [] as KeyedValue[], misfits: 0, packed: 0 };
  let error: string | undefined;
  try {
    for (const page of [reader.feed(Buffer.from(file)), reader.finish()]) {
      for (let row = 0; row < page.length; row += 1) {
        found.rows.push(records.keyedValue(page, row));
        if (page.other(row) === undefined) found.packed += 1;
      }
      found.misfits += page.misfits(0, page.length);
      reader.throwIfBad();
    }
    reader.requireEvents(found.rows.length);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    error = thrown.message;
  }
  return { ...found, error };
}

const ratio = fc.nat(1_000).map((thousandths) => thousandths / 1_000);
const event = fc
  .record({
    co: ratio,
    light: fc.boolean(),
    id: fc.constantFrom('a', 'a', 'b', 'c', 'a', 'd'),
    ts: fc.nat(10_000).map((step) => 1_600_000_000 + step / 8),
    other: fc.option(fc.jsonValue()),
  })
  .map(({ co, id, light, other, ts }) => {
    const data = { co, humidity: 50.5, light, lpg: co, motion: light, smoke: co, temp: -3.25 };
    return { data, device_id: id, ts, ...(other === null ? {} : { other }) };
  });
const written = fc
  .tuple(event, fc.nat(40), fc.constantFrom('"temp":-3.25', '"ts":', '"device_id":"a"', '}'))
  .map(([value, odd, place]) => {
    const json = JSON.stringify(value);
    if (odd === 0) return json.replace(place, '"temp":1e1');
    if (odd === 1) return json.replace(place, `${place} `);
    return odd === 2 ? JSON.stringify(value, undefined, 1) : json;
  });
const values = fc.array(written, { maxLength: 20 });

it.each([undefined, 'a'])('takes what the slow path takes, for key %s', (key) => {
  let packed = 0;
  fc.assert(
    fc.property(values, fc.boolean(), fc.boolean(), fc.boolean(), (all, isArray, sorts, stops) => {
      const one = key === undefined ? {} : { key, knownKeys: KEYS };
      const onBadRow = stops ? ('stop' as const) : ('dead-letter' as const);
      const selection = { stream: sensorData, path: 'f.json', onBadRow, ...one };
      const ordered = sorts ? all.toSorted((x, y) => timeOf(x) - timeOf(y)) : all;
      const file = isArray ? `[${ordered.join(',\n')}]` : ordered.join('\r\n');
      const fast = read(selection, file, isArray, true);
      expect({ ...fast, packed: 0 }).toEqual(read(selection, file, isArray, false));
      packed += fast.packed;
    }),
    { numRuns: 300 },
  );
  expect(packed).toBeGreaterThan(50);
});

function timeOf(json: string): number {
  return Number(/"ts":\s*([\d.]+)/.exec(json)?.[1] ?? 0);
}
