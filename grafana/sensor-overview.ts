// The dashboard "Sensor overview": the readings of the chosen devices in the chosen window, by the clock of
// arrival or of the events. Column names are checked against the stream's declaration.
import { sensorData } from '../streams/sensor-data.ts';
import { deadLetters } from '../streams/table.ts';
import { dashboard } from './dashboard.ts';
import { noneIsGood, plain, type Thresholds } from './field.ts';
import type { Unit } from './kinds.ts';
import {
  at,
  gauge,
  repeated,
  stat,
  stateTimeline,
  table,
  timeSeries,
  type Place,
} from './panel.ts';
import { latest, overTime, perSecond } from './readings.ts';
import {
  arrivalColumns,
  coordinateColumns,
  coThresholds,
  lightWords,
  measured,
  motionWords,
  sensorColumns,
  type SensorColumn,
} from './sensor-columns.ts';
import { siblings, windows } from './dashboard-links.ts';
import { secondsSince, silenceThresholds } from './status.ts';
import {
  ARRIVED,
  byClock,
  clockVariable,
  deviceVariable,
  eventRangeVariables,
  OFFSET,
} from './window.ts';

const chosen = byClock(sensorData);
const { device } = chosen;

/** A finer grid than batches arrive in would show gaps. */
const INTERVAL = '5s';
/** Several batches, or the beats of both would be seen. */
const RATE_INTERVAL = '10s';
const NOTHING = 'No rows in this window: choose "What arrives now" or "Replayed range" above';
const byDevice = { displayName: `\${__field.labels.${device}}`, noValue: NOTHING };

const figures = [
  stat({
    title: 'Rows in window',
    description: 'Messages of the window that became rows.',
    place: at(0, 0, 4, 4),
    sql: `${chosen.with}SELECT count() AS rows FROM ${chosen.rows}\n${chosen.where}`,
    shown: { unit: 'locale', decimals: 0, thresholds: plain },
  }),
  stat({
    title: 'Devices in window',
    description: 'Devices with at least one row in the window.',
    place: at(4, 0, 4, 4),
    sql: `${chosen.with}SELECT uniqExact(${device}) AS devices FROM ${chosen.rows}\n${chosen.where}`,
    shown: { unit: 'locale', decimals: 0, thresholds: plain },
  }),
  stat({
    title: 'Last row',
    description: 'How long ago the newest row of the window arrived.',
    place: at(8, 0, 4, 4),
    sql: `${chosen.with}SELECT if(count() = 0, NULL, ${secondsSince(`max(${ARRIVED})`)}) AS age
FROM ${chosen.rows}\n${chosen.where}`,
    shown: { unit: 's', thresholds: silenceThresholds, noValue: 'no row' },
  }),
  stat({
    title: 'Dead letters in window',
    description:
      'Messages that arrived in the window and were rejected; Pipeline health shows why. They have no event time.',
    place: at(12, 0, 4, 4),
    sql: `SELECT if(\${clock:singlequote} = 'event', NULL, count()) AS dead_letters
FROM ${deadLetters.name}
WHERE $__timeFilter_ms(${ARRIVED}) AND stream = '${sensorData.name}'`,
    shown: { unit: 'locale', decimals: 0, thresholds: noneIsGood, noValue: 'only by arrival' },
  }),
  timeSeries({
    title: 'Events per second',
    description: 'Rows per second by device. Zero where no event arrived.',
    place: at(16, 0, 8, 8),
    sql: perSecond(chosen, device),
    interval: RATE_INTERVAL,
    shown: { unit: 'eps', min: 0, ...byDevice },
  }),
  stat({
    title: 'Motion',
    description: 'Readings of the window with motion, by device.',
    place: at(0, 4, 8, 4),
    sql: `${chosen.with}SELECT ${device}, countIf(${'motion' satisfies SensorColumn} = 1) AS motion
FROM ${chosen.rows}
${chosen.where}
GROUP BY ${device}
ORDER BY ${device}`,
    perRow: true,
    shown: { unit: 'locale', decimals: 0, thresholds: [[null, 'green'], [1, 'orange']] },
  }),
  gauge({
    title: 'CO',
    description:
      'Carbon monoxide in the newest row of each device, in the ppm of the data set. Red is where the alert fires.',
    place: at(8, 4, 8, 4),
    sql: latest(chosen, ['co' satisfies SensorColumn]),
    shown: { unit: 'ppm', decimals: 4, min: 0, max: 0.01, thresholds: coThresholds },
  }),
]; // prettier-ignore

