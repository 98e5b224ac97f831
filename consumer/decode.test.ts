// The decoder: hot and slow path agree on everything, and every kind of bad message has its reason.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Block } from '../platform/clickhouse/block.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { compileValidator, type RowValues } from '../streams/validate.ts';
import { compileDecode } from './decode.ts';
import { compileFastPath } from './fast-path.ts';

const RECORD_MS = Date.UTC(2026, 0, 1);
const MAX_BYTES = 1_000_000;

const good = {
  data: {
    co: 0.0031,
    humidity: 76,
    light: false,
    lpg: 0.0052,
    motion: false,
    smoke: 0.0136,
    temp: 19.7,
  },
  device_id: '00:0f:00:70:91:0a',
  ts: 1594512106.869076,
};

function signed(values: Uint32Array, row: number): number {
  return values[2 * row]! + (values[2 * row + 1]! | 0) * 2 ** 32;
}

function rowOf(block: Block, row = block.rows): RowValues {
  return block.columns.map((column) => {
    switch (column.kind) {
      case 'text': {
        const start = column.text.committed;
        const bytes = column.text.bytes.subarray(start, column.text.end);
        return bytes.subarray(bytes[0]! < 0x80 ? 1 : 2).toString('utf8');
      }
      case 'float64':
        return column.float64.values[row]!;
      case 'boolean':
        return column.uint8.values[row]!;
      case 'integer':
        return signed(column.int64.values, row);
      case 'instant':
        return column.int64.values[2 * row]! + column.int64.values[2 * row + 1]! * 2 ** 32;
    }
  });
}

function decodeOne(value: Buffer | string | null): string | RowValues {
  const block = new Block(sensorData);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  const decode = compileDecode(sensorData, block, MAX_BYTES);
  const rejection = decode(bytes ?? Buffer.alloc(0), 0, bytes?.length ?? -1, RECORD_MS);
  return rejection === undefined ? rowOf(block) : `${rejection.reason} ${rejection.field}`.trim();
}

const finite = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
const decimals = (max: number): fc.Arbitrary<number> =>
  fc.tuple(fc.integer({ min: 0, max: max * 1_000 }), fc.constantFrom(10, 100, 1_000)).map(
    ([value, power]) => value / power,
  ); // prettier-ignore
const seconds = fc
  .tuple(fc.integer({ min: 946_684_800, max: 1_767_000_000 }), fc.integer({ min: 0, max: 999_999_999 }), fc.constantFrom(0, 3, 6, 7, 9))
  .map(([whole, nanos, places]) => Number(`${whole}.${String(nanos).padStart(9, '0').slice(0, Math.max(1, places))}`)); // prettier-ignore

const ratio = fc.oneof(finite(0, 1), decimals(1).map((value) => value / 1_000)); // prettier-ignore
const events = fc.record({
  data: fc.record(
    {
      co: ratio,
      humidity: fc.oneof(finite(0, 100), decimals(100)),
      light: fc.boolean(),
      lpg: ratio,
      motion: fc.boolean(),
      smoke: ratio,
      temp: fc.oneof(finite(-90, 150), decimals(150)),
    },
    { noNullPrototype: true },
  ),
  device_id: fc.oneof(fc.constant('00:0f:00:70:91:0a'), fc.string({ minLength: 1, maxLength: 40 })),
  ts: seconds,
});

type Read = (bytes: Buffer, recordTimeMs: number) => boolean;

/** The hot path on an event that has other bytes around it, as in a fetch. */
function fastPathOf(block: Block): Read {
  const read = compileFastPath(sensorData, block);
  return (bytes, recordTimeMs) => {
    const around = Buffer.concat([Buffer.from('7{"'), bytes, Buffer.from('}1.5e3"')]);
    return read(around, 3, 3 + bytes.length, recordTimeMs);
  };
}

