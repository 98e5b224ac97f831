// The table of a stream in ClickHouse: every column with its type and codec, the Kafka coordinates that make
// the table its own state, and the fixed tables beside it. Pure data; clickhouse_setup renders it.
import type { Field } from './field.ts';
import type { Projection, Stream, View } from './stream.ts';

export interface TableColumn {
  readonly name: string;
  /** The type in the table. */
  readonly type: string;
  readonly codec?: string;
  readonly default?: string;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly orderBy: readonly string[];
  readonly projections: readonly Projection[];
  /** What the table is for, shown in `SHOW CREATE` and the committed SQL. */
  readonly comment: string;
}

export const INSTANT_TYPE = "DateTime64(3, 'UTC')";

/** When the row was inserted: one value per batch, so a batch is one part. */
export const ingestTime: TableColumn = {
  name: 'ingest_time',
  type: INSTANT_TYPE,
  default: 'now64(3)',
  codec: 'Delta, ZSTD(1)',
};

/**
 * Where a row came from. `kafka_source` is topic and topic id (`sensor_data@<uuid>`): a topic that
 * was deleted and created again is another source. `''` marks rows older than these columns.
 */
export const coordinates: readonly TableColumn[] = [
  { name: 'kafka_source', type: 'LowCardinality(String)' },
  { name: 'kafka_partition', type: 'UInt16', codec: 'ZSTD(1)' },
  { name: 'kafka_offset', type: 'UInt64', codec: 'Delta, T64, ZSTD(1)' },
  { name: 'kafka_timestamp', type: INSTANT_TYPE, codec: 'Delta, T64, ZSTD(1)' },
];

const positions = {
  name: 'positions',
  select: `SELECT kafka_source, kafka_partition, max(kafka_offset), min(kafka_offset), count()
    GROUP BY kafka_source, kafka_partition`,
};

/** The record that a row was made from, where a processor made it; source '' where none did. */
export const originColumns: readonly TableColumn[] = [
  { name: 'origin_source', type: 'LowCardinality(String)' },
  { name: 'origin_partition', type: 'UInt16', codec: 'ZSTD(1)' },
  { name: 'origin_offset', type: 'UInt64', codec: 'Delta, T64, ZSTD(1)' },
];

/** How far each origin partition came, in each partition it went to: what tells a duplicate. */
const origins = {
  name: 'origins',
  select: `SELECT kafka_source, kafka_partition, origin_source, origin_partition, max(origin_offset)
    GROUP BY kafka_source, kafka_partition, origin_source, origin_partition`,
};

/**
 * The partition key of a table, '' for none. Only ever by ingestion: a batch has one ingest_time, so
 * it is one part, and late data cannot multiply parts.
 */
export function partitionKey({ columns }: Table): string {
  return columns.includes(ingestTime) ? 'toYYYYMM(ingest_time)' : '';
}

/** The table of a stream: its own columns, ingest_time, coordinates, of what it was made. */
export function tableOf(stream: Stream): Table {
  return {
    name: stream.table.name,
    columns: [
      ...stream.columns.map(({ name, field }) => ({ name, ...storage(field) })),
      ingestTime,
      ...coordinates,
      ...(stream.origin === undefined ? [] : originColumns),
    ],
    orderBy: stream.table.orderBy,
    projections: [
      positions,
      ...(stream.origin === undefined ? [] : [origins]),
      ...(stream.table.projections ?? []),
    ],
    comment: `Stream ${stream.name}: one row per accepted message`,
  };
}

/** The views over the tables of some streams. */
export function viewsOf(declared: readonly Stream[]): View[] {
  return declared.flatMap(({ table }) => table.views ?? []);
}

/** Codecs are measured: docs/decisions/0002-choose-codecs-by-measurement.md. */
function storage(field: Field): { type: string; codec?: string } {
  switch (field.kind) {
    case 'text':
      return field.repeats
        ? { type: 'LowCardinality(String)' }
        : { type: 'String', codec: field.codec ?? 'ZSTD(1)' };
    case 'float64':
      return { type: 'Float64', codec: field.codec ?? 'ZSTD(1)' };
    case 'integer':
      return { type: 'Int64', codec: field.codec ?? 'T64, ZSTD(1)' };
    case 'message':
      return { type: 'String', codec: field.codec ?? 'ZSTD(3)' };
    case 'boolean':
      return { type: 'UInt8', codec: field.codec ?? 'ZSTD(1)' };
    case 'instant':
      return { type: INSTANT_TYPE, codec: field.codec ?? 'Delta, ZSTD(1)' };
  }
}