function mean(
  title: string,
  name: SensorColumn,
  unit: Unit,
  place: Place,
  limits?: Thresholds,
): ReturnType<typeof timeSeries> {
  return timeSeries({
    title,
    description: `Mean ${title.toLowerCase()} of the readings of each interval, by device.`,
    place,
    sql: overTime(chosen, `avg(${name}) AS ${name}`),
    interval: INTERVAL,
    shown: {
      ...{ unit, decimals: unit === 'ppm' ? 4 : 1, ...byDevice },
      ...(limits === undefined ? {} : { limits }),
    },
  });
}

const series = [
  mean('Temperature', 'temp', 'celsius', at(0, 8, 12, 8)),
  mean('Humidity', 'humidity', 'percent', at(12, 8, 12, 8)),
  mean('Carbon monoxide', 'co', 'ppm', at(0, 16, 8, 7), coThresholds),
  mean('Smoke', 'smoke', 'ppm', at(8, 16, 8, 7)),
  mean('LPG', 'lpg', 'ppm', at(16, 16, 8, 7)),
  stateTimeline({
    title: 'Light',
    description: 'Whether any reading of the interval saw light, by device.',
    place: at(0, 23, 12, 6),
    sql: overTime(chosen, `max(${'light' satisfies SensorColumn}) AS light`),
    interval: INTERVAL,
    shown: { mappings: lightWords, thresholds: plain, ...byDevice },
  }),
  stateTimeline({
    title: 'Motion over time',
    description: 'Whether any reading of the interval saw motion, by device.',
    place: at(12, 23, 12, 6),
    sql: overTime(chosen, `max(${'motion' satisfies SensorColumn}) AS motion`),
    interval: INTERVAL,
    shown: { mappings: motionWords, thresholds: plain, ...byDevice },
  }),
  table({
    title: 'Latest readings',
    description: 'The newest row of each device, with where it was in Kafka.',
    place: at(0, 29, 24, 5),
    sql: latest(chosen, [
      ...['ts' satisfies SensorColumn, ...measured],
      ...[ARRIVED, 'kafka_partition', OFFSET],
    ]),
    shown: { noValue: NOTHING },
    columns: [...sensorColumns, ...arrivalColumns, ...coordinateColumns],
  }),
  repeated(
    timeSeries({
      title: `Temperature and humidity of $${device}`,
      description: 'Both of one device, each with its own axis.',
      place: at(0, 34, 24, 8),
      sql: overTime(
        byClock(sensorData, 'repeated'),
        `avg(${'temp' satisfies SensorColumn}) AS temp, avg(${'humidity' satisfies SensorColumn}) AS humidity`,
      ),
      interval: INTERVAL,
      shown: { displayName: '${__field.name}', noValue: NOTHING },
      columns: [
        { name: 'temp', displayName: 'Temperature', unit: 'celsius', decimals: 1 },
        ...[
          { name: 'humidity', displayName: 'Humidity', unit: 'percent', decimals: 1 } as const,
        ].map((column) => ({ ...column, axis: 'right' as const })),
      ],
    }),
    device,
  ),
];

export const sensorOverview = dashboard({
  uid: 'sensor-overview',
  title: 'Sensor overview',
  description:
    'Readings of the sensor boards. The window is one of arrival, or of the time of the events.',
  tags: ['sensorhouse', 'sensors'],
  from: 'now-15m',
  links: [...windows('sensor-overview'), ...siblings('sensor-overview')],
  variables: [
    deviceVariable(sensorData, 'Device'),
    clockVariable,
    ...eventRangeVariables(sensorData),
  ],
  panels: [...figures, ...series],
});
