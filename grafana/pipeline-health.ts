// The dashboard "Pipeline health": the rate and delay of rows, the position of each partition, the cost on
// disk, and rejected messages. Every figure comes from ClickHouse itself.
import { dashboard, queryVariable } from './dashboard.ts';
import { noneIsGood, plain, type Column } from './field.ts';
import { at, row, stat, table, timeSeries } from './panel.ts';
import * as queries from './pipeline-queries.ts';
import { siblings } from './dashboard-links.ts';
import { silenceThresholds } from './status.ts';

const INTERVAL = '10s';
const NOTHING = 'Nothing arrived in this window';
const MIB = 1_048_576;

/** A record that lands a minute late is one the consumer could not keep up with. */
export const LAG_WARN_SEC = 10;
export const LAG_ALARM_SEC = 60;
const lagThresholds = [
  [null, 'green'],
  [LAG_WARN_SEC, 'orange'],
  [LAG_ALARM_SEC, 'red'],
] as const;

const instant = { unit: 'time:YYYY-MM-DD HH:mm:ss.SSS', width: 175 } as const;
const count = { unit: 'locale', decimals: 0 } as const;
const columns: readonly Column[] = [
  { name: 'stream', displayName: 'Stream', width: 120 },
  { name: 'stream_table', displayName: 'Table', width: 120 },
  { name: 'table', displayName: 'Table', width: 200 },
  { name: 'reason', displayName: 'Reason', width: 150 },
  { name: 'field', displayName: 'Field', width: 120 },
  { name: 'detail', displayName: 'Detail' },
  { name: 'messages', displayName: 'Messages', width: 100, ...count },
  { name: 'sent_again', displayName: 'Sent again', width: 100, ...count },
  { name: 'example', displayName: 'Newest example' },
  { name: 'record_key', displayName: 'Key', width: 150 },
  { name: 'record_value', displayName: 'Value' },
  { name: 'kafka_source', displayName: 'Topic and its id' },
  { name: 'kafka_partition', displayName: 'Partition', width: 90 },
  { name: 'kafka_offset', displayName: 'Offset', width: 110, ...count },
  { name: 'next_offset', displayName: 'Next offset', width: 120, ...count },
  { name: 'owner', displayName: 'Consumer' },
  { name: 'owned_by', displayName: 'Consumer' },
  { name: 'claimed', displayName: 'Taken over', ...instant },
  { name: 'written_at', displayName: 'When', ...instant },
  { name: 'last_seen', displayName: 'Last one', ...instant },
  { name: 'ingest_time', displayName: 'Arrived', ...instant },
  { name: 'newest_part', displayName: 'Newest part', ...instant },
  { name: 'row_count', displayName: 'Rows', width: 130, ...count },
  { name: 'parts', displayName: 'Parts', width: 80, ...count },
  { name: 'partitions', displayName: 'Partitions', width: 100, ...count },
  { name: 'disk_bytes', displayName: 'On disk', unit: 'bytes', decimals: 1 },
  { name: 'bytes_per_row', displayName: 'Bytes per row', unit: 'none', decimals: 1 },
  { name: 'ratio', displayName: 'Compression', unit: 'none', decimals: 1 },
];

const figures = [
  stat({
    title: 'Rows per second',
    description: 'Mean of the last minute, or since the first row when that is younger.',
    place: at(0, 0, 4, 4),
    sql: queries.rowsPerSecondNow,
    shown: { unit: 'rowsps', decimals: 1, thresholds: plain },
  }),
  stat({
    title: 'Last row',
    description: 'How long ago the newest row arrived, of the last day.',
    place: at(4, 0, 4, 4),
    sql: queries.lastRow,
    shown: { unit: 's', thresholds: silenceThresholds, noValue: 'none in a day' },
  }),
  stat({
    title: 'Lag',
    description:
      'How old records were when they were inserted: 99 % of the last minute were younger. This is the lag in seconds; ' +
      'the lag in records needs Kafka (profile metrics, or npm run doctor).',
    place: at(8, 0, 4, 4),
    sql: queries.ageNow,
    shown: { unit: 's', thresholds: lagThresholds, noValue: 'no rows' },
  }),
  stat({
    title: 'Dead letters in window',
    description: 'Messages that were rejected in the window.',
    place: at(12, 0, 4, 4),
    sql: queries.deadCount,
    shown: { ...count, thresholds: noneIsGood },
  }),
  stat({
    title: 'Bytes per row',
    description: 'Bytes on disk per row, compressed and with the Kafka coordinates, over the tables of the streams.',
    place: at(16, 0, 4, 4),
    sql: queries.bytesPerRow,
    shown: { unit: 'none', decimals: 1, thresholds: plain, noValue: 'no rows' },
  }),
  stat({
    title: 'Disk free',
    description: 'ClickHouse refuses inserts below 256 MiB.',
    place: at(20, 0, 4, 4),
    sql: queries.freeDisk,
    shown: {
      ...{ unit: 'bytes', decimals: 1 },
      thresholds: [[null, 'red'], [1_024 * MIB, 'orange'], [10_240 * MIB, 'green']],
    },
  }),
]; // prettier-ignore

