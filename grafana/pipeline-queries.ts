// Queries about the pipeline itself, over all streams at once, from the landed rows and ClickHouse's own
// tables: rates, inserts, delays, positions, parts, dead letters.
import { streams } from '../streams/index.ts';
import type { Stream } from '../streams/stream.ts';
import {
  consumerPositions,
  deadLetterRedrives,
  deadLetters,
  ingestTime,
  madeByReplay,
  tableOf,
} from '../streams/table.ts';
import { perSecond } from './readings.ts';
import { firstArrival, NOW, sinceFirst } from './window.ts';

const ARRIVED = ingestTime.name;

/** The streams chosen above the panels; `stream` is a column of every query here. */
const CHOSEN = '$__conditionalAll(stream IN (${stream:singlequote}), $stream)';
const IN_WINDOW = `$__timeFilter_ms(${ARRIVED})`;

function ofAll(branch: (stream: Stream) => string): string {
  return streams.map(branch).join('\n  UNION ALL\n  ');
}

/** Rows of all streams under common names. The condition stands in each branch, so parts are pruned. */
function landed(condition: string): string {
  return `(
  ${ofAll(
    (stream) =>
      `SELECT '${stream.name}' AS stream, ${ARRIVED}, kafka_source, kafka_partition, kafka_timestamp, ${stream.eventTime} AS event_time FROM ${tableOf(stream).name} WHERE ${condition}`,
  )}
)`;
}

/** Rows whose record is known; older ones have no Kafka time. */
const KNOWN = "kafka_source != ''";
/** How long a record waited from the producer until it was inserted, in milliseconds. */
const AGE = `dateDiff('millisecond', kafka_timestamp, ${ARRIVED})`;
/**
 * A record that nobody gave a time has the time of its event, which does not say how long it waited: an old
 * one is left out. A recent one looks like a record whose sender stamps it with its event's time.
 */
const TIMED = `(kafka_timestamp != event_time OR ${AGE} < 3600000)`;
/** A replay sends events that happened long before their record was made. */
const LIVE = `(abs(dateDiff('second', event_time, kafka_timestamp)) < 3600 AND ${TIMED})`;
const BUCKET = `greatest($__timeInterval_ms(${ARRIVED}), $__fromTime_ms) AS time`;

/** All streams, for the variable that chooses among them. */
export const streamNames = `SELECT arrayJoin([${streams.map(({ name }) => `'${name}'`).join(', ')}]) AS stream`;

const tableNames = streams.map((stream) => tableOf(stream).name);
const times = { moment: ARRIVED, since: sinceFirst(tableNames), until: NOW };

export const rowsPerSecond = perSecond(
  { ...times, with: '', rows: landed(IN_WINDOW), where: `WHERE ${CHOSEN}` },
  'stream',
);

export const rowsPerSecondNow = `WITH ${firstArrival(tableNames)} AS first
SELECT countIf(${ARRIVED} > first) / least(60, greatest(1, dateDiff('millisecond', first, now64(3)) / 1000)) AS rows
FROM ${landed(`${ARRIVED} > now64(3) - INTERVAL 60 SECOND`)}
WHERE ${CHOSEN}`;

export const lastRow = `SELECT if(count() = 0, NULL, greatest(0, dateDiff('millisecond', max(${ARRIVED}), now64(3)) / 1000)) AS age
FROM ${landed(`${ARRIVED} > now64(3) - INTERVAL 1 DAY`)}
WHERE ${CHOSEN}`;

export const ageNow = `SELECT if(count() = 0, NULL, quantile(0.99)(${AGE}) / 1000) AS age
FROM ${landed(`${ARRIVED} > now64(3) - INTERVAL 60 SECOND AND ${KNOWN}`)}
WHERE ${CHOSEN} AND ${TIMED}`;

/** One insert has one `ingest_time`, so the rows that share it are its size. */
const inserts = `(
  SELECT stream, ${ARRIVED}, count() AS size FROM ${landed(IN_WINDOW)}
  WHERE ${CHOSEN}
  GROUP BY stream, ${ARRIVED}
)`;

export const insertSizes = `SELECT ${BUCKET}, avg(size) AS mean, max(size) AS largest
FROM ${inserts}
GROUP BY time
ORDER BY time`;

export const insertsPerSecond = perSecond(
  { ...times, with: '', rows: inserts, where: '' },
  'stream',
  'inserts',
);

/** Half and 99 % of the records of each interval waited less, in seconds. */
export const kafkaDelay = `SELECT ${BUCKET}, quantile(0.5)(${AGE}) / 1000 AS p50, quantile(0.99)(${AGE}) / 1000 AS p99
FROM ${landed(`${IN_WINDOW} AND ${KNOWN}`)}
WHERE ${CHOSEN} AND ${TIMED}
GROUP BY time
ORDER BY time`;

const EVENT_AGE = `dateDiff('millisecond', event_time, ${ARRIVED}) / 1000`;

export const liveDelay = `SELECT ${BUCKET}, quantile(0.5)(${EVENT_AGE}) AS p50, quantile(0.99)(${EVENT_AGE}) AS p99
FROM ${landed(`${IN_WINDOW} AND ${KNOWN}`)}
WHERE ${CHOSEN} AND ${LIVE}
GROUP BY time
ORDER BY time`;

export const replayedShare = `SELECT if(count() = 0, NULL, countIf(NOT (${LIVE})) / count()) AS replayed
FROM ${landed(`${IN_WINDOW} AND ${KNOWN}`)}
WHERE ${CHOSEN}`;

