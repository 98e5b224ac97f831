-- Generated from streams/ by `npm run generate`: do not edit, change the declaration instead.
-- Tables are created in the connection's database: `default` when a ClickHouse image runs this file
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
    PROJECTION origins (SELECT kafka_source, kafka_partition, origin_source, origin_partition, max(origin_offset) GROUP BY kafka_source, kafka_partition, origin_source, origin_partition)
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
