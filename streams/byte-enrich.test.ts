// What is enriched from bytes to bytes is what the slow path makes of it, byte for byte, or is left to it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from './json-members.ts';
import { trafficEnrich } from './traffic-transform.ts';
import { trafficEvents, trafficRaw } from './traffic.ts';
import { compileByteTransform, compileTransform, enrich, type Transform } from './transform.ts';
import { mutatedText } from '../test/mutated-text.ts';

const RECORD_MS = 1_710_000_000_000;
const report = { detector_id: 'D1', detector_type: 'LOOP', detector_status: 'OK', signal_id: 'S', timestamp: '2024-03-04T00:17:56Z' }; // prettier-ignore
const status = fc.constantFrom('OK', 'OK - low', 'FAULT', 'Störung', 'a "b"', '');
const member = fc.tuple(
  fc.constantFrom('street', 'lanes', 'is_operational', 'processed_at', 'ü', 'detector_status'),
  fc.jsonValue(),
);
const event = fc
  .tuple(status, fc.array(member, { maxLength: 3 }), fc.boolean(), fc.constantFrom(undefined, 1))
  .map(([detector_status, others, first, indent]) => {
    const all = { ...report, detector_status };
    const more = Object.fromEntries(others);
    return JSON.stringify(first ? { ...more, ...all } : { ...all, ...more }, undefined, indent);
  });
const piece = fc.constantFrom(
  '"',
  '\\',
  '{',
  '}',
  ',',
  ':',
  '1',
  'null',
  ' ',
  '\n',
  '\ufeff',
  '"x":1,',
);
const mutated = mutatedText(event, piece);

/** What both ways make of an event that lies within other bytes; undefined where the fast one leaves it. */
function bothWays(transform: Transform, json: string, nowMs = 5_250) {
  const value = Buffer.from(json);
  const bytes = Buffer.concat([Buffer.from('}"'), value, Buffer.from('{"a":')]);
  const fast = compileByteTransform(transform)!;
  const added = fast.added(bytes, 2, 2 + value.length, RECORD_MS, nowMs);
  const slow = compileTransform(transform)(value, RECORD_MS, nowMs);
  if (added === undefined) return { fast: undefined, slow };
  const parts = [bytes.subarray(2, fast.at), added, bytes.subarray(fast.at, 2 + value.length)];
  return { fast: Buffer.concat(parts).toString(), slow };
}

describe('an enrichment from bytes to bytes', () => {
  it('gives the result of the slow path, or nothing', () => {
    let taken = 0;
    fc.assert(
      fc.property(fc.oneof(event, mutated), fc.nat(3), (json, now) => {
        const { fast, slow } = bothWays(trafficEnrich, json, 1_700_000_000_000 + now);
        if (fast === undefined) return;
        taken += 1;
        if (slow.kind !== 'passed') throw new Error(`the slow path rejects ${json}`);
        expect(fast).toBe(slow.value!.toString());
        expect(slow.to).toBe(trafficEvents);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it('takes an ordinary report, and leaves one that has a member of an added name', () => {
    expect(bothWays(trafficEnrich, JSON.stringify(report)).fast).toContain(
      ',"is_operational":true,"processed_at":5.25}',
    );
    const again = JSON.stringify({ ...report, processed_at: 1 });
    expect(bothWays(trafficEnrich, again).fast).toBeUndefined();
  });

  it('writes the members that a step adds, however names and values change from event to event', () => {
    const value = fc.oneof(fc.constantFrom<JsonValue>(true, false, null, 0, -0, 1, '1', 'true'), fc.nat(2_000)); // prettier-ignore
    const added = fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { maxKeys: 3 });
    const bytes = Buffer.from(JSON.stringify(report));
    const check = (all: readonly Record<string, JsonValue>[]): void => {
      let current: Record<string, JsonValue> = {};
      const steps = [enrich(() => current, ['detector_id'])];
      const compiled = compileByteTransform({ ...trafficEnrich, steps })!;
      for (current of all) {
        const json = JSON.stringify(current).slice(1, -1);
        const expected = json === '' ? '' : `,${json}`;
        expect(compiled.added(bytes, 0, bytes.length, RECORD_MS, 0)?.toString()).toBe(expected);
      }
    };
    fc.assert(fc.property(fc.array(added, { maxLength: 40 }), check), { numRuns: 100 });
    // Longer texts than are kept, twice; more values than are kept, some of them twice.
    check(['x', 'y', 'x'].map((text) => ({ a: text.repeat(2_000), b: 1 })));
    check(Array.from({ length: 1_500 }, (_, at) => ({ a: at % 700, b: at })));
  });

  it.each([undefined, [1], { deep: 1 }, () => 1])(
    'leaves an event to the slow path when a step adds %o, which is no plain value',
    (value) => {
      const step = enrich(() => ({ added: value as unknown as JsonValue }), ['detector_id']);
      const found = bothWays({ ...trafficEnrich, steps: [step] }, JSON.stringify(report));
      expect(found.fast).toBeUndefined();
    },
  );

  it('leaves an event to the slow path when the step throws', () => {
    const throws = enrich(() => {
      throw new TypeError('no');
    }, ['detector_id']);
    const { fast, slow } = bothWays({ ...trafficEnrich, steps: [throws] }, JSON.stringify(report));
    expect([fast, slow.kind]).toEqual([undefined, 'rejected']);
  });

  it('gives a step its declared members, and no other', () => {
    const seen: unknown[] = [];
    const step = enrich(
      (read) => {
        seen.push(read);
        return {};
      },
      ['detector_status', 'timestamp'],
    );
    const bytes = Buffer.from(JSON.stringify(report));
    const compiled = compileByteTransform({ ...trafficEnrich, steps: [step] })!;
    expect(compiled.added(bytes, 0, bytes.length, RECORD_MS, 0)).toEqual(Buffer.alloc(0));
    const { detector_status, timestamp } = report;
    expect(seen).toEqual([{ detector_status, timestamp }]);
  });

  it('exists only for one step that declares its members', () => {
    const one = enrich(() => ({}), ['detector_id']);
    const compiled = (steps: Transform['steps']) =>
      compileByteTransform({ ...trafficEnrich, steps });
    expect(compiled([one])).toBeDefined();
    expect(compiled([])).toBeUndefined();
    expect(compiled([one, one])).toBeUndefined();
    expect(compiled([enrich(() => ({}))])).toBeUndefined();
    expect(compiled([enrich(() => ({}), ['street_of_nobody'])])).toBeUndefined();
    expect(trafficRaw.leaves.some(({ path }) => path[0] === 'detector_id')).toBe(true);
  });
});
