// The declaration and what derives from it: order of columns, CSV reading, moments in time.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCsvDraft, compileCsvReader, csvHeaders } from './csv.ts';
import { float64, instant, text } from './field.ts';
import { instantMs, secondsToMs } from './instant.ts';
import { sensorData } from './sensor-data.ts';
import { defineStream, defineTopicStream, type EventShape } from './stream.ts';
import { tableOf } from './table.ts';

const topic = { name: 't', partitions: 1, retentionMs: -1 };

describe('defineStream', () => {
  it('puts the sorting key first and keeps the wire order of the rest', () => {
    expect(sensorData.columns.map(({ name }) => name).join(' ')).toBe(
      'device_id ts co humidity light lpg motion smoke temp',
    );
    expect(sensorData.leaves.map(({ path }) => path.join('.')).join(' ')).toBe(
      'data.co data.humidity data.light data.lpg data.motion data.smoke data.temp device_id ts',
    );
  });

  it('refuses two fields of one name, and names that do not exist', () => {
    const event = { a: { x: float64() }, b: { x: float64() }, ts: instant(), id: text() };
    const base = { name: 's', topic, key: 'id', eventTime: 'ts' } as const;
    expect(() => defineStream({ ...base, event, table: { name: 't', orderBy: ['ts'] } })).toThrow(
      'two fields of the event share a name',
    );
    expect(() =>
      defineStream({
        ...base,
        event: { ts: instant(), id: text() },
        // @ts-expect-error -- the type refuses it too
        table: { name: 't', orderBy: ['nowhere'] },
      }),
    ).toThrow('names no field');
  });

  it('refuses two fields that are read from one place, or one from within the other', () => {
    const of = (event: EventShape) => () =>
      defineTopicStream({ name: 's', topic, event, key: 'id' as never, eventTime: 'ts' as never });
    const id = text();
    expect(of({ id, ts: instant(), seen: instant({ wire: 'ts' }) })).toThrow(
      'stream s: two fields of the event are read from ts',
    );
    expect(of({ id, ts: instant(), deep: { x: float64() }, y: instant({ wire: 'deep' }) })).toThrow(
      'stream s: two fields of the event are read from deep',
    );
    expect(of({ id, ts: instant(), deep: { x: float64() }, deeper: float64() })).not.toThrow();
    expect(of({ id, ts: instant({ wire: 't\ud800' }) })).toThrow('is not a valid UTF-8 name');
  });

  it('gives every table ingest_time and coordinates after its own columns', () => {
    const names = tableOf(sensorData).columns.map(({ name }) => name);
    expect(names.slice(9)).toEqual([
      'ingest_time',
      'kafka_source',
      'kafka_partition',
      'kafka_offset',
      'kafka_timestamp',
    ]);
  });
});

describe('the CSV reader', () => {
  const header = [
    'extra',
    'temp',
    'ts',
    'device',
    'co',
    'humidity',
    'light',
    'lpg',
    'motion',
    'smoke',
  ];
  const cells = [
    '?',
    '22.7',
    '1.5945120943859746E9',
    'b8',
    '0.0049',
    '51.0',
    'false',
    '0.0076',
    'TRUE',
    '0.0204',
  ];
  const read = compileCsvReader(sensorData, header);
  const withCell = (name: string, cell: string): string[] =>
    cells.map((each, index) => (header[index] === name ? cell : each));

  it('reads columns by name into the wire form', () => {
    expect(csvHeaders(sensorData)).toContain('device');
    const result = read(cells);
    expect(result).toEqual({
      ok: true,
      event: {
        data: {
          co: 0.0049,
          humidity: 51,
          light: false,
          lpg: 0.0076,
          motion: true,
          smoke: 0.0204,
          temp: 22.7,
        },
        device_id: 'b8',
        ts: 1594512094.3859746,
      },
    });
    expect(JSON.stringify(result).indexOf('"data"')).toBeLessThan(
      JSON.stringify(result).indexOf('"ts"'),
    );
  });

  it.each([
    ['co', '', 'is not a number from 0 to 1; the cell is empty'],
    ['co', 'abc', 'is not a number from 0 to 1'],
    ['co', '0x1', 'is not a number from 0 to 1'],
    ['co', 'NaN', 'is not a number from 0 to 1'],
    ['co', '1e400', 'is not a number from 0 to 1'],
    ['co', '1.01', 'is not a number from 0 to 1'],
    ['light', 'yes', 'is not true or false'],
    ['light', '2', 'is not true or false'],
    ['device', '', 'is not a text of 1 to 256 bytes; the cell is empty'],
    ['device', 'b\0', 'holds NUL bytes, which a file cut off by a crash may have'],
    ['ts', 'yesterday', 'is not epoch seconds or an ISO-8601 instant with a zone'],
    ['ts', '5', '(1970-01-01T00:00:05Z) is before 2000-01-01, the earliest time of this stream'],
  ])('names the column of a bad cell: %s = %j', (column, cell, problem) => {
    expect(read(withCell(column, cell))).toEqual({ ok: false, column, cell, problem });
  });

  it('keeps the blanks of a text, and ignores those around a number', () => {
    const spaced = withCell('device', ' b8 ').map((cell) => (cell === '22.7' ? ' 22.7 ' : cell));
    expect(read(spaced)).toMatchObject({
      ok: true,
      event: { device_id: ' b8 ', data: { temp: 22.7 } },
    });
  });

  it('makes the nearest thing to an event from a record that is not an event', () => {
    const draft = compileCsvDraft(sensorData, header);
    const bad = withCell('co', '7').map((cell) => (cell === '22.7' ? 'warm' : cell));
    expect(draft(bad.map((cell) => (cell === 'false' ? '' : cell)))).toMatchObject({
      device_id: 'b8',
      data: { co: 7, temp: 'warm', light: null, motion: true },
    });
  });

  it('reads back every double', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (value) => {
        const result = read(withCell('co', String(value)));
        expect(result).toMatchObject({ ok: true, event: { data: { co: value } } });
      }),
    );
  });
});

describe('instants', () => {
  it('cuts after the millisecond, without losing one to binary fractions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (ms) => {
        const seconds = Number(`${Math.floor(ms / 1_000)}.${String(ms % 1_000).padStart(3, '0')}`);
        expect(secondsToMs(seconds)).toBe(ms);
      }),
    );
    expect(secondsToMs(1594512094.3859746)).toBe(1594512094385);
  });

  it('reads every ISO instant that Date writes, in any zone', () => {
    const moment = fc.date({ min: new Date(0), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, fc.integer({ min: -12 * 60, max: 14 * 60 }), (date, offsetMin) => {
        const local = new Date(date.getTime() + offsetMin * 60_000).toISOString().slice(0, -1);
        const sign = offsetMin < 0 ? '-' : '+';
        const hours = String(Math.floor(Math.abs(offsetMin) / 60)).padStart(2, '0');
        const minutes = String(Math.abs(offsetMin) % 60).padStart(2, '0');
        expect(instantMs(date.toISOString())).toBe(date.getTime());
        expect(instantMs(`${local}${sign}${hours}:${minutes}`)).toBe(date.getTime());
      }),
    );
  });

  it.each([
    '2021-02-29T00:00:00Z',
    '2020-13-01T00:00:00Z',
    '2020-01-01T24:00:00Z',
    '2020-01-01',
    'x',
  ])('refuses %s', (wrong) => {
    expect(instantMs(wrong)).toBeUndefined();
  });
});
