// The dashboard "Current status and events": which devices are online, how many events per second each sends,
// the latest readings and changes, and silences.
import { sensorData } from '../streams/sensor-data.ts';
import { choiceVariable, dashboard } from './dashboard.ts';
import type { Column } from './field.ts';
import { at, barChart, stat, table, timeSeries } from './panel.ts';
import { changes, meanPerSecond, newestRows, perSecond, silences } from './readings.ts';
import { arrivalColumns, measured, sensorColumns, type SensorColumn } from './sensor-columns.ts';
import { siblings, windows } from './dashboard-links.ts';
import {
  deviceStatus,
  LATE_AFTER_SEC,
  OFFLINE_AFTER_SEC,
  statusColumns,
  statusCountColumns,
  statusCounts,
} from './status.ts';
import {
  ARRIVED,
  byClock,
  clockVariable,
  deviceVariable,
  eventRangeVariables,
  lastDay,
} from './window.ts';

const chosen = byClock(sensorData);
// Online is a word about now.
const now = lastDay(sensorData);
const { device } = chosen;
const NOTHING = 'No rows in this window: choose "What arrives now" or "Replayed range" above';
const meaning = `Late: no reading for ${LATE_AFTER_SEC} s. Offline: no reading for ${OFFLINE_AFTER_SEC / 60} minutes. Of the last day, in any window.`;

const instant = { unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 175 } as const;
const silenceColumns: readonly Column[] = [
  { name: 'since', displayName: 'From', ...instant },
  { name: 'until', displayName: 'To', ...instant },
  {
    ...{ name: 'seconds', displayName: 'Silent for', unit: 's', coloured: true },
    thresholds: [
      [null, 'text'],
      [LATE_AFTER_SEC, 'orange'],
      [OFFLINE_AFTER_SEC, 'red'],
    ],
  },
];

export const currentStatusAndEvents = dashboard({
  uid: 'current-status-and-events',
  title: 'Current status and events',
  description:
    'Devices, events per second, the latest readings, motion, light and silences. The window is one of arrival, or of the time of the events.',
  tags: ['sensorhouse', 'sensors'],
  from: 'now-15m',
  links: [...windows('current-status-and-events'), ...siblings('current-status-and-events')],
  variables: [
    deviceVariable(sensorData, 'Device'),
    clockVariable,
    choiceVariable('silence', 'Silences over', [
      ['10', '10 s'],
      ['30', '30 s'],
      ['60', '1 min'],
      ['300', '5 min'],
    ]),
    ...eventRangeVariables(sensorData),
  ],
  panels: [
    stat({
      title: 'Devices by status',
      description: meaning,
      place: at(0, 0, 6, 6),
      sql: statusCounts(now),
      shown: { unit: 'locale', decimals: 0 },
      columns: statusCountColumns,
    }),
    table({
      title: 'Device status',
      description: `The silent ones first. ${meaning}`,
      place: at(6, 0, 18, 6),
      sql: deviceStatus(now, ['ts' satisfies SensorColumn, 'temp', 'humidity', 'co']),
      shown: { noValue: 'No device sent anything in the last day' },
      columns: [...statusColumns, ...arrivalColumns, ...sensorColumns],
    }),
    barChart({
      title: 'Events per second by device',
      description: 'Mean of the window, or since the first row when that is younger.',
      place: at(0, 6, 8, 8),
      sql: meanPerSecond(chosen),
      x: device,
      shown: { unit: 'eps', decimals: 2, min: 0, noValue: NOTHING },
      columns: [{ name: 'rows', displayName: 'Events per second' }],
    }),
    timeSeries({
      title: 'Events per second over time',
      description: 'By device. Zero where no event arrived.',
      place: at(8, 6, 16, 8),
      sql: perSecond(chosen, device),
      interval: '10s',
      shown: { unit: 'eps', min: 0, displayName: `\${__field.labels.${device}}`, noValue: NOTHING },
    }),
    table({
      title: 'Recent events',
      description: 'The 100 newest readings of the window, newest first.',
      place: at(0, 14, 24, 8),
      sql: newestRows(chosen, [device, 'ts' satisfies SensorColumn, ...measured, ARRIVED], 100),
      shown: { noValue: NOTHING },
      columns: [...sensorColumns, ...arrivalColumns],
    }),
    table({
      title: 'Motion and light',
      description: 'Every change from one reading of a device to its next: the 100 newest.',
      place: at(0, 22, 12, 7),
      sql: changes(
        chosen,
        [
          { column: 'motion' satisfies SensorColumn, on: 'motion', off: 'still' },
          { column: 'light' satisfies SensorColumn, on: 'light', off: 'dark' },
        ],
        100,
      ),
      shown: { noValue: 'No change of motion or light in this window' },
      columns: [...sensorColumns, { name: 'change', displayName: 'Change' }, ...arrivalColumns],
    }),
    table({
      title: 'Silences',
      description:
        'Periods without a reading of a device that are longer than chosen above, newest first. By arrival, the last one may still go on.',
      place: at(12, 22, 12, 7),
      sql: silences(chosen, 'toUInt32(${silence:singlequote})', 100),
      shown: { noValue: 'No silence of that length in this window' },
      columns: [...sensorColumns, ...silenceColumns],
    }),
  ],
});
