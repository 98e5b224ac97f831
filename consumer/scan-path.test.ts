// What the second path takes is the row that JSON.parse and the validator give, with members in any order, others
// beside them, and whatever was done to the text.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Block, getInt64 } from '../platform/clickhouse/block.ts';
import { boolean, float64, instant, integer, text } from '../streams/field.ts';
import { parseMessage } from '../streams/json-message.ts';
import { defineStream } from '../streams/stream.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { compileValidator, type RowValues } from '../streams/validate.ts';
import { compileDecode } from './decode.ts';
import { compileScanPath } from './scan-path.ts';
import { mutatedText } from '../test/mutated-text.ts';

const RECORD_MS = 1_700_000_000_000;
const wide = defineStream({
  name: 'wide',
  topic: { name: 'wide', partitions: 1, retentionMs: -1 },
  event: {
    at: instant(),
    deep: { deeper: { ratio: float64({ min: -1, max: 1 }) }, flag: boolean() },
    count: integer({ min: -5, max: 1_000_000 }),
    id: text({ maxBytes: 12 }),
    seen: instant({ wire: 'seen_at', absent: 'record-timestamp' }),
  },
  key: 'id',
  eventTime: 'at',
  table: { name: 'wide', orderBy: ['id', 'at'], message: 'raw' },
});

/** The row that was set and not committed. */
function rowOf({ columns, rows }: Block): RowValues {
  return columns.map((column) => {
    switch (column.kind) {
      case 'text': {
        const { bytes, committed, end } = column.text;
        let start = committed;
        while (start < end && bytes[start]! >= 0x80) start += 1;
        return bytes.toString('utf8', start + 1, end);
      }
      case 'float64':
        return column.float64.values[rows]!;
      case 'boolean':
        return column.uint8.values[rows]!;
      case 'integer':
      case 'instant':
        return getInt64(column.int64.values, rows);
    }
  });
}

const seconds = fc.double({ min: 1.5e9, max: 1.7e9, noNaN: true });
const moment = fc.oneof(
  seconds,
  seconds.map((at) => Math.round(at * 1_000) / 1_000),
  seconds.map((at) => new Date(at * 1_000).toISOString()),
);
const ratio = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -1_000_000, max: 1_000_000 }).map((millionths) => millionths / 1_000_000),
);
const id = fc.string({
  unit: fc.constantFrom('a', 'b', 'ü', '€', '-'),
  minLength: 1,
  maxLength: 5,
});
const count = fc.integer({ min: -5, max: 1_000_000 });
const event = fc
  .record({ at: moment, ratio, flag: fc.boolean(), count, id, seen_at: fc.option(moment), more: fc.jsonValue(), order: fc.nat(719) })
  .map(({ flag, more, order, ratio: number, seen_at, ...members }) => {
    const deep = { flag, deeper: { more, ratio: number } };
    const seen = seen_at === null ? {} : { seen_at };
    const all = Object.entries({ ...members, ...seen, deep, more });
    const mixed = all.map((entry, at) => [(order * (at + 7)) % 11, entry] as const);
    const sorted = mixed.toSorted(([a], [b]) => a - b).map(([, entry]) => entry);
    return JSON.stringify(Object.fromEntries(sorted));
  }); // prettier-ignore
const piece = fc.constantFrom(
  ...Array.from('{}[]",:0.5e-\\ \n'),
  'null',
  'true',
  '"id":"x",',
  '-0',
  'ü',
);
const mutated = mutatedText(event, piece);

describe('the path that looks an event through', () => {
  it('gives the row of the slow path, or none', () => {
    const block = new Block(wide);
    const read = compileScanPath(wide, block);
    const validate = compileValidator(wide);
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(event, mutated), fc.boolean(), (json, isTimed) => {
        const value = Buffer.from(json);
        const bytes = Buffer.concat([Buffer.from('9"'), value, Buffer.from('5"}')]);
        const recordMs = isTimed ? RECORD_MS : -1;
        if (!read(bytes, 2, 2 + value.length, recordMs)) return;
        taken += 1;
        const parsed = parseMessage(value);
        if ('reason' in parsed) throw new Error(`${parsed.reason}: ${json}`);
        const expected: RowValues = [];
        const rejection = validate(parsed.value, recordMs, expected, parsed.text);
        if (rejection !== undefined) throw new Error(`${rejection.reason}: ${json}`);
        // The message itself is set by whoever has its bytes.
        if (!Object.is(String(rowOf(block).slice(0, -1)), String(expected.slice(0, -1)))) {
          throw new Error(`${String(rowOf(block))} for ${json}`);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(1_000);
  });

  it('takes the processed report of a detector, with the whole message', () => {
    const report = { street: 'Sóller 1', detector_id: 'D1', detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S', timestamp: '2024-03-04T00:17:56Z', lanes: [1, 2], is_operational: true, processed_at: 1_710_000_000.25 }; // prettier-ignore
    const bytes = Buffer.from(JSON.stringify(report));
    const block = new Block(trafficEvents);
    expect(compileScanPath(trafficEvents, block)(bytes, 0, bytes.length, RECORD_MS)).toBe(false);
    const nowMs = Date.UTC(2024, 2, 5);
    expect(compileScanPath(trafficEvents, block)(bytes, 0, bytes.length, nowMs)).toBe(true);
    expect(compileDecode(trafficEvents, block, 10_000)(bytes, 0, bytes.length, nowMs)).toBe(
      undefined,
    );
    const raw = rowOf(block)[trafficEvents.columns.findIndex(({ name }) => name === 'raw')];
    expect(raw).toBe(bytes.toString());
  });
});