describe('the hot path', () => {
  it('reads its own bytes, not those of the message before', () => {
    const block = new Block(sensorData);
    const decode = compileDecode(sensorData, block, MAX_BYTES);
    // Each in memory of its own: what is small enough shares a pool.
    const alone = (text: string): Uint8Array => new TextEncoder().encode(text).slice();
    const first = alone(JSON.stringify(good));
    expect(decode(first as Buffer, 0, first.length, RECORD_MS)).toBeUndefined();
    block.commitRow(0, 0, RECORD_MS);
    const second = alone(JSON.stringify(good).replace('"temp"', '"tmep"'));
    expect(decode(second as Buffer, 0, second.length, RECORD_MS)).toMatchObject({
      reason: 'missing_field',
    });
  });

  it('takes the events of our producers', () => {
    const block = new Block(sensorData);
    const read = fastPathOf(block);
    expect(read(Buffer.from(JSON.stringify(good)), RECORD_MS)).toBe(true);
    const python = JSON.stringify(good).replaceAll(/(?<="):|(?<=[\d}e"]),/g, '$& ');
    expect(python).toContain('{"data": {"co": 0.0031, "humidity": 76, ');
    expect(read(Buffer.from(python), RECORD_MS)).toBe(true);
  });

  it('never disagrees with JSON.parse and the validator on good events', () => {
    const validate = compileValidator(sensorData);
    fc.assert(
      fc.property(events, (event) => {
        const block = new Block(sensorData);
        const text = JSON.stringify(event);
        const expected: RowValues = [];
        const rejection = validate(JSON.parse(text), RECORD_MS, expected);
        if (!fastPathOf(block)(Buffer.from(text), RECORD_MS)) return;
        expect(rejection).toBeUndefined();
        expect(rowOf(block)).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  it('never takes what the validator or JSON.parse rejects', () => {
    const validate = compileValidator(sensorData);
    // As in the consumer, one block and one reader for all of them: what is not committed is written over.
    const block = new Block(sensorData);
    const read = fastPathOf(block);
    const text = Buffer.from(JSON.stringify(good));
    const edits = fc.array(
      fc.tuple(fc.nat(text.length), fc.constantFrom(...Array.from('{}[]",:.0123456789eE+-\\ truefalsn\u0000\u00ff'))),
      { minLength: 1, maxLength: 3 },
    ); // prettier-ignore
    fc.assert(
      fc.property(edits, fc.boolean(), (changes, insert) => {
        let bytes: Buffer = Buffer.from(text);
        for (const [at, char] of changes) {
          const rest = bytes.subarray(insert ? at : at + 1);
          bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(char, 'latin1'), rest]);
        }
        if (!read(bytes, RECORD_MS)) return;
        const expected: RowValues = [];
        expect(validate(JSON.parse(bytes.toString('utf8')), RECORD_MS, expected)).toBeUndefined();
        expect(rowOf(block)).toEqual(expected);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('decode', () => {
  const change = (edit: (event: Record<string, unknown>, data: Record<string, unknown>) => void): string => {
    const event = structuredClone(good) as unknown as Record<string, unknown>;
    edit(event, event['data'] as Record<string, unknown>);
    return JSON.stringify(event);
  }; // prettier-ignore
  const co = (json: string): string => JSON.stringify(good).replace('"co":0.0031', `"co":${json}`);
  const ts = (json: string): string =>
    JSON.stringify(good).replace('"ts":1594512106.869076', `"ts":${json}`);

  it('reads a good event in table order', () => {
    const row = ['00:0f:00:70:91:0a', 1594512106869, 0.0031, 76, 0, 0.0052, 0, 0.0136, 19.7];
    expect(decodeOne(JSON.stringify(good))).toEqual(row);
    expect(decodeOne(JSON.stringify(good, null, 2))).toEqual(row);
    expect(decodeOne(change((event) => (event['more'] = [1])))).toEqual(row);
    expect(decodeOne(change((_, data) => (data['light'] = 0)))).toEqual(row);
    expect(decodeOne(ts('"2020-07-12T00:01:46.869Z"'))).toEqual(row);
    expect(decodeOne(ts('"2020-07-12T02:01:46.8699+02:00"'))).toEqual(row);
  });

  it('takes the last of two equal keys, as JSON.parse does', () => {
    expect(decodeOne(co('9,"co":0.5'))).toContain(0.5);
  });

  it.each<[string, Buffer | string | null]>([
    ['tombstone', null],
    ['empty_value', ''],
    ['too_large', 'x'.repeat(MAX_BYTES + 1)],
    ['invalid_utf8', Buffer.from([0xff, 0xfe, 0x00])],
    ['invalid_utf8', Buffer.from(JSON.stringify({ ...good, device_id: 'für' }), 'latin1')],
    ['invalid_json', 'not json'],
    ['invalid_json', JSON.stringify(good).slice(0, -1)],
    ['invalid_json', `${JSON.stringify(good)}${JSON.stringify(good)}`],
    ['invalid_json', `\ufeff\ufeff${JSON.stringify(good)}`],
    ['invalid_json', '\ufeff'],
    ['not_an_object', '[1]'],
    ['not_an_object', '"x"'],
    ['not_an_object', 'null'],
    ['not_an_object data', change((event) => (event['data'] = [1]))],
    ['missing_field data.co', change((event) => (event['data'] = {}))],
    ['missing_field data.co', change((event) => delete event['data'])],
    ['missing_field data.temp', change((_, data) => delete data['temp'])],
    ['missing_field ts', change((event) => delete event['ts'])],
    ['null_field data.co', co('null')],
    ['wrong_type data.co', co('"0.5"')],
    ['wrong_type data.co', co('true')],
    ['wrong_type data.co', co('[0.5]')],
    ['not_finite', co('NaN')],
    ['not_finite', co('-Infinity')],
    ['not_finite data.co', co('1e400')],
    ['out_of_range data.co', co('1.5')],
    ['out_of_range data.co', co('-0.1')],
    ['wrong_type data.light', change((_, data) => (data['light'] = 'true'))],
    ['out_of_range data.light', change((_, data) => (data['light'] = 2))],
    ['out_of_range data.light', change((_, data) => (data['light'] = 300))],
    ['null_field data.motion', change((_, data) => (data['motion'] = null))],
    ['wrong_type device_id', change((event) => (event['device_id'] = 7))],
    ['out_of_range device_id', change((event) => (event['device_id'] = ''))],
    ['out_of_range device_id', change((event) => (event['device_id'] = 'x'.repeat(257)))],
    ['out_of_range device_id', change((event) => (event['device_id'] = '\ud800'))],
    ['null_field ts', ts('null')],
    ['wrong_type ts', ts('true')],
    ['not_finite', ts('NaN')],
    ['invalid_instant ts', ts('"abc"')],
    ['invalid_instant ts', ts('""')],
    ['invalid_instant ts', ts('"1594512094"')],
    ['invalid_instant ts', ts('"2020-07-12 00:01:46"')],
    ['invalid_instant ts', ts('"2020-07-12T00:01:46"')],
    ['invalid_instant ts', ts('"2020-02-30T00:01:46Z"')],
    ['instant_out_of_range ts', ts('1594512094385')],
    ['instant_out_of_range ts', ts('-5')],
    ['instant_out_of_range ts', ts('0')],
    ['instant_out_of_range ts', ts('253370764800')],
    ['instant_out_of_range ts', ts('"9999-01-01T00:00:00Z"')],
  ])('rejects as %s: %s', (expected, value) => {
    expect(decodeOne(value)).toBe(expected);
  });

  it.each([
    ['a declared field', '{"ts":1594512094.38,"device_id":', '}'],
    ['the whole message', '', ''],
    ['a member that nobody declared', `${JSON.stringify(good).slice(0, -1)},"x":`, '}'],
  ])('takes any nesting of %s', (where, before, after) => {
    for (const depth of [6_000, 400_000]) {
      const value = `${before}${'['.repeat(depth)}${']'.repeat(depth)}${after}`;
      const expected = {
        'a declared field': 'wrong_type device_id',
        'the whole message': 'not_an_object',
      };
      const found = decodeOne(value);
      if (where in expected) expect(found).toBe(expected[where as keyof typeof expected]);
      else expect(found).toEqual(decodeOne(JSON.stringify(good)));
    }
  });

  it('takes one byte order mark for nothing', () => {
    const text = JSON.stringify(good);
    expect(decodeOne(`\ufeff${text}`)).toEqual(decodeOne(text));
  });

  it('cuts times after the millisecond', () => {
    const at = sensorData.columns.findIndex(({ name }) => name === 'ts');
    const read = (json: string): unknown => decodeOne(ts(json))[at];
    expect(read('1594512094.3859746')).toBe(1594512094385);
    expect(read('1594512094.385')).toBe(1594512094385);
    expect(read('1.5945120943859746E9')).toBe(1594512094385);
    expect(read('1594512094')).toBe(1594512094000);
    expect(read('1594512094.9999')).toBe(1594512094999);
  });

  it('judges a time against the record, not the clock', () => {
    const block = new Block(sensorData);
    const decode = compileDecode(sensorData, block, MAX_BYTES);
    const bytes = Buffer.from(JSON.stringify(good));
    const day = 86_400_000;
    expect(decode(bytes, 0, bytes.length, 1594512106869 - day)).toBeUndefined();
    expect(decode(bytes, 0, bytes.length, 1594512106868 - day)?.reason).toBe(
      'instant_out_of_range',
    );
  });
});