const ingestion = [
  row('Ingestion', 4),
  timeSeries({
    title: 'Rows per second over time',
    description: 'By stream. Zero where no event arrived.',
    place: at(0, 5, 12, 8),
    sql: queries.rowsPerSecond,
    interval: INTERVAL,
    shown: { unit: 'rowsps', min: 0, displayName: '${__field.labels.stream}', noValue: NOTHING },
  }),
  timeSeries({
    title: 'Rows per insert',
    description:
      'One insert is one part. Tiny ones cost merges; the consumer batches by count and time.',
    place: at(12, 5, 6, 8),
    sql: queries.insertSizes,
    interval: INTERVAL,
    shown: { unit: 'short', min: 0, displayName: '${__field.name}', noValue: NOTHING },
  }),
  timeSeries({
    title: 'Inserts per second',
    description:
      'By stream. ClickHouse likes few of them; ten a second for one consumer is the limit here.',
    place: at(18, 5, 6, 8),
    sql: queries.insertsPerSecond,
    interval: INTERVAL,
    shown: { unit: 'ops', min: 0, displayName: '${__field.labels.stream}', noValue: NOTHING },
  }),
];

const delay = [
  row('Delay and lag', 13),
  timeSeries({
    title: 'Record sent to inserted',
    description: 'From the time of the Kafka record to its insert, for every row, replayed or not.',
    place: at(0, 14, 8, 8),
    sql: queries.kafkaDelay,
    interval: INTERVAL,
    shown: { unit: 's', min: 0, displayName: '${__field.name}', noValue: NOTHING },
  }),
  timeSeries({
    title: 'Event to inserted, live events only',
    description:
      'From the time of the event to its insert. Events whose time is more than an hour from the time of their record are replayed and left out, because their age says nothing about the pipeline.',
    place: at(8, 14, 6, 8),
    sql: queries.liveDelay,
    interval: INTERVAL,
    shown: {
      ...{ unit: 's', min: 0, displayName: '${__field.name}' },
      noValue: 'No live events in this window; replayed ones are not counted here',
    },
  }),
  stat({
    title: 'Replayed',
    description:
      'Share of the rows of the window whose event time is more than an hour from the time of the record.',
    place: at(14, 14, 3, 4),
    sql: queries.replayedShare,
    shown: { unit: 'percentunit', decimals: 0, thresholds: plain, noValue: 'no rows' },
  }),
  stat({
    title: 'Mean insert',
    description:
      'Mean duration of all inserts since ClickHouse started, as it counts them itself. A history by batch: profile metrics.',
    place: at(14, 18, 3, 4),
    sql: queries.meanInsert,
    shown: { unit: 's', thresholds: plain, noValue: 'none yet' },
  }),
  timeSeries({
    title: 'Lag by partition',
    description:
      'How old the records of each partition were when they were inserted, at most. Rising: the consumer falls behind.',
    place: at(17, 14, 7, 8),
    sql: queries.lagByPartition,
    interval: INTERVAL,
    shown: {
      ...{ unit: 's', min: 0, limits: lagThresholds, noValue: NOTHING },
      displayName: '${__field.labels.partition}',
    },
  }),
  table({
    title: 'Partitions',
    description:
      'The position of each partition and the consumer that owns it. Deleted topics are listed too.',
    place: at(0, 22, 24, 7),
    sql: queries.partitions,
    shown: { noValue: 'No consumer has taken a partition yet' },
    columns,
  }),
  table({
    title: 'Takeovers and gaps',
    description:
      'Entries of the consumer in the window: claims of partitions, gaps, upgrades. Many claims mean that the group rebalances again and again.',
    place: at(0, 29, 24, 7),
    sql: queries.ledger,
    shown: { noValue: 'None in this window' },
    columns,
  }),
];

const storage = [
  row('Storage', 36),
  stat({
    title: 'Active parts',
    description: 'Of all our tables. Hundreds mean that inserts are too small or merges too slow.',
    place: at(0, 37, 4, 5),
    sql: queries.activeParts,
    shown: { ...count, thresholds: [[null, 'green'], [300, 'orange'], [1_000, 'red']] },
  }),
  table({
    title: 'Tables',
    description: 'Rows, parts and bytes on disk of each table.',
    place: at(4, 37, 20, 5),
    sql: queries.tables,
    shown: { noValue: 'All tables are empty' },
    columns,
  }),
]; // prettier-ignore

const rejected = [
  row('Dead letters', 42),
  timeSeries({
    title: 'Dead letters over time',
    description: 'Rejected messages of each interval, by reason, stacked.',
    place: at(0, 43, 9, 7),
    sql: queries.deadOverTime,
    interval: INTERVAL,
    bars: true,
    stacked: true,
    shown: {
      ...{ ...count, min: 0, displayName: '${__field.labels.reason}' },
      noValue: 'None in this window',
    },
  }),
  table({
    title: 'Dead letters by reason',
    description:
      'All rows of dead_letters of the chosen streams, in any window, with the newest example. npm run dead-letters sends them again.',
    place: at(9, 43, 15, 7),
    sql: queries.deadByReason,
    shown: { noValue: 'dead_letters has no row of the chosen streams' },
    columns,
  }),
  table({
    title: 'Newest dead letters',
    description: 'The 50 newest of the window, with the bytes that were rejected (cut, as text).',
    place: at(0, 50, 24, 7),
    sql: queries.deadNewest,
    shown: { noValue: 'None in this window' },
    columns,
  }),
];

export const pipelineHealth = dashboard({
  uid: 'pipeline-health',
  title: 'Pipeline health',
  description: 'Rate, delay and cost of rows, and rejected messages. By arrival.',
  tags: ['sensorhouse', 'pipeline'],
  from: 'now-1h',
  links: siblings('pipeline-health'),
  variables: [queryVariable('stream', 'Stream', queries.streamNames)],
  panels: [...figures, ...ingestion, ...delay, ...storage, ...rejected],
});
