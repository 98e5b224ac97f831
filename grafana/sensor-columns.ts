// How the columns of the sensor stream are shown everywhere: titles, units, decimals, and the limits of
// carbon monoxide for a colour and an alert. The compiler checks the names.
import { sensorData } from '../streams/sensor-data.ts';
import type { ColumnName } from '../streams/stream.ts';
import { coordinates, ingestTime } from '../streams/table.ts';
import { plain, words, type Column, type Thresholds } from './field.ts';
import type { Mapping } from './kinds.ts';

export type SensorColumn = ColumnName<typeof sensorData.event>;

/** In the ppm of the data set; its devices stay below 0.0057. */
export const CO_WARN = 0.006;
export const CO_ALARM = 0.008;

export const coThresholds: Thresholds = [
  [null, 'green'],
  [CO_WARN, 'orange'],
  [CO_ALARM, 'red'],
];

export const lightWords: Mapping[] = words({ 0: ['dark', 'dark-blue'], 1: ['light', 'yellow'] });
export const motionWords: Mapping[] = words({ 0: ['still', 'dark-blue'], 1: ['motion', 'orange'] });

const shown: Readonly<Record<SensorColumn, Omit<Column, 'name'>>> = {
  device_id: {
    displayName: 'Device',
    width: 140,
    links: [
      {
        title: 'Readings of this device',
        url: '/d/sensor-overview?var-device_id=${__value.raw:percentencode}',
      },
    ],
  },
  ts: { displayName: 'Event time', unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 170 },
  temp: { displayName: 'Temperature', unit: 'celsius', decimals: 1, width: 105 },
  humidity: { displayName: 'Humidity', unit: 'percent', decimals: 1, width: 85 },
  co: { displayName: 'CO', unit: 'ppm', decimals: 4, thresholds: coThresholds, coloured: true },
  smoke: { displayName: 'Smoke', unit: 'ppm', decimals: 4, width: 100 },
  lpg: { displayName: 'LPG', unit: 'ppm', decimals: 4 },
  light: {
    displayName: 'Light',
    mappings: lightWords,
    thresholds: plain,
    coloured: true,
    width: 65,
  },
  motion: {
    displayName: 'Motion',
    mappings: motionWords,
    thresholds: plain,
    coloured: true,
    width: 75,
  },
};

/** When a row arrived, to the millisecond, which Grafana's tables hide otherwise. */
export const arrivalColumns: readonly Column[] = ['last_seen', 'arrived', ingestTime.name].map(
  (name) => ({ name, displayName: 'Arrived', unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 170 }),
);

/** Where a row was in Kafka. */
export const coordinateColumns: readonly Column[] = coordinates.map(({ name, type }) => ({
  name,
  displayName: `Kafka ${name.replace('kafka_', '')}`,
  ...(type.startsWith('DateTime') ? { unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 170 } : {}),
  ...(name === 'kafka_offset' ? { unit: 'locale', decimals: 0 } : {}),
}));

/** Every column of the stream, for the tables. */
export const sensorColumns: readonly Column[] = Object.entries(shown).map(([name, rest]) => {
  return { name, ...rest };
});

/** In the order in which tables show them. */
export const measured = [
  'temp',
  'humidity',
  'co',
  'smoke',
  'lpg',
  'light',
  'motion',
] as const satisfies readonly SensorColumn[];
