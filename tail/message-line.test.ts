// What a person sees of a message: the declared fields in their order, and nothing that could lie about it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UNSAFE } from '../platform/visible.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { compileMessageLine, type ShownMessage } from './message-line.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const RECORD_MS = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
const message: ShownMessage = {
  partition: 1,
  offset: 42,
  timestampMs: RECORD_MS,
  key: bytes('d-1'),
  value: bytes(
    JSON.stringify({
      detector_id: 'd-1',
      detector_type: 'loop',
      location: 'not declared',
      detector_status: 'OK - low volume',
      signal_id: 's-9',
      timestamp: RECORD_MS / 1_000 - 60,
      processed_at: RECORD_MS / 1_000,
      is_operational: true,
    }),
  ),
};

describe('a message of a declared stream', () => {
  it('is its time, its place, its key if asked for, and its fields in their order', () => {
    const fields =
      'detector_id=d-1 detector_type=loop detector_status=OK - low volume signal_id=s-9 ' +
      'is_operational=true processed_at=2024-01-02T03:04:05.678';
    const line = compileMessageLine({ stream: trafficEvents });
    expect(line(message)).toBe(`2024-01-02 03:03:05.678  1/42  ${fields}`);
    const withKeys = compileMessageLine({ stream: trafficEvents, showKeys: true });
    expect(withKeys(message)).toBe(`2024-01-02 03:03:05.678  1/42  d-1  ${fields}`);
    expect(withKeys({ ...message, key: null })).toContain('  (no key)  detector_id');
  });

  it('shows nested fields and numbers as they are', () => {
    const data = {
      co: 0.0049559386,
      humidity: 51,
      light: false,
      lpg: 1e-7,
      motion: true,
      smoke: 0.02,
      temp: -3,
    };
    const value = bytes(JSON.stringify({ data, device_id: 'a', ts: 1_594_512_094.385 }));
    expect(compileMessageLine({ stream: sensorData })({ ...message, value })).toBe(
      '2020-07-12 00:01:34.385  1/42  co=0.0049559386 humidity=51 light=false lpg=1e-7 motion=true smoke=0.02 temp=-3 device_id=a',
    );
  });

  it('is shown raw, with the reason, when it is no event', () => {
    const line = compileMessageLine({ stream: trafficEvents });
    const place = '2024-01-02 03:04:05.678  1/42  ';
    expect(line({ ...message, value: bytes('{"detector_id":7}') })).toBe(
      `${place}{"detector_id":7}  (no event: wrong_type detector_id)`,
    );
    expect(line({ ...message, value: bytes('nonsense') })).toBe(
      `${place}nonsense  (no event: invalid_json)`,
    );
    expect(line({ ...message, value: null })).toBe(`${place}(no value)  (no event)`);
  });

  it('is painted piece by piece', () => {
    const paint = (style: string, text: string): string => `<${style}>${text}</>`;
    const line = compileMessageLine({ stream: trafficEvents, showKeys: true, paint })(message);
    expect(line).toContain('<dim>1/42</>  <cyan>d-1</>');
    expect(line).toContain('<dim>is_operational=</><green>true</>');
  });
});

describe('a message of an unknown topic', () => {
  const line = compileMessageLine({});

  it('is its text, with invalid UTF-8 made visible', () => {
    expect(line({ ...message, value: bytes('a\tb\u001b[31m') })).toMatch(
      / {2}a\\u\{9\}b\\u\{1b\}\[31m$/,
    );
    expect(line({ ...message, value: Buffer.from([0x61, 0xff, 0x0a]) })).toMatch(
      / {2}a\\xff\\u\{a\}$/,
    );
    expect(line({ ...message, value: bytes('') })).toMatch(/ {2}\(empty\)$/);
    expect(line({ ...message, value: null })).toMatch(/ {2}\(no value\)$/);
    expect(line({ ...message, value: bytes('x'.repeat(5_000)) })).toMatch(/ {2}x{400}…$/);
  });
});

describe('no message', () => {
  it('gets anything unsafe into its line, whatever its bytes are', () => {
    const any = fc.option(fc.uint8Array({ maxLength: 900 }));
    const texts = fc.string({ unit: 'binary' }).map((text) => new Uint8Array(bytes(text)));
    const lines = [trafficEvents, undefined].map((stream) =>
      compileMessageLine({ stream, showKeys: true }),
    );
    fc.assert(
      fc.property(
        fc.oneof(any, texts),
        fc.oneof(any, texts),
        fc.double(),
        (key, value, timestampMs) => {
          for (const line of lines) {
            expect(line({ ...message, key, value, timestampMs }).match(UNSAFE)).toBeNull();
          }
        },
      ),
    );
    const value = bytes(message.value!.toString().replace('"loop"', '"\\u001b]0;x\\u0007"'));
    expect(lines[0]!({ ...message, value })).toContain('detector_type=\\u{1b}]0;x\\u{7}');
  });
});
