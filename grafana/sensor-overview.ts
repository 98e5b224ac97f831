// The dashboard "Sensor overview": what the chosen devices say in the chosen window of ingestion, and
// whether rows keep arriving. Column names are checked against the stream's declaration.
import { sensorData } from '../streams/sensor-data.ts';
import type { ColumnName } from '../streams/stream.ts';
import { coordinates, deadLetters, ingestTime, tableOf } from '../streams/table.ts';
import {
  dashboard,
  gauge,
  queryVariable,
  stat,
  stateTimeline,
  table,
  timeSeries,
  type Place,
  type Thresholds,
} from './panel.ts';

type Name = ColumnName<typeof sensorData.event>;

const rows = tableOf(sensorData).name;
const device = 'device_id' satisfies Name;
const arrived = ingestTime.name;
const offset = coordinates.find(({ name }) => name === 'kafka_offset')!.name;

// The replayed readings are years old and the window is about now, so it is a window of ingestion.
// All devices means no condition at all: the list may be empty, and IN () is no SQL.
const window = `$__timeFilter_ms(${arrived})`;
const chosen = `$__conditionalAll(${device} IN (\${device_id:singlequote}), $device_id)`;
const where = `WHERE ${window} AND ${chosen}`;

/** A finer grid than batches arrive in would show gaps. */
const INTERVAL = '5s';

function overTime(values: string): string {
  return `SELECT $__timeInterval_ms(${arrived}) AS time, ${device}, ${values}
FROM ${rows}
${where}
GROUP BY time, ${device}
ORDER BY time, ${device}`;
}

const average = (name: Name): string => overTime(`avg(${name}) AS ${name}`);

/** The newest row of each device. Rows of one batch share their ingest_time. */
function latest(columns: readonly string[]): string {
  return `SELECT ${columns.join(', ')}
FROM (
  SELECT *
  FROM ${rows}
  ${where}
  ORDER BY ${arrived} DESC, ${offset} DESC
  LIMIT 1 BY ${device}
)
ORDER BY ${device}`;
}

const at = (x: number, y: number, w: number, h: number): Place => ({ x, y, w, h });
const always: Thresholds = [[null, 'blue']];
const none: Thresholds = [
  [null, 'green'],
  [1, 'red'],
];
const words = (zero: string, one: string, color: string): object[] => [
  {
    type: 'value',
    options: {
      0: { text: zero, color: 'dark-blue', index: 0 },
      1: { text: one, color, index: 1 },
    },
  },
];

const health = [
  stat({
    title: 'Rows in window',
    description: 'Messages that arrived in the window and became rows.',
    place: at(0, 0, 4, 4),
    sql: `SELECT count() AS rows FROM ${rows}\n${where}`,
    perRow: false,
    shown: { unit: 'short', thresholds: always },
  }),
  stat({
    title: 'Devices',
    description: 'Devices of which at least one row arrived in the window.',
    place: at(4, 0, 4, 4),
    sql: `SELECT uniqExact(${device}) AS devices FROM ${rows}\n${where}`,
    perRow: false,
    shown: { unit: 'short', thresholds: always },
  }),
  stat({
    title: 'Last row',
    description: 'How long ago the newest row of the window arrived.',
    place: at(8, 0, 4, 4),
    sql: `SELECT if(count() = 0, NULL, (toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(max(${arrived}))) / 1000) AS age\nFROM ${rows}\n${where}`,
    perRow: false,
    shown: {
      unit: 's',
      decimals: 1,
      thresholds: [
        [null, 'green'],
        [30, 'orange'],
        [300, 'red'],
      ],
    },
  }),
  stat({
    title: 'Dead letters',
    description: 'Messages of the window that were rejected; table dead_letters says why.',
    place: at(12, 0, 4, 4),
    sql: `SELECT count() AS dead_letters FROM ${deadLetters.name}\nWHERE ${window} AND stream = '${sensorData.name}'`,
    perRow: false,
    shown: { unit: 'short', thresholds: none },
  }),
  timeSeries({
    title: 'Ingestion',
    description: 'Rows per second as they arrived in ClickHouse, by device.',
    place: at(16, 0, 8, 8),
    sql: overTime('count() / $__interval_s AS rows'),
    interval: INTERVAL,
    shown: { unit: 'cps', min: 0, custom: { stacking: { mode: 'normal', group: 'A' } } },
  }),
  stat({
    title: 'Motion',
    description: 'Readings of the window with motion, by device.',
    place: at(0, 4, 8, 4),
    sql: `SELECT ${device}, countIf(${'motion' satisfies Name} = 1) AS motion\nFROM ${rows}\n${where}\nGROUP BY ${device}\nORDER BY ${device}`,
    perRow: true,
    shown: {
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [1, 'orange'],
      ],
    },
  }),
  gauge({
    title: 'CO',
    description: 'Carbon monoxide in the newest row of each device, in the ppm of the data set.',
    place: at(8, 4, 8, 4),
    sql: latest([device, 'co' satisfies Name]),
    shown: {
      decimals: 4,
      min: 0,
      max: 0.01,
      thresholds: [
        [null, 'green'],
        [0.006, 'orange'],
        [0.008, 'red'],
      ],
    },
  }),
];

const measured = [
  timeSeries({
    title: 'Temperature',
    description: 'Mean of the readings that arrived in each interval, by device.',
    place: at(0, 8, 12, 8),
    sql: average('temp'),
    interval: INTERVAL,
    shown: { unit: 'celsius', decimals: 1 },
  }),
  timeSeries({
    title: 'Humidity',
    description: 'Mean relative humidity of the readings that arrived in each interval, by device.',
    place: at(12, 8, 12, 8),
    sql: average('humidity'),
    interval: INTERVAL,
    shown: { unit: 'humidity', decimals: 1 },
  }),
  timeSeries({
    title: 'Smoke',
    description: 'Mean smoke reading by device, in the ppm of the data set.',
    place: at(0, 16, 8, 7),
    sql: average('smoke'),
    interval: INTERVAL,
    shown: { decimals: 4 },
  }),
  timeSeries({
    title: 'LPG',
    description: 'Mean liquefied petroleum gas reading by device, in the ppm of the data set.',
    place: at(8, 16, 8, 7),
    sql: average('lpg'),
    interval: INTERVAL,
    shown: { decimals: 4 },
  }),
  stateTimeline({
    title: 'Light',
    description: 'Whether any reading of the interval saw light, by device.',
    place: at(16, 16, 8, 7),
    sql: overTime(`max(${'light' satisfies Name}) AS light`),
    interval: INTERVAL,
    shown: { mappings: words('dark', 'light', 'yellow'), thresholds: always },
  }),
  table({
    title: 'Latest readings',
    description: 'The newest row of each device, whole, with where it was in Kafka.',
    place: at(0, 23, 24, 7),
    sql: latest(tableOf(sensorData).columns.map(({ name }) => name)),
  }),
];

export const sensorOverview = dashboard({
  uid: 'sensor-overview',
  title: 'Sensor overview',
  description: 'Readings of the sensor boards as they arrive. The window is one of ingestion.',
  tags: ['sensorhouse', 'sensors'],
  refresh: '5s',
  from: 'now-15m',
  variables: [
    queryVariable(
      'device_id',
      'Device',
      `SELECT ${device} FROM ${rows} GROUP BY ${device} ORDER BY ${device}`,
    ),
  ],
  panels: [...health, ...measured],
});
