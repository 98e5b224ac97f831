// What the scan takes, JSON.parse and the validator take too, whatever was done to the text; and where it says a
// member is, it is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boolean, float64, instant, integer, text } from './field.ts';
import { instantMs } from './instant.ts';
import { JsonScan } from './json-scan.ts';
import { parseMessage } from './json-message.ts';
import { defineTopicStream } from './stream.ts';
import { trafficRaw } from './traffic.ts';
import { compileValidator } from './validate.ts';
import { mutatedText } from '../test/mutated-text.ts';

const { leaves } = defineTopicStream({
  name: 'scanned',
  topic: { name: 'scanned', partitions: 1, retentionMs: 1 },
  event: {
    at: instant(),
    deep: { deeper: { ratio: float64({ min: 0, max: 1 }) }, flag: boolean() },
    count: integer({ min: -5, max: 1_000_000 }),
    id: text({ maxBytes: 8 }),
    seen: instant({ absent: 'record-timestamp' }),
  },
  key: 'id',
  eventTime: 'at',
});
const RECORD_MS = 1_700_000_000_000;
const validate = compileValidator({ columns: leaves });

const seconds = fc.double({ min: 1.5e9, max: 1.7001e9, noNaN: true });
/** Doubles of all sizes, most of which need an exponent, and such as devices send. */
const ratio = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.nat(1_000_000).map((millionths) => millionths / 1_000_000),
);
const moment = fc.oneof(
  seconds,
  seconds.map((at) => Math.round(at * 1_000) / 1_000),
  seconds.map((at) => new Date(at * 1_000).toISOString()),
);
const event = fc.record({
  at: moment,
  deep: fc.record({
    deeper: fc.record({ ratio, more: fc.jsonValue() }),
    flag: fc.boolean(),
  }),
  count: fc.integer({ min: -5, max: 1_000_000 }),
  id: fc.string({
    unit: fc.constantFrom('a', 'b', 'c', 'd', 'ü', 'ö', 'ä', '-', '_', '"'),
    minLength: 1,
    maxLength: 4,
  }),
});
const whole = fc
  .tuple(event, fc.option(moment), fc.option(fc.jsonValue()), fc.constantFrom(undefined, 1, '\t'))
  .map(([given, seen, other, indent]) => {
    const all = {
      ...(seen === null ? {} : { seen }),
      ...given,
      ...(other === null ? {} : { other }),
    };
    return JSON.stringify(all, undefined, indent);
  });
const piece = fc.constantFrom(
  ...[
    '"',
    '\\',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '1',
    '.5',
    'e9',
    '-',
    'null',
    'true',
    ' ',
    '\n',
    'ü',
  ],
  ...['"id":"x",', '"deep":{},', '\\u00e9', '\\x', 'NaN', '\ufeff', '0', '\u0001'],
);
const mutated = mutatedText(whole, piece);
const nearly = fc.tuple(whole, fc.constantFrom(
  [/"count":\s*-?\d+/, '"count":5.0'], [/"count":\s*-?\d+/, '"count":1000001'], [/"count":\s*-?\d+/, '"count":0.99999999999999999999'],
  [/"ratio":\s*[^,}]+/, '"ratio":1.0000000000000001'], [/"ratio":\s*[^,}]+/, '"ratio":-0.0'], [/"at":\s*[^,}]+/, '"at":1700086400.5'],
  [/"at":\s*[^,}]+/, '"at":1700086399'], [/"flag":\s*\w+/, '"flag":1'], [/"flag":\s*\w+/, '"flag":null'], [/"at":\s*[^,}]+/, '"at":"2023-01-01"'],
)).map(([json, [pattern, put]]) => json.replace(pattern, put as string)); // prettier-ignore

