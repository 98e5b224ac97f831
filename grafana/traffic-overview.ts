// The dashboard "Traffic overview": the reports of the detectors in the window, their daily peaks, averages
// and availability over the newest days, and the state of each detector.
import { deadLetters } from '../streams/table.ts';
import { trafficEvents } from '../streams/traffic.ts';
import { dashboard, queryVariable } from './dashboard.ts';
import { siblings, windows } from './dashboard-links.ts';
import { noneIsGood, plain, words, type Column, type Thresholds } from './field.ts';
import { at, barChart, row, stat, table, timeSeries } from './panel.ts';
import { perMinute } from './readings.ts';
import { secondsSince, silenceThresholds } from './status.ts';
import * as queries from './traffic-queries.ts';
import { ARRIVED, clockVariable, eventRangeVariables } from './window.ts';

const { DAYS, events } = queries;
const NOTHING = 'No rows in this window: choose "What arrives now" or "Replayed range" above';
const NO_DAYS = 'No event has arrived yet';
const meaning = `The ${DAYS} newest days that have events, in any window, without a day far from the others on which few detectors sent events. Days and hours are UTC, by event time, of all detectors.`;

/** An hour of 24 a day is 4 %. */
const availabilityThresholds: Thresholds = [
  [null, 'orange'],
  [4, 'text'],
  [90, 'green'],
];

const instant = { unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 170 } as const;
const columns: readonly Column[] = [
  { name: 'detector_id', displayName: 'Detector', width: 100 },
  { name: 'detector_status', displayName: 'Status', width: 220 },
  {
    ...{ name: 'is_operational', displayName: 'Works', width: 70, coloured: true },
    ...{ mappings: words({ 0: ['no', 'red'], 1: ['yes', 'green'] }), thresholds: plain },
  },
  {
    ...{ name: 'availability', displayName: 'Availability', unit: 'percent', decimals: 1 },
    ...{ width: 105, thresholds: availabilityThresholds, coloured: true },
  },
  { name: 'last_event', displayName: 'Newest event', ...instant },
  { name: 'last_seen', displayName: 'Last seen', ...instant },
  { name: 'detector_type', displayName: 'Type', width: 90 },
  { name: 'signal_id', displayName: 'Signal', width: 80 },
  { name: 'events', displayName: 'Events', unit: 'locale', decimals: 0, width: 85 },
];

const figures = [
  stat({
    title: 'Events in window',
    description: 'Events of the window that became rows.',
    place: at(0, 0, 6, 4),
    sql: queries.eventCount,
    shown: { unit: 'locale', decimals: 0, thresholds: plain },
  }),
  stat({
    title: 'Last event',
    description: 'How long ago the newest event of the window arrived.',
    place: at(6, 0, 6, 4),
    sql: `${events.with}SELECT if(count() = 0, NULL, ${secondsSince(`max(${ARRIVED})`)}) AS age
FROM ${events.rows}\n${events.where}`,
    shown: { unit: 's', thresholds: silenceThresholds, noValue: 'no event' },
  }),
  stat({
    title: 'Detectors',
    description: 'Detectors by their newest event, in any window: those whose status begins with OK, and the others.',
    place: at(12, 0, 6, 4),
    sql: queries.detectorCounts,
    shown: { unit: 'locale', decimals: 0 },
    columns: [
      { name: 'operational', displayName: 'work', color: 'green' },
      { name: 'not_operational', displayName: 'do not', thresholds: [[null, 'text'], [1, 'orange']] },
    ],
  }),
  stat({
    title: 'Dead letters in window',
    description:
      'Events that arrived in the window and were rejected; Pipeline health shows why. They have no event time.',
    place: at(18, 0, 6, 4),
    sql: `SELECT if(\${clock:singlequote} = 'event', NULL, count()) AS dead_letters
FROM ${deadLetters.name}
WHERE $__timeFilter_ms(${ARRIVED}) AND stream = '${trafficEvents.name}'`,
    shown: { unit: 'locale', decimals: 0, thresholds: noneIsGood, noValue: 'only by arrival' },
  }),
]; // prettier-ignore

const live = [
  timeSeries({
    title: 'Events per minute',
    description:
      'By type of detector, in intervals of a minute at least; the running one by its time so far. Zero where no event arrived.',
    place: at(0, 4, 16, 8),
    sql: perMinute(events, 'detector_type' satisfies queries.TrafficColumn),
    interval: '60s',
    shown: {
      ...{ unit: 'short', min: 0, noValue: NOTHING },
      displayName: '${__field.labels.detector_type}',
    },
  }),
  barChart({
    title: 'Events by status',
    description: 'Events of the window by the status that they report.',
    place: at(16, 4, 8, 8),
    sql: queries.byStatus,
    x: 'detector_status' satisfies queries.TrafficColumn,
    shown: { unit: 'locale', decimals: 0, min: 0, noValue: NOTHING },
    columns: [{ name: 'events', displayName: 'Events' }],
  }),
];

const days = [
  row(`The ${DAYS} newest days`, 12),
  barChart({
    title: 'Daily peak',
    description: `The hour of each day with the most events, and how many they were. ${meaning}`,
    place: at(0, 13, 8, 11),
    sql: queries.dailyPeak,
    x: 'peak',
    shown: { unit: 'locale', decimals: 0, min: 0, noValue: NO_DAYS },
    columns: [{ name: 'peak_events', displayName: 'Events in the hour' }],
  }),
  barChart({
    title: 'Daily average',
    description: `Mean hourly count of each day: its events by the hours that have any, so a day that is not over is not too low. ${meaning}`,
    place: at(8, 13, 8, 11),
    sql: queries.dailyAverage,
    x: 'of_day',
    shown: { unit: 'short', decimals: 1, min: 0, noValue: NO_DAYS },
    columns: [{ name: 'mean_hourly_events', displayName: 'Events per hour' }],
  }),
  barChart({
    title: 'Daily availability',
    description: `Mean over the detectors that sent an event on one of the days: the percentage of the day's hours with events in which the detector sent one. ${meaning}`,
    place: at(16, 13, 8, 11),
    sql: queries.dailyAvailability,
    x: 'of_day',
    shown: { unit: 'percent', decimals: 1, min: 0, noValue: NO_DAYS },
    columns: [{ name: 'availability', displayName: 'Availability' }],
  }),
];

const detectors = [
  row('Detectors', 24),
  table({
    title: 'Sensor health',
    description: `Every chosen detector by its newest event, failed detectors first. Availability: the percentage of the hours with events (of any detector) of the ${DAYS} newest days in which this detector sent one. Last seen: when its last event arrived.`,
    place: at(0, 25, 24, 12),
    sql: queries.health,
    shown: { noValue: 'No detector has sent anything yet' },
    columns,
  }),
];

export const trafficOverview = dashboard({
  uid: 'traffic-overview',
  title: 'Traffic overview',
  description:
    'Reports of the traffic detectors: events, daily peaks and averages, and the state of each detector. The window is one of arrival, or of the time of the events.',
  tags: ['sensorhouse', 'traffic'],
  from: 'now-1h',
  links: [...windows('traffic-overview', '1h'), ...siblings('traffic-overview')],
  variables: [
    queryVariable('detector_type', 'Type', queries.detectorTypes),
    queryVariable('detector_status', 'Status', queries.detectorStatuses),
    queryVariable('detector_id', 'Detector', queries.detectorNames),
    clockVariable,
    ...eventRangeVariables(trafficEvents),
  ],
  panels: [...figures, ...live, ...days, ...detectors],
});