/** Messages that are no rows, with their bytes, so that they can be looked at and sent again. */
export const deadLetters: Table = {
  name: 'dead_letters',
  columns: [
    { name: 'stream', type: 'LowCardinality(String)' },
    ...coordinates,
    { name: 'key', type: 'String', codec: 'ZSTD(1)' },
    { name: 'value', type: 'String', codec: 'ZSTD(3)' },
    { name: 'headers', type: 'String', codec: 'ZSTD(1)' },
    { name: 'reason', type: 'LowCardinality(String)' },
    { name: 'field', type: 'LowCardinality(String)' },
    { name: 'detail', type: 'String', codec: 'ZSTD(1)' },
    ingestTime,
    ...originColumns,
  ],
  orderBy: ['stream', 'kafka_source', 'kafka_partition', 'kafka_offset'],
  projections: [],
  comment: 'Rejected messages: raw bytes, where they were, and why',
};

/**
 * Facts about each partition that the stream's table cannot tell: who may write it (epoch, owner)
 * and up to which offset everything has landed though no row shows it (`reason` says why).
 */
export const consumerPositions: Table = {
  name: 'consumer_positions',
  columns: [
    { name: 'stream_table', type: 'LowCardinality(String)' },
    { name: 'kafka_source', type: 'LowCardinality(String)' },
    { name: 'kafka_partition', type: 'UInt16' },
    { name: 'kafka_offset', type: 'UInt64' },
    { name: 'reason', type: 'LowCardinality(String)' },
    { name: 'detail', type: 'String' },
    { name: 'epoch', type: 'UInt64' },
    { name: 'owner', type: 'String' },
    { name: 'written_at', type: INSTANT_TYPE, default: 'now64(3)' },
  ],
  orderBy: ['stream_table', 'kafka_source', 'kafka_partition', 'epoch'],
  projections: [],
  comment: 'Per partition: ownership claims (the fence) and floors of the position',
};

/**
 * What became of dead letters that were published again: per batch first `intent` rows, then one
 * outcome for each (`published`, `void`: surely not in Kafka, `doubt`: nobody can tell any more).
 */
export const deadLetterRedrives: Table = {
  name: 'dead_letter_redrives',
  columns: [
    { name: 'stream', type: 'LowCardinality(String)' },
    ...coordinates.filter(({ name }) => name !== 'kafka_timestamp'),
    { name: 'redrive_id', type: 'String', codec: 'ZSTD(1)' },
    { name: 'place', type: 'UInt32', codec: 'ZSTD(1)' },
    { name: 'attempt', type: 'UInt16', codec: 'ZSTD(1)' },
    { name: 'state', type: 'LowCardinality(String)' },
    { name: 'detail', type: 'String', codec: 'ZSTD(1)' },
    { name: 'target_source', type: 'LowCardinality(String)' },
    { name: 'target_partition', type: 'UInt16', codec: 'ZSTD(1)' },
    { name: 'target_offset', type: 'UInt64', codec: 'ZSTD(1)' },
    { name: 'producer_id', type: 'Int64', codec: 'ZSTD(1)' },
    { name: 'producer_epoch', type: 'Int16', codec: 'ZSTD(1)' },
    { name: 'written_at', type: INSTANT_TYPE, default: 'now64(3)' },
  ],
  orderBy: ['stream', 'kafka_source', 'kafka_partition', 'kafka_offset'],
  projections: [],
  comment: 'Dead letters that were published again: intents, where they landed, what is in doubt',
};

/** How the comment of a table tells that a replay made it, and which one (8 hexadecimal digits). */
export const madeByReplay = {
  pattern: '\\(replay ([0-9a-f]{8})\\)$',
  comment: ({ comment }: Table, id: string): string => `${comment} (replay ${id})`,
} as const;
