// What becomes of a record: passed with exactly what a step adds, unchanged when it is no event, or left
// out. The transforms of one, two and three lines here are also how to write another.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantMs } from './instant.ts';
import { defineTopicStream } from './stream.ts';
import { trafficEvents, trafficRaw, trafficViz } from './traffic.ts';
import { trafficEnrich, trafficForward } from './traffic-transform.ts';
import { compileTransform, enrich, filter, route, type Transform } from './transform.ts';
import { transforms } from './index.ts';
import { compileValidator } from './validate.ts';

const RECORD_MS = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
const NOW_MS = RECORD_MS + 1_234;

const report = {
  detector_id: 'd-1',
  detector_type: 'loop',
  detector_status: 'OK - low volume',
  signal_id: 's-9',
  location: { latitude: 30.1 },
  timestamp: RECORD_MS / 1_000,
  counts: [1, 2],
} as const;

function outcomeOf(transform: Transform, value: string | Buffer | null, recordMs = RECORD_MS) {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return compileTransform(transform)(bytes, recordMs, NOW_MS);
}

/** The text that was passed on, or the kind of outcome. */
function passed(transform: Transform, value: string): string {
  const outcome = outcomeOf(transform, value);
  return outcome.kind === 'passed' ? outcome.value!.toString() : outcome.kind;
}

describe('traffic-enrich', () => {
  it('adds two members and leaves every byte before them alone', () => {
    const text =
      '{ "detector_id":"d","detector_type":"loop", "detector_status":"OK","signal_id":"s","volume":1.50e1,"id":12345678901234567890}';
    expect(passed(trafficEnrich, text)).toBe(
      `${text.slice(0, -1)},"is_operational":true,"processed_at":${NOW_MS / 1_000}}`,
    );
  });

  it.each([
    ['OK', true],
    ['OK - low volume', true],
    ['FAILED', false],
    ['REMOVED', false],
    ['ok', false],
    ['NOT OK', false],
    ['OFFLINE', false],
  ])('%s is operational: %s', (detector_status, is_operational) => {
    const text = passed(trafficEnrich, JSON.stringify({ ...report, detector_status }));
    expect(JSON.parse(text)).toMatchObject({ is_operational });
  });

  it('makes events that the sink takes, with the moment to the millisecond', () => {
    const validate = compileValidator(trafficEvents);
    fc.assert(
      fc.property(fc.integer({ min: RECORD_MS, max: RECORD_MS + 1e11 }), (nowMs) => {
        const outcome = compileTransform(trafficEnrich)(
          Buffer.from(JSON.stringify(report)),
          RECORD_MS,
          nowMs,
        );
        if (outcome.kind !== 'passed') throw new Error(outcome.kind);
        const event = JSON.parse(outcome.value!.toString()) as { processed_at: number };
        expect(validate(event, RECORD_MS, [])).toBeUndefined();
        expect(instantMs(event.processed_at)).toBe(nowMs);
      }),
    );
  });

  it('replaces members that claim to be its own', () => {
    const text = passed(
      trafficEnrich,
      JSON.stringify({ is_operational: false, ...report, processed_at: 'x' }),
    );
    expect(text.match(/is_operational|processed_at/g)).toEqual(['is_operational', 'processed_at']);
    expect(JSON.parse(text)).toEqual({
      ...report,
      is_operational: true,
      processed_at: NOW_MS / 1_000,
    });
  });

  it('takes an event without a time, which then is its record’s', () => {
    const { timestamp: _, ...timeless } = report;
    expect(outcomeOf(trafficEnrich, JSON.stringify(timeless)).kind).toBe('passed');
    expect(outcomeOf(trafficEnrich, JSON.stringify({ ...timeless, timestamp: null })).kind).toBe(
      'passed',
    );
  });

  it.each([
    ['tombstone', null],
    ['empty_value', ''],
    ['invalid_utf8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['invalid_json', '{"detector_id":'],
    ['not_an_object', '[]'],
    ['missing_field', '{"detector_id":"d"}'],
    ['wrong_type', JSON.stringify({ ...report, signal_id: 7 })],
    ['instant_out_of_range', JSON.stringify({ ...report, timestamp: RECORD_MS / 1_000 + 90_000 })],
  ])('leaves what is no event to the sink: %s', (reason, value) => {
    expect(outcomeOf(trafficEnrich, value)).toMatchObject({
      kind: 'rejected',
      rejection: { reason },
      to: trafficEvents,
    });
  });
});

describe('traffic-forward', () => {
  it('passes on whatever there is, as it is', () => {
    for (const value of [Buffer.from('no event'), null]) {
      const outcome = outcomeOf(trafficForward, value);
      expect(outcome).toEqual({ kind: 'passed', value, to: trafficViz });
      expect(outcome.kind === 'passed' && outcome.value).toBe(value);
    }
  });
});

describe('another transform', () => {
  const another = { name: 'another', group: 'another', input: trafficRaw, origin: 'read' } as const;
  const text = JSON.stringify(report);

  it('that filters is one line', () => {
    const loops: Transform = {
      ...another,
      outputs: [trafficViz],
      steps: [filter((event) => event['detector_type'] === 'loop')],
    };
    expect(passed(loops, text)).toBe(text);
    expect(passed(loops, text.replace('loop', 'radar'))).toBe('filtered');
    expect(passed(loops, 'nothing')).toBe('rejected');
  });

  it('that enriches is one line, and its steps follow one another', () => {
    const steps = [
      enrich(({ counts }) => ({
        total: (counts as number[]).reduce((sum, count) => sum + count, 0),
      })),
      filter(({ total }) => Number(total) > 2),
      enrich(({ total }) => ({ double: Number(total) * 2 })),
    ];
    const counted: Transform = { ...another, outputs: [trafficViz], steps };
    expect(passed(counted, text)).toBe(`${text.slice(0, -1)},"total":3,"double":6}`);
    expect(passed(counted, text.replace('[1,2]', '[1]'))).toBe('filtered');
  });

  it('that routes is two lines', () => {
    const topic = { name: 'iot.traffic.broken', partitions: 1, retentionMs: -1 };
    const broken = defineTopicStream({
      ...trafficRaw,
      name: 'traffic_broken',
      topic,
      key: 'detector_id',
      eventTime: 'ts',
    });
    const steps = [
      route(({ detector_status: status }) => (status === 'FAILED' ? broken : trafficViz)),
    ];
    const sorted: Transform = { ...another, outputs: [trafficViz, broken], steps };
    expect(outcomeOf(sorted, text)).toMatchObject({ to: trafficViz });
    expect(outcomeOf(sorted, text.replace('OK - low volume', 'FAILED'))).toMatchObject({
      to: broken,
    });
    const lost: Transform = { ...another, outputs: [trafficViz], steps: [route(() => broken)] };
    // A step that throws costs the record it threw for, not the processor.
    expect(outcomeOf(lost, text)).toMatchObject({
      kind: 'rejected',
      to: trafficViz,
      rejection: {
        reason: 'undecodable',
        detail: 'Error: stream traffic_broken is not one of the outputs',
      },
    });
  });
});

describe('the transforms', () => {
  it('have names and groups of their own', () => {
    expect(transforms).toEqual([trafficEnrich, trafficForward]);
    for (const key of ['name', 'group'] as const) {
      expect(new Set(transforms.map((transform) => transform[key])).size).toBe(transforms.length);
    }
  });
});
