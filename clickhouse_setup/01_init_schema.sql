-- Generated from streams/ by `npm run generate`: do not edit, change the declaration instead.
-- Tables and views are created in the connection's database: `default` when a ClickHouse image runs this file
-- at its first start; `npm run setup` uses CLICKHOUSE_DB and also upgrades tables that exist.

CREATE TABLE IF NOT EXISTS sensor_data
(
    device_id       LowCardinality(String),
    ts              DateTime64(3, 'UTC')   CODEC(Delta, ZSTD(1)),
    co              Float64                CODEC(ZSTD(1)),
    humidity        Float64                CODEC(ZSTD(1)),
    light           UInt8                  CODEC(ZSTD(1)),
    lpg             Float64                CODEC(ZSTD(1)),
    motion          UInt8                  CODEC(ZSTD(1)),
    smoke           Float64                CODEC(ZSTD(1)),
    temp            Float64                CODEC(ZSTD(1)),
    ingest_time     DateTime64(3, 'UTC')   DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    kafka_source    LowCardinality(String),
    kafka_partition UInt16                 CODEC(ZSTD(1)),
    kafka_offset    UInt64                 CODEC(Delta, T64, ZSTD(1)),
    kafka_timestamp DateTime64(3, 'UTC')   CODEC(Delta, T64, ZSTD(1)),
    PROJECTION positions (SELECT kafka_source, kafka_partition, max(kafka_offset), min(kafka_offset), count() GROUP BY kafka_source, kafka_partition)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ingest_time)
ORDER BY (device_id, ts)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    lightweight_mutation_projection_mode = 'rebuild',
    min_free_disk_bytes_to_perform_insert = 268435456
COMMENT 'Stream sensor_data: one row per accepted message';

CREATE TABLE IF NOT EXISTS traffic_events
(
    detector_id      LowCardinality(String),
    ts               DateTime64(3, 'UTC')   CODEC(Delta, ZSTD(1)),
    detector_type    LowCardinality(String),
    detector_status  LowCardinality(String),
    signal_id        LowCardinality(String),
    is_operational   UInt8                  CODEC(ZSTD(1)),
    processed_at     DateTime64(3, 'UTC')   CODEC(Delta, ZSTD(1)),
    raw              String                 CODEC(ZSTD(3)),
    ingest_time      DateTime64(3, 'UTC')   DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    kafka_source     LowCardinality(String),
    kafka_partition  UInt16                 CODEC(ZSTD(1)),
    kafka_offset     UInt64                 CODEC(Delta, T64, ZSTD(1)),
    kafka_timestamp  DateTime64(3, 'UTC')   CODEC(Delta, T64, ZSTD(1)),
    origin_source    LowCardinality(String),
    origin_partition UInt16                 CODEC(ZSTD(1)),
    origin_offset    UInt64                 CODEC(Delta, T64, ZSTD(1)),
    PROJECTION positions (SELECT kafka_source, kafka_partition, max(kafka_offset), min(kafka_offset), count() GROUP BY kafka_source, kafka_partition),
    PROJECTION origins (SELECT kafka_source, kafka_partition, origin_source, origin_partition, max(origin_offset) GROUP BY kafka_source, kafka_partition, origin_source, origin_partition),
    PROJECTION hourly (SELECT toStartOfHour(ts), detector_id, count() GROUP BY toStartOfHour(ts), detector_id),
    PROJECTION detectors (SELECT detector_id, count(), max(ts), max(ingest_time), argMax((detector_type, detector_status, signal_id, is_operational), (ts, ingest_time, kafka_offset)) GROUP BY detector_id)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ingest_time)
ORDER BY (detector_id, ts)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    lightweight_mutation_projection_mode = 'rebuild',
    min_free_disk_bytes_to_perform_insert = 268435456
COMMENT 'Stream traffic_events: one row per accepted message';

