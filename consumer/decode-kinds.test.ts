// Kinds of field that the sensor stream does not use: whole numbers, a time that may be absent, names that
// differ on the wire, and the message itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Block } from '../platform/clickhouse/block.ts';
import type { Records } from '../platform/kafka/record-batch.ts';
import { boolean, instant, integer, text } from '../streams/field.ts';
import { defineStream } from '../streams/stream.ts';
import { NO_RECORD_TIME } from '../streams/validate.ts';
import { Batch } from './batch.ts';
import { compileDecode } from './decode.ts';
import { compileFastPath } from './fast-path.ts';

const RECORD_MS = Date.UTC(2026, 0, 1);

/** Records of these times and one value, at offsets from 0 on. */
function recordsOf(timesMs: readonly number[], value: Buffer): Records {
  let offset = -1;
  const records = {
    bytes: value,
    valueAt: 0,
    valueEnd: value.length,
    next: () => (offset += 1) < timesMs.length,
    get offset() {
      return offset;
    },
    get timestampMs() {
      return timesMs[offset];
    },
  };
  return records as unknown as Records;
}

const pumps = defineStream({
  name: 'pumps',
  topic: { name: 'pumps', partitions: 1, retentionMs: -1 },
  event: {
    id: text({ wire: 'pump' }),
    ts: instant({ wire: 'at', absent: 'record-timestamp' }),
    strokes: integer(),
  },
  key: 'id',
  eventTime: 'ts',
  table: { name: 'pumps', orderBy: ['id', 'ts'], message: 'raw' },
});

function decoded(value: string | Buffer): { id: string; ms: number; strokes: bigint; raw: string } {
  const block = new Block(pumps);
  const bytes = Buffer.from(value);
  const rejection = compileDecode(pumps, block, 1_000_000)(bytes, 0, bytes.length, RECORD_MS);
  if (rejection !== undefined) throw new Error(`${rejection.reason} ${rejection.field}`);
  const [id, ts, strokes, raw] = block.columns;
  const int64 = (column: typeof ts): bigint =>
    column?.kind === 'integer' || column?.kind === 'instant'
      ? new BigInt64Array(column.int64.values.buffer)[0]!
      : -1n;
  const string = (column: typeof id): string => {
    if (column?.kind !== 'text') return '';
    const { bytes: buffer, end } = column.text;
    let start = 0;
    while (buffer[start]! >= 0x80) start += 1;
    return buffer.toString('utf8', start + 1, end);
  };
  return { id: string(id), ms: Number(int64(ts)), strokes: int64(strokes), raw: string(raw) };
}

describe('names and times', () => {
  it('reads a field under its name on the wire', () => {
    expect(decoded('{"pump":"p1","at":1700000000.5,"strokes":3}')).toMatchObject({
      id: 'p1',
      ms: 1_700_000_000_500,
    });
    expect(() => decoded('{"id":"p1","ts":1700000000,"strokes":3}')).toThrow('missing_field pump');
  });

  it.each(['{"pump":"p1","strokes":3}', '{"pump":"p1","at":null,"strokes":3}'])(
    'takes the time of the record for %s',
    (json) => expect(decoded(json).ms).toBe(RECORD_MS),
  );

  it.each(['""', '"soon"', 'true', '1e400', '99999999999'])('never for %s', (at) => {
    expect(() => decoded(`{"pump":"p1","at":${at},"strokes":3}`)).toThrow(/ at$|invalid_json|ite/);
  });

  it('takes it for nothing but the field itself', () => {
    expect(() => decoded('[]')).toThrow('not_an_object');
    expect(() => decoded('{"at":1700000000,"strokes":1}')).toThrow('missing_field pump');
  });
});

it('is not the time of an event that lacks the object the time would be in', () => {
  const nested = defineStream({
    name: 'nested',
    topic: { name: 'nested', partitions: 1, retentionMs: -1 },
    event: { meta: { ts: instant({ absent: 'record-timestamp' }) }, id: text() },
    key: 'id',
    eventTime: 'ts',
    table: { name: 'nested', orderBy: ['ts'] },
  });
  const decode = (json: string) => {
    const bytes = Buffer.from(json);
    return compileDecode(nested, new Block(nested), 1_000)(bytes, 0, bytes.length, RECORD_MS);
  };
  expect(decode('{"id":"p1","meta":{}}')).toBeUndefined();
  expect(decode('{"id":"p1"}')).toMatchObject({ reason: 'missing_field', field: 'meta.ts' });
  expect(decode('{"id":"p1","meta":7}')).toMatchObject({ reason: 'not_an_object', field: 'meta' });
});