describe('JsonScan', () => {
  it('takes nothing that JSON.parse and the validator would not, and knows where members are', () => {
    const scan = new JsonScan(leaves);
    let taken = 0;
    fc.assert(
      fc.property(
        fc.oneof(whole, mutated, nearly),
        fc.nat(4),
        fc.boolean(),
        (json, before, timed) => {
          const value = Buffer.from(json);
          const bytes = Buffer.concat([Buffer.alloc(before, '"'), value, Buffer.from('"}9')]);
          const recordMs = timed ? RECORD_MS : -1;
          if (!scan.scan(bytes, before, before + value.length, recordMs)) return;
          taken += 1;
          const message = parseMessage(value);
          if ('reason' in message) throw new Error(`${message.reason}: ${json}`);
          const parsed = message.value as Record<string, unknown>;
          expect(validate(parsed, recordMs, [], message.text)).toBeUndefined();
          for (const [index, { field, path }] of leaves.entries()) {
            const found = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], parsed); // prettier-ignore
            const from = scan.from[index]!;
            if (from < 0) {
              expect(found).toBeUndefined();
              continue;
            }
            const read: unknown = JSON.parse(bytes.toString('utf8', from, scan.to[index]));
            expect(read).toEqual(found);
            if (field.kind === 'instant')
              expect(scan.instantsMs[index]).toBe(instantMs(read as string));
          }
          expect(scan.brace).toBe(before + value.lastIndexOf('}'));
          expect(scan.members).toBe(Object.keys(parsed).length);
          for (const name of ['id', 'other', 'ratio', 'seen', 'x']) {
            expect(scan.hasName(Buffer.from(name))).toBe(Object.hasOwn(parsed, name));
          }
        },
      ),
      { numRuns: 4_000 },
    );
    expect(taken).toBeGreaterThan(400);
  });

  it('says of an event the same whatever events it met before', () => {
    const put = fc.constantFrom('"', '\\', '1', 'e5', '-', '{}', '[1]', ',', 'ü', '"x"', 'true', ' ', '\u0001', '.'); // prettier-ignore
    const alike = fc.array(whole, { minLength: 1, maxLength: 3 }).chain((kinds) => {
      const kind = fc.constantFrom(...kinds);
      return fc.array(fc.oneof(kind, mutatedText(kind, put)), { minLength: 2, maxLength: 60 });
    });
    const said = (scan: JsonScan, bytes: Buffer, from: number, to: number) => {
      if (!scan.scan(bytes, from, to, RECORD_MS)) return false;
      const names = ['id', 'other', 'ratio', 'seen', 'x'].map((name) => scan.hasName(Buffer.from(name))); // prettier-ignore
      const ends = leaves.map((_, at) => [scan.from[at], scan.from[at]! < 0 ? 0 : scan.to[at]]);
      return { brace: scan.brace, ends, members: scan.members, names };
    };
    fc.assert(
      fc.property(alike, fc.nat(4), (events, before) => {
        const old = new JsonScan(leaves);
        for (const json of events) {
          const value = Buffer.from(json);
          const bytes = Buffer.concat([Buffer.alloc(before, '"'), value, Buffer.from('"}9')]);
          const [from, to] = [before, before + value.length];
          expect(said(old, bytes, from, to)).toEqual(said(new JsonScan(leaves), bytes, from, to));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('knows an event with very many values again', () => {
    const scan = new JsonScan(leaves);
    const bytes = Buffer.from(
      `{"a":[${Array(300).fill(1).join()}],"at":1700000000,"deep":{"deeper":{"ratio":0},"flag":true},"count":1,"id":"x"}`,
    );
    for (let turn = 0; turn < 3; turn += 1) {
      expect(scan.scan(bytes, 0, bytes.length, RECORD_MS)).toBe(true);
      expect([...scan.from].map((from) => bytes[from])).toEqual([0x31, 0x30, 0x74, 0x31, 0x22, undefined]); // prettier-ignore
    }
  });

  it('takes the reports of detectors, whatever else is in them', () => {
    const scan = new JsonScan(trafficRaw.leaves);
    const report = {
      ...{ detector_id: 'D1', detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S' },
      ...{ timestamp: '2024-03-04T00:17:56Z', street: 'Königstraße "1"', lanes: [{ n: 1e-7 }, {}] },
    };
    const bytes = Buffer.from(JSON.stringify(report));
    expect(scan.scan(bytes, 0, bytes.length, Date.now())).toBe(true);
  });

  it('ends where its bytes end, whatever lies behind', () => {
    const scan = new JsonScan(trafficRaw.leaves);
    const bytes = Buffer.from('{"detector_id":"D1","detector_type":"LOOP"}');
    for (let end = 0; end < bytes.length; end += 1) expect(scan.scan(bytes, 0, end, 0)).toBe(false);
  });
});