CREATE TABLE IF NOT EXISTS dead_letters
(
    stream           LowCardinality(String),
    kafka_source     LowCardinality(String),
    kafka_partition  UInt16                 CODEC(ZSTD(1)),
    kafka_offset     UInt64                 CODEC(Delta, T64, ZSTD(1)),
    kafka_timestamp  DateTime64(3, 'UTC')   CODEC(Delta, T64, ZSTD(1)),
    key              String                 CODEC(ZSTD(1)),
    value            String                 CODEC(ZSTD(3)),
    headers          String                 CODEC(ZSTD(1)),
    reason           LowCardinality(String),
    field            LowCardinality(String),
    detail           String                 CODEC(ZSTD(1)),
    ingest_time      DateTime64(3, 'UTC')   DEFAULT now64(3) CODEC(Delta, ZSTD(1)),
    origin_source    LowCardinality(String),
    origin_partition UInt16                 CODEC(ZSTD(1)),
    origin_offset    UInt64                 CODEC(Delta, T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ingest_time)
ORDER BY (stream, kafka_source, kafka_partition, kafka_offset)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_free_disk_bytes_to_perform_insert = 268435456
COMMENT 'Rejected messages: raw bytes, where they were, and why';

CREATE TABLE IF NOT EXISTS dead_letter_redrives
(
    stream           LowCardinality(String),
    kafka_source     LowCardinality(String),
    kafka_partition  UInt16                 CODEC(ZSTD(1)),
    kafka_offset     UInt64                 CODEC(Delta, T64, ZSTD(1)),
    redrive_id       String                 CODEC(ZSTD(1)),
    place            UInt32                 CODEC(ZSTD(1)),
    attempt          UInt16                 CODEC(ZSTD(1)),
    state            LowCardinality(String),
    detail           String                 CODEC(ZSTD(1)),
    target_source    LowCardinality(String),
    target_partition UInt16                 CODEC(ZSTD(1)),
    target_offset    UInt64                 CODEC(ZSTD(1)),
    producer_id      Int64                  CODEC(ZSTD(1)),
    producer_epoch   Int16                  CODEC(ZSTD(1)),
    written_at       DateTime64(3, 'UTC')   DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (stream, kafka_source, kafka_partition, kafka_offset)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'Dead letters that were published again: intents, where they landed, what is in doubt';

CREATE TABLE IF NOT EXISTS consumer_positions
(
    stream_table    LowCardinality(String),
    kafka_source    LowCardinality(String),
    kafka_partition UInt16,
    kafka_offset    UInt64,
    reason          LowCardinality(String),
    detail          String,
    epoch           UInt64,
    owner           String,
    written_at      DateTime64(3, 'UTC')   DEFAULT now64(3)
)
ENGINE = MergeTree
ORDER BY (stream_table, kafka_source, kafka_partition, epoch)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'Per partition: ownership claims (the fence) and floors of the position';

CREATE OR REPLACE VIEW traffic_hourly
SQL SECURITY INVOKER
AS SELECT detector_id, toStartOfHour(ts) AS hour, count() AS events
FROM traffic_events
GROUP BY detector_id, hour
COMMENT 'Events of each detector in each hour (UTC, by event time) that has any';

CREATE OR REPLACE VIEW traffic_daily_peak
SQL SECURITY INVOKER
AS SELECT toDate(hour) AS day,
  toHour(argMax(hour, (hour_events, -toInt64(toUnixTimestamp(hour))))) AS peak_hour,
  max(hour_events) AS peak_events
FROM (SELECT toStartOfHour(ts) AS hour, count() AS hour_events FROM traffic_events GROUP BY hour)
GROUP BY day
COMMENT 'Of each day (UTC) the hour, 0 to 23, with the most events of all detectors together; of equal ones the first';

CREATE OR REPLACE VIEW traffic_daily_average
SQL SECURITY INVOKER
AS SELECT toDate(hour) AS day, sum(hour_events) AS events, count() AS hours_with_data,
  events / hours_with_data AS mean_hourly_events
FROM (SELECT toStartOfHour(ts) AS hour, count() AS hour_events FROM traffic_events GROUP BY hour)
GROUP BY day
COMMENT 'Mean hourly count of each day (UTC): events of all detectors by the hours of the day that have any, so a day that is not over is not too low';

CREATE OR REPLACE VIEW traffic_daily_availability
SQL SECURITY INVOKER
AS SELECT toDate(hour) AS day, detector_id, count() AS hours_with_data,
  hours_with_data * 100 / 24 AS availability
FROM (SELECT detector_id, toStartOfHour(ts) AS hour FROM traffic_events GROUP BY detector_id, hour)
GROUP BY day, detector_id
COMMENT 'Percent of the 24 hours of each day (UTC) in which a detector sent anything; detectors without any event have no row';

CREATE OR REPLACE VIEW traffic_detectors
SQL SECURITY INVOKER
AS SELECT detector_id, state.1 AS detector_type, state.2 AS detector_status, state.3 AS signal_id,
  state.4 AS is_operational, events, last_event, last_seen
FROM (
  SELECT detector_id, argMax((detector_type, detector_status, signal_id, is_operational), (ts, ingest_time, kafka_offset)) AS state, count() AS events, max(ts) AS last_event, max(ingest_time) AS last_seen
  FROM traffic_events
  GROUP BY detector_id
)
COMMENT 'Each detector by its newest event (by event time), with when it happened and when anything of it arrived last';
