// The alerts that notify a person: a silent device, too much carbon monoxide, many failed detectors, a
// consumer that falls behind, rejected messages, no rows at all. By arrival, since replayed events are years
// old.
import { streams } from '../streams/index.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { deadLetters, tableOf } from '../streams/table.ts';
import { alertRule, type AlertRule } from './alert-rule.ts';
import { currentStatusAndEvents } from './current-status-and-events.ts';
import { LAG_ALARM_SEC, pipelineHealth } from './pipeline-health.ts';
import { CO_ALARM, type SensorColumn } from './sensor-columns.ts';
import { sensorOverview } from './sensor-overview.ts';
import { OFFLINE_AFTER_SEC } from './status.ts';
import { trafficOverview } from './traffic-overview.ts';
import { failingShare } from './traffic-queries.ts';
import { ARRIVED } from './window.ts';

const IN_WINDOW = `$__timeFilter_ms(${ARRIVED})`;
const sensors = tableOf(sensorData).name;
const device = sensorData.key;
const RECENT_SEC = 300;
const DAY_SEC = 86_400;
/** Of the committed reports it is never more than a tenth. */
const FAILING_SHARE = 0.2;

/** One row per stream in every case, also when there is nothing. */
function perStream(select: (table: string, stream: string, eventTime: string) => string): string {
  return streams
    .map((stream) => select(tableOf(stream).name, stream.name, stream.eventTime))
    .join('\nUNION ALL\n');
}

// Per partition, because one that stands still hides behind others that do not. A record that nobody gave a
// time has the time of its event: an old one says nothing about lag.
const lag = perStream(
  (
    table,
    stream,
    eventTime,
  ) => `SELECT '${stream}' AS stream, max(if(latest > ${LAG_ALARM_SEC} AND latest > before * 1.05, latest, 0)) AS seconds
FROM (
  SELECT kafka_partition,
    avgIf(age, ${ARRIVED} > $__toTime_ms - INTERVAL 60 SECOND) AS latest,
    avgIf(age, ${ARRIVED} <= $__toTime_ms - INTERVAL 180 SECOND) AS before
  FROM (
    SELECT kafka_partition, ${ARRIVED}, dateDiff('millisecond', kafka_timestamp, ${ARRIVED}) / 1000 AS age
    FROM ${table}
    WHERE ${IN_WINDOW} AND kafka_source != '' AND (kafka_timestamp != ${eventTime} OR age < 3600)
  )
  GROUP BY kafka_partition
)`,
);

// A stream that never had a row is not used here; but where none ever had one, something is missing.
const arriving = `${perStream(
  (table, stream) => `SELECT '${stream}' AS stream, count() AS row_count
FROM ${table}
WHERE ${IN_WINDOW}
HAVING (SELECT count() FROM ${table}) > 0`,
)}
UNION ALL
SELECT 'any stream' AS stream, toUInt64(0) AS row_count
WHERE ${streams.map((stream) => `(SELECT count() FROM ${tableOf(stream).name})`).join(' + ')} = 0`;

