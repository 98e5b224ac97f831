// The dashboard "Current status table": every device of the last day on one page, the silent ones
// first, each with its newest values. Fit for a screen on a wall.
import { sensorData } from '../streams/sensor-data.ts';
import { dashboard } from './dashboard.ts';
import { at, stat, table } from './panel.ts';
import { arrivalColumns, measured, sensorColumns, type SensorColumn } from './sensor-columns.ts';
import { siblings } from './dashboard-links.ts';
import {
  deviceStatus,
  LATE_AFTER_SEC,
  OFFLINE_AFTER_SEC,
  statusColumns,
  statusCountColumns,
  statusCounts,
} from './status.ts';
import { arrivals, deviceVariable } from './window.ts';

const chosen = arrivals(sensorData, 'chosen');
const meaning = `Late: no reading for ${LATE_AFTER_SEC} s. Offline: no reading for ${OFFLINE_AFTER_SEC / 60} minutes. A replay that has ended leaves its devices offline.`;

export const currentStatusTable = dashboard({
  uid: 'current-status-table',
  title: 'Current status table',
  description: `Every device that sent something in the window (a day), with its newest values. ${meaning}`,
  tags: ['sensorhouse', 'sensors'],
  from: 'now-24h',
  links: siblings('current-status-table'),
  variables: [deviceVariable(sensorData, 'Device')],
  panels: [
    stat({
      title: 'Devices by status',
      description: meaning,
      place: at(0, 0, 24, 4),
      sql: statusCounts(chosen),
      shown: { unit: 'locale', decimals: 0 },
      columns: statusCountColumns,
    }),
    table({
      title: 'Devices',
      description: `The newest row of each device, the silent ones first. ${meaning}`,
      place: at(0, 4, 24, 18),
      sql: deviceStatus(chosen, ['ts' satisfies SensorColumn, ...measured]),
      shown: { noValue: 'No device sent anything in this window' },
      columns: [...statusColumns, ...arrivalColumns, ...sensorColumns],
    }),
  ],
});
