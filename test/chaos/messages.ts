// Test messages: sensor events whose values follow from their number, and one message of every kind
// that must be rejected. Same number, same bytes.
import type { Message } from 'kafkajs';
import { sensorData } from '../../streams/sensor-data.ts';
import type { RejectionReason } from '../../streams/rejection.ts';

const FIRST_MS = Date.UTC(2020, 6, 12, 0, 1, 34, 385);

/** The `index`-th event of the tests, as the producers would write it. */
export function eventJson(index: number): string {
  const event = {
    data: {
      co: (index % 1_000) / 1_000_000,
      humidity: 40 + (index % 400) / 10,
      light: index % 2 === 0,
      lpg: (index % 777) / 100_000,
      motion: index % 5 === 0,
      smoke: (index % 555) / 100_000,
      temp: 15 + (index % 150) / 10,
    },
    device_id: `device-${index % 7}`,
    ts: (FIRST_MS + index * 37) / 1_000,
  };
  return JSON.stringify(event);
}

/** The `index`-th event as a message for `partition`. */
export function eventMessage(index: number, partition: number): Message {
  return { key: `device-${index % 7}`, value: eventJson(index), partition };
}

interface Poison {
  readonly reason: RejectionReason;
  readonly value: Buffer | string | null;
}

/** The event with one thing wrong. */
function broken(change: (event: Record<string, unknown>, data: Record<string, unknown>) => void) {
  const event = JSON.parse(eventJson(1)) as Record<string, unknown>;
  change(event, event['data'] as Record<string, unknown>);
  return JSON.stringify(event);
}

/** At least one message for every reason there is; `too_large` holds for limits up to 2 MB. */
export const poisons: readonly Poison[] = [
  { reason: 'tombstone', value: null },
  { reason: 'empty_value', value: '' },
  { reason: 'too_large', value: Buffer.alloc(2_100_000, 0x20) },
  { reason: 'invalid_utf8', value: Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x7d]) },
  { reason: 'invalid_json', value: 'not json' },
  { reason: 'invalid_json', value: eventJson(1).slice(0, -20) },
  { reason: 'invalid_json', value: `${eventJson(1)}${eventJson(2)}` },
  { reason: 'not_an_object', value: '[1]' },
  { reason: 'not_an_object', value: '"x"' },
  { reason: 'not_an_object', value: broken((event) => (event['data'] = 5)) },
  { reason: 'missing_field', value: broken((_, data) => delete data['co']) },
  { reason: 'missing_field', value: '{}' },
  { reason: 'null_field', value: broken((_, data) => (data['co'] = null)) },
  { reason: 'wrong_type', value: broken((_, data) => (data['co'] = '0.0049')) },
  { reason: 'wrong_type', value: broken((_, data) => (data['co'] = true)) },
  { reason: 'wrong_type', value: broken((_, data) => (data['light'] = 'true')) },
  { reason: 'wrong_type', value: broken((event) => (event['device_id'] = 7)) },
  { reason: 'not_finite', value: eventJson(1).replace('"co":0.000001', '"co":NaN') },
  { reason: 'not_finite', value: eventJson(1).replace('"co":0.000001', '"co":1e400') },
  { reason: 'out_of_range', value: broken((_, data) => (data['light'] = 2)) },
  { reason: 'out_of_range', value: broken((_, data) => (data['motion'] = 300)) },
  { reason: 'out_of_range', value: broken((_, data) => (data['humidity'] = 100.5)) },
  { reason: 'out_of_range', value: broken((event) => (event['device_id'] = '')) },
  { reason: 'invalid_instant', value: broken((event) => (event['ts'] = 'yesterday')) },
  { reason: 'invalid_instant', value: broken((event) => (event['ts'] = '2020-07-12T00:01:34')) },
  { reason: 'instant_out_of_range', value: broken((event) => (event['ts'] = -5)) },
  { reason: 'instant_out_of_range', value: broken((event) => (event['ts'] = 1594512094385)) },
  { reason: 'instant_out_of_range', value: broken((event) => (event['ts'] = '9999-12-31T00:00Z')) },
];

/** The `index`-th bad message. Nothing large, so that many fit anywhere. */
export function poisonMessage(index: number, partition: number): Message {
  const small = poisons.filter(({ reason }) => reason !== 'too_large');
  return { key: 'poison', value: small[index % small.length]!.value, partition };
}

/** `count` messages from number `first` on, over the partitions; every `poisonEvery`-th is bad. */
export function mixedMessages(
  first: number,
  count: number,
  partitions: number,
  poisonEvery = Infinity,
): Message[] {
  return Array.from({ length: count }, (_, at) => {
    const index = first + at;
    const partition = index % partitions;
    const bad = Number.isFinite(poisonEvery) && index % poisonEvery === poisonEvery - 1;
    return bad ? poisonMessage(index, partition) : eventMessage(index, partition);
  });
}

export const stream = sensorData;
