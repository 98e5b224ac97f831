// Environmental readings of the three sensor boards: one event per reading, keyed by device. Source: the
// public "Environmental Sensor Telemetry Data" set and every sender of the same form.
import { boolean, float64, instant, text } from './field.ts';
import { defineStream } from './stream.ts';

const ratio = { min: 0, max: 1 } as const;

export const sensorData = defineStream({
  name: 'sensor_data',
  family: 'sensors',
  topic: { name: 'sensor_data', partitions: 3, retentionMs: 7 * 86_400_000 },
  event: {
    data: {
      co: float64(ratio),
      humidity: float64({ min: 0, max: 100 }),
      light: boolean(),
      lpg: float64(ratio),
      motion: boolean(),
      smoke: float64(ratio),
      temp: float64({ min: -90, max: 150 }),
    },
    device_id: text({ repeats: true, csv: 'device' }),
    ts: instant(),
  },
  key: 'device_id',
  eventTime: 'ts',
  table: { name: 'sensor_data', orderBy: ['device_id', 'ts'] },
});