/** The lag in seconds: how old the newest-landed records of each partition already were. */
export const lagByPartition = `SELECT ${BUCKET}, concat(stream, ' ', toString(kafka_partition)) AS partition, max(${AGE}) / 1000 AS seconds
FROM ${landed(`${IN_WINDOW} AND ${KNOWN}`)}
WHERE ${CHOSEN} AND ${TIMED}
GROUP BY time, partition
ORDER BY time, partition`;

// Facts belong to the table and not to its name: a replay puts another table behind it. Without the end
// of line that the pattern demands, since a dollar sign begins a variable here.
const REPLAY = madeByReplay.pattern.replace(/\$$/, '').replaceAll('\\', '\\\\');
const factsKey = (table: string): string =>
  `(SELECT if(id = '', '${table}', concat('replay_', id)) FROM (SELECT extract(comment, '${REPLAY}') AS id FROM system.tables WHERE database = currentDatabase() AND name = '${table}'))`;

// Every branch has all columns, so that one GROUP BY puts them together; claims are made with reason
// "claim", everything else is a floor below which all has landed.
const facts = ofAll(({ name, ...stream }) => {
  const table = tableOf({ name, ...stream }).name;
  const by = 'GROUP BY kafka_source, kafka_partition';
  return `SELECT '${name}' AS stream, kafka_source, kafka_partition, max(kafka_offset) + 1 AS position, count() AS row_count, '' AS owner, toDateTime64(0, 3, 'UTC') AS claimed_at FROM ${table} WHERE ${KNOWN} ${by}
  UNION ALL
  SELECT '${name}', kafka_source, kafka_partition, maxIf(kafka_offset, reason != 'claim'), 0, argMaxIf(owner, (epoch, owner), reason = 'claim'), maxIf(written_at, reason = 'claim') FROM ${consumerPositions.name} WHERE stream_table = ${factsKey(table)} ${by}`;
});

/** Where each partition stands and whose it is, the partitions of topics that are gone included. */
export const partitions = `SELECT stream, kafka_partition, max(position) AS next_offset, sum(row_count) AS row_count, max(owner) AS owned_by, nullIf(max(claimed_at), toDateTime64(0, 3, 'UTC')) AS claimed, kafka_source
FROM (
  ${facts}
)
WHERE ${CHOSEN}
GROUP BY stream, kafka_source, kafka_partition
ORDER BY claimed DESC NULLS LAST, stream, kafka_partition`;

/** Takeovers, gaps and whatever else the consumer wrote down; not its routine checkpoints. */
export const ledger = `SELECT written_at, stream_table, kafka_partition, reason, kafka_offset, detail, owner
FROM ${consumerPositions.name}
WHERE $__timeFilter_ms(written_at) AND reason NOT IN ('checkpoint', 'dead-letters')
ORDER BY written_at DESC, kafka_partition
LIMIT 50`;

const OURS = 'active AND database = currentDatabase()';
const streamTables = tableNames.map((name) => `'${name}'`).join(', ');

export const bytesPerRow = `SELECT if(sum(rows) = 0, NULL, sum(bytes_on_disk) / sum(rows)) AS bytes
FROM system.parts WHERE ${OURS} AND table IN (${streamTables})`;

export const activeParts = `SELECT count() AS parts FROM system.parts WHERE ${OURS}`;

export const tables = `SELECT table, sum(rows) AS row_count, count() AS parts, uniqExact(partition) AS partitions, sum(bytes_on_disk) AS disk_bytes,
  if(row_count = 0, NULL, disk_bytes / row_count) AS bytes_per_row, if(sum(data_compressed_bytes) = 0, NULL, sum(data_uncompressed_bytes) / sum(data_compressed_bytes)) AS ratio, max(modification_time) AS newest_part
FROM system.parts WHERE ${OURS}
GROUP BY table
ORDER BY disk_bytes DESC, table`;

export const freeDisk = 'SELECT min(free_space) AS bytes FROM system.disks';

/** ClickHouse counts since it started; a history needs its logs or Prometheus. */
export const meanInsert = `SELECT if(sumIf(value, event = 'InsertQuery') = 0, NULL, sumIf(value, event = 'InsertQueryTimeMicroseconds') / sumIf(value, event = 'InsertQuery') / 1e6) AS seconds
FROM system.events`;

const DEAD = `${deadLetters.name}
WHERE ${IN_WINDOW} AND ${CHOSEN}`;

export const deadCount = `SELECT count() AS dead_letters FROM ${DEAD}`;

export const deadOverTime = `SELECT ${BUCKET}, reason, count() AS messages
FROM ${DEAD}
GROUP BY time, reason
ORDER BY time, reason`;

/** Bytes for people: cut, valid text, on one line. */
const readable = (bytes: string): string =>
  `left(replaceRegexpAll(toValidUTF8(${bytes}), '[[:cntrl:]]', ' '), 300)`;

/** By reason, over all time, with the newest example, and how many were sent again already. */
export const deadByReason = `SELECT stream, reason, field, count() AS messages, countIf(again) AS sent_again, max(${ARRIVED}) AS last_seen, ${readable(`argMax(value, ${ARRIVED})`)} AS example
FROM (
  SELECT stream, reason, field, value, ${ARRIVED},
    (stream, kafka_source, kafka_partition, kafka_offset) IN (
      SELECT stream, kafka_source, kafka_partition, kafka_offset FROM ${deadLetterRedrives.name} WHERE state = 'published'
    ) AS again
  FROM ${deadLetters.name}
  WHERE ${CHOSEN}
)
GROUP BY stream, reason, field
ORDER BY messages DESC, stream, reason, field`;

export const deadNewest = `SELECT ${ARRIVED}, stream, reason, field, detail, kafka_partition, kafka_offset, ${readable('key')} AS record_key, ${readable('value')} AS record_value
FROM ${DEAD}
ORDER BY ${ARRIVED} DESC, kafka_offset DESC
LIMIT 50`;