describe('whole numbers', () => {
  it('keeps every one that JSON holds exactly, on both paths', () => {
    const anyInteger = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constantFrom(0, -1, 2 ** 32));
    fc.assert(
      fc.property(anyInteger, fc.boolean(), (strokes, last) => {
        const json = last
          ? `{"pump":"p1","at":1700000000,"strokes":${strokes}}`
          : `{"strokes":${strokes},"pump":"p1","at":1700000000}`;
        expect(decoded(json).strokes).toBe(BigInt(strokes));
      }),
    );
  });

  it('are taken by the hot path', () => {
    const block = new Block(pumps);
    const bytes = Buffer.from('{"pump":"p1","at":1700000000,"strokes":-70000}');
    expect(compileFastPath(pumps, block)(bytes, 0, bytes.length, RECORD_MS)).toBe(true);
  });

  it.each([
    ['1.5', 'not_an_integer'],
    ['9007199254740993', 'out_of_range'],
    ['9007199254740990.5', 'not_an_integer'],
    ['0.99999999999999999999', 'not_an_integer'],
    ['1e-400', 'not_an_integer'],
    ['40.5', 'not_an_integer'],
    ['1e400', 'not_finite'],
    ['"3"', 'wrong_type'],
    ['null', 'null_field'],
    ['true', 'wrong_type'],
  ])('refuses %s', (strokes, reason) => {
    const json = `{"pump":"p1","at":1700000000,"strokes":${strokes}}`;
    expect(() => decoded(json)).toThrow(`${reason} strokes`);
  });
});

it('a whole number is recognised by its text, wherever it stands and whichever path reads it', () => {
  const flags = defineStream({
    name: 'flags',
    topic: { name: 'flags', partitions: 1, retentionMs: -1 },
    event: { id: text(), ts: instant(), meta: { count: integer(), on: boolean() } },
    key: 'id',
    eventTime: 'ts',
    table: { name: 'flags', orderBy: ['id'] },
  });
  const decode = (json: string): string | undefined => {
    const bytes = Buffer.from(json);
    const rejection = compileDecode(flags, new Block(flags), 1_000)(
      bytes,
      0,
      bytes.length,
      RECORD_MS,
    );
    return rejection && `${rejection.reason} ${rejection.field} ${rejection.detail}`;
  };
  const json = (count: string, on: string): string =>
    `{"id":"a","ts":1700000000.1234567890,"meta":{"count":${count},"on":${on}}}`;
  const late = (count: string): string =>
    `{"ts":1700000000,"meta":{"count":1},"id":"0.99999999999999999999","meta":{"\\u0063ount":${count},"on":1.0}}`;
  for (const count of [
    '1e3',
    '1.0',
    '-0',
    '9007199254740991',
    '1.000000000000000000000',
    '10e-1',
  ]) {
    expect(decode(json(count, 'true'))).toBeUndefined();
    expect(decode(late(count))).toBeUndefined();
  }
  for (const count of ['9007199254740990.5', '0.99999999999999999999', '1e-400']) {
    expect(decode(json(count, 'true'))).toBe(`not_an_integer meta.count ${count}`);
    expect(decode(late(count))).toBe(`not_an_integer meta.count ${count}`);
    expect(decode(json('1', count))).toMatch(/^out_of_range meta\.on /);
  }
});

describe('a record without a time', () => {
  const decode = (json: string) => {
    const bytes = Buffer.from(json);
    return compileDecode(pumps, new Block(pumps), 1_000)(bytes, 0, bytes.length, NO_RECORD_TIME);
  };

  it('is no event from the future, on either path, but within what a column holds', () => {
    expect(decode('{"pump":"p1","at":1999999999,"strokes":3}')).toBeUndefined();
    expect(decode('{"at":"2299-12-31T23:59:59Z","pump":"p1","strokes":3}')).toBeUndefined();
    for (const at of ['"2300-01-01T00:00:00Z"', '1e300', '9e15', '0']) {
      expect(decode(`{"pump":"p1","at":${at},"strokes":3}`)).toMatchObject({
        reason: 'instant_out_of_range',
        field: 'at',
      });
    }
  });

  it('has no time to lend to an event without one', () => {
    expect(decode('{"pump":"p1","strokes":3}')).toMatchObject({
      reason: 'missing_field',
      field: 'at',
    });
    expect(decode('{"pump":"p1","at":null,"strokes":3}')).toMatchObject({ reason: 'null_field' });
  });

  it('is a row of the time of its event, which alone is known', () => {
    const batch = new Batch(pumps, 1_000);
    const value = Buffer.from('{"pump":"p1","at":1594512094.385,"strokes":3}');
    const records = recordsOf([NO_RECORD_TIME, RECORD_MS, -5], value);
    const run = { fetchedOffset: 0, firstOffset: 0, lastOffset: 2, records: [records] };
    const limits = { maxBatchRows: 1_000, maxBatchBytes: 1_000_000 };
    batch.add(0, run, 0, { dead: new Set(), origins: new Map() }, limits);
    const times = new BigInt64Array(batch.block.timestamp.values.buffer, 0, 3);
    expect([...times].map(Number)).toEqual([1_594_512_094_385, RECORD_MS, 1_594_512_094_385]);
    expect(batch.deadLetters).toHaveLength(0);
  });
});

describe('the message', () => {
  it('is stored without the byte order mark before it', () => {
    const json = '{"pump":"p1","at":1700000000,"strokes":3}';
    expect(decoded(`\ufeff${json}`)).toMatchObject({ id: 'p1', strokes: 3n, raw: json });
  });

  it('is stored byte for byte, with what is not declared, whichever path read it', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (more, first) => {
        const own = { pump: 'p1', at: 1_700_000_000, strokes: 3 };
        const json = JSON.stringify(first ? { ...more, ...own } : { ...own, extra: more });
        expect(decoded(json).raw).toBe(json);
      }),
    );
  });
});
