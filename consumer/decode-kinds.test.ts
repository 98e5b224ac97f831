// Kinds of field that the sensor stream does not use: whole numbers, a time that may be absent, names that
// differ on the wire, and the message itself.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Block } from '../platform/clickhouse/block.ts';
import { instant, integer, text } from '../streams/field.ts';
import { defineStream } from '../streams/stream.ts';
import { compileDecode } from './decode.ts';
import { compileFastPath } from './fast-path.ts';

const RECORD_MS = Date.UTC(2026, 0, 1);

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
    ['1.5', 'out_of_range'],
    ['9007199254740993', 'out_of_range'],
    ['"3"', 'wrong_type'],
    ['null', 'null_field'],
    ['true', 'wrong_type'],
  ])('refuses %s', (strokes, reason) => {
    const json = `{"pump":"p1","at":1700000000,"strokes":${strokes}}`;
    expect(() => decoded(json)).toThrow(`${reason} strokes`);
  });
});

describe('the message', () => {
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