export const alertRules: readonly AlertRule[] = [
  alertRule({
    uid: 'device-silent',
    title: 'Device silent',
    severity: 'warning',
    fires: ['gt', OFFLINE_AFTER_SEC],
    for: '30s',
    windowSec: DAY_SEC,
    sql: `SELECT ${device}, dateDiff('second', max(${ARRIVED}), $__toTime_ms) AS seconds
FROM ${sensors}
WHERE ${IN_WINDOW}
GROUP BY ${device}
ORDER BY ${device}`,
    noData: 'OK',
    failed: 'KeepLast',
    summary: `No reading of {{ .Labels.${device} }} arrived for {{ with index .Values "B" }}{{ humanizeDuration .Value }}{{ end }}`,
    description:
      'The device, its network or its producer is down, or its replay has ended. Is this the only silent device? If all are silent, look at Pipeline health.',
    panel: { dashboard: currentStatusAndEvents, title: 'Device status' },
  }),
  alertRule({
    uid: 'co-above-threshold',
    title: 'CO above threshold',
    severity: 'critical',
    fires: ['gt', CO_ALARM],
    for: '0s',
    windowSec: RECENT_SEC,
    sql: `SELECT ${device}, max(${'co' satisfies SensorColumn}) AS co
FROM ${sensors}
WHERE ${IN_WINDOW}
GROUP BY ${device}
ORDER BY ${device}`,
    noData: 'OK',
    failed: 'KeepLast',
    summary: `Carbon monoxide at {{ .Labels.${device} }} reached {{ with index .Values "B" }}{{ .Value }}{{ end }} (limit ${CO_ALARM})`,
    description:
      'The highest reading of the last five minutes of arrival. A replay raises it too: compare the event time in Recent events.',
    panel: { dashboard: sensorOverview, title: 'Carbon monoxide' },
  }),
  alertRule({
    uid: 'detectors-failing',
    title: 'Detectors failing',
    severity: 'warning',
    fires: ['gt', FAILING_SHARE],
    for: '5m',
    windowSec: DAY_SEC,
    sql: failingShare,
    noData: 'OK',
    failed: 'KeepLast',
    summary:
      '{{ with index .Values "B" }}{{ humanizePercentage .Value }}{{ end }} of the traffic detectors heard from in a day do not work',
    description:
      'By their newest reports, removed detectors left out. Sensor health lists them: do they share a signal, a type, a moment?',
    panel: { dashboard: trafficOverview, title: 'Sensor health' },
  }),
  alertRule({
    uid: 'consumer-lag-growing',
    title: 'Consumer lag growing',
    severity: 'warning',
    fires: ['gt', LAG_ALARM_SEC],
    for: '2m',
    windowSec: RECENT_SEC,
    sql: lag,
    noData: 'OK',
    failed: 'KeepLast',
    summary:
      'Records of {{ .Labels.stream }} land {{ with index .Values "B" }}{{ humanizeDuration .Value }}{{ end }} after they were sent, with a growing delay',
    description:
      'The consumer is slower than the producers. npm run doctor names what holds it back; more consumers: docker compose --profile scale up -d --scale consumer-replica=2. Clocks that differ look like lag too.',
    panel: { dashboard: pipelineHealth, title: 'Lag by partition' },
  }),
  alertRule({
    uid: 'dead-letters-arriving',
    title: 'Dead letters arriving',
    severity: 'warning',
    fires: ['gt', 0],
    for: '0s',
    windowSec: RECENT_SEC,
    // Without the table's name `stream` would be the text before AS, and equal to itself.
    sql: perStream(
      (_, stream) => `SELECT '${stream}' AS stream, count() AS messages
FROM ${deadLetters.name}
WHERE ${IN_WINDOW} AND ${deadLetters.name}.stream = '${stream}'`,
    ),
    noData: 'OK',
    failed: 'KeepLast',
    summary:
      '{{ with index .Values "B" }}{{ .Value }}{{ end }} messages of {{ .Labels.stream }} were rejected in five minutes',
    description:
      'They are kept with their bytes and a reason. Find out who sends them, then: npm run dead-letters -- --redrive.',
    panel: { dashboard: pipelineHealth, title: 'Dead letters by reason' },
  }),
  alertRule({
    uid: 'no-ingestion',
    title: 'No ingestion',
    severity: 'critical',
    fires: ['lt', 1],
    for: '1m',
    windowSec: RECENT_SEC,
    sql: arriving,
    noData: 'Alerting',
    failed: 'Alerting',
    summary: 'No row of {{ .Labels.stream }} arrived in ClickHouse for five minutes',
    description:
      'Are producers running (a replay ends after ROW_LIMIT rows), is the consumer (docker logs consumer), Kafka, ClickHouse? npm run doctor asks them all.',
    panel: { dashboard: pipelineHealth, title: 'Last row' },
  }),
];
