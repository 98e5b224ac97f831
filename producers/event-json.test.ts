// The wire form of an event, as it is and stamped with the current time.
import { describe, expect, it } from 'vitest';
import { sensorData } from '../streams/sensor-data.ts';
import { trafficRaw } from '../streams/traffic.ts';
import { compileJson } from './event-json.ts';
import type { Event } from './file-event.ts';

const event = {
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
const json =
  '{"data":{"co":0.0031,"humidity":76,"light":false,"lpg":0.0052,"motion":false,"smoke":0.0136,"temp":19.7},' +
  '"device_id":"00:0f:00:70:91:0a","ts":1594512106.869076}';

describe('compileJson', () => {
  it('writes the event as it is', () => {
    expect(compileJson(sensorData, false)({ members: event })).toBe(json);
  });

  it('stamps the current time in epoch seconds and leaves the event alone', () => {
    const beforeMs = Date.now();
    const stamped = compileJson(sensorData, true)({ members: event });
    const { ts } = JSON.parse(stamped) as { ts: number };
    expect(ts * 1_000).toBeGreaterThanOrEqual(beforeMs);
    expect(ts * 1_000).toBeLessThanOrEqual(Date.now());
    expect(stamped.replace(/"ts":.*/, '')).toBe(json.replace(/"ts":.*/, ''));
    expect(event.ts).toBe(1594512106.869076);
  });

  it('leaves JSON of a file as it is, digits and spaces included', () => {
    const text = '{"a": 1.0, "id":12345678901234567890, "ts":1594512106}';
    const members = JSON.parse(text) as Event;
    expect(compileJson(sensorData, false)({ members, json: text })).toBe(text);
  });

  it('loses no digit of JSON that it stamps', () => {
    const text = '{"a":1.0,"id":12345678901234567890,"ts":1594512106}';
    const stamped = compileJson(sensorData, true)({ members: {}, json: text });
    expect(stamped).toMatch(/^\{"a":1\.0,"id":12345678901234567890,"ts":\d{10}(\.\d+)?\}$/);
  });

  it.each(['{"detector_id":"D1","timestamp":"2024-03-04T00:17:56Z"}', '{"detector_id":"D1"}'])(
    'stamps in ISO-8601 what has such a time, or none: %s',
    (json) => {
      const beforeMs = Date.now();
      const event = { members: JSON.parse(json) as Event, json };
      const { timestamp } = JSON.parse(compileJson(trafficRaw, true)(event)) as Event;
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      expect(Date.parse(timestamp as string)).toBeGreaterThanOrEqual(beforeMs);
    },
  );

  it('leaves out a time that is not there', () => {
    const event = { members: { detector_id: 'D1' } };
    expect(compileJson(trafficRaw, false)(event)).toBe('{"detector_id":"D1"}');
  });
});
