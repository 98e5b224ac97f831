// The wire form of an event, as it is and stamped with the current time.
import { describe, expect, it } from 'vitest';
import { sensorData } from '../streams/sensor-data.ts';
import { compileJson } from './event-json.ts';

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
    expect(compileJson(sensorData, false)(event)).toBe(json);
  });

  it('stamps the current time in epoch seconds and leaves the event alone', () => {
    const beforeMs = Date.now();
    const stamped = compileJson(sensorData, true)(event);
    const { ts } = JSON.parse(stamped) as { ts: number };
    expect(ts * 1_000).toBeGreaterThanOrEqual(beforeMs);
    expect(ts * 1_000).toBeLessThanOrEqual(Date.now());
    expect(stamped.replace(/"ts":.*/, '')).toBe(json.replace(/"ts":.*/, ''));
    expect(event.ts).toBe(1594512106.869076);
  });
});
