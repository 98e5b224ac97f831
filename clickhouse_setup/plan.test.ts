import { describe, expect, it } from 'vitest';
import type { FoundColumn, FoundTable } from '../platform/clickhouse/schema.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { tableOf } from '../streams/table.ts';
import { oneLine, settingsOf } from './ddl.ts';
import { nextSteps, type TableState } from './plan.ts';

const declared = tableOf(sensorData);
const NOW = '2026-11-21 10:00:00.000';
const CONSTANT = `toDateTime64('${NOW}', 3, 'UTC')`;

/** The table as the server would describe it after `npm run setup`. */
const current: FoundTable = {
  name: declared.name,
  engine: 'MergeTree',
  engineFull: `MergeTree PARTITION BY toYYYYMM(ingest_time) ORDER BY (device_id, ts) SETTINGS ${Object.entries(
    settingsOf(declared),
  )
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')}`,
  partitionKey: 'toYYYYMM(ingest_time)',
  sortingKey: 'device_id, ts',
  comment: declared.comment,
  columns: declared.columns.map((column) => ({
    name: column.name,
    type: column.type,
    defaultKind: column.default === undefined ? '' : 'DEFAULT',
    defaultExpression: column.default ?? '',
    codec: (column.codec ?? '').replace('Delta', 'Delta(8)'),
  })),
  projections: declared.projections.map(({ name, select }) => ({ name, query: oneLine(select) })),
};

function state(
  found: Partial<FoundTable>,
  { columns = [], projections = [] }: { columns?: string[]; projections?: string[] } = {},
): TableState {
  const absent = { absentColumns: new Set(columns), absentProjections: new Set(projections) };
  return { found: { ...current, ...found }, ...absent };
}

function withColumn(name: string, change: Partial<FoundColumn> | undefined): FoundColumn[] {
  return current.columns.flatMap((column) => {
    if (column.name !== name) return [column];
    return change === undefined ? [] : [{ ...column, ...change }];
  });
}

const plan = (at: TableState): string[] => nextSteps(at, declared, NOW);

describe('nextSteps', () => {
  it('has none for a table that is as declared', () => {
    expect(plan(state({}))).toEqual([]);
  });

  it('adds ingest_time as a constant, stores it, and only then makes the clock its default', () => {
    const missing = state({ columns: withColumn('ingest_time', undefined) });
    expect(plan(missing)).toEqual([
      `ALTER TABLE sensor_data ADD COLUMN IF NOT EXISTS ingest_time DateTime64(3, 'UTC') DEFAULT ${CONSTANT} CODEC(Delta, ZSTD(1))`,
    ]);
    const columns = withColumn('ingest_time', { defaultExpression: CONSTANT });
    expect(plan(state({ columns }, { columns: ['ingest_time'] }))).toEqual([
      'ALTER TABLE sensor_data MATERIALIZE COLUMN ingest_time',
    ]);
    expect(plan(state({ columns }))).toEqual([
      'ALTER TABLE sensor_data MODIFY COLUMN ingest_time DEFAULT now64(3)',
    ]);
  });

  it('stops a clock that is read anew at every read before it stores anything', () => {
    expect(plan(state({}, { columns: ['ingest_time'] }))).toEqual([
      `ALTER TABLE sensor_data MODIFY COLUMN ingest_time DEFAULT ${CONSTANT}`,
    ]);
  });

  it('does not rewrite parts for columns whose absence already reads as nothing', () => {
    expect(plan(state({}, { columns: ['kafka_source', 'kafka_offset'] }))).toEqual([]);
  });

  it('sets the zone of an instant unless a key computes with it', () => {
    const columns = withColumn('ts', { type: 'DateTime64(3)' });
    const zone = "ALTER TABLE sensor_data MODIFY COLUMN ts DateTime64(3, 'UTC')";
    expect(plan(state({ columns }))).toEqual([zone]);
    const engineFull = current.engineFull.replace('(device_id, ts)', '(toDate(ts), device_id)');
    expect(plan(state({ columns, engineFull }))).toEqual([]);
  });

  it('leaves text without a dictionary as it is', () => {
    const columns = withColumn('device_id', { type: 'String' });
    expect(plan(state({ columns }))).toEqual([]);
  });

  it('replaces codecs, settings, comment and projections that differ, and nothing else', () => {
    const found = {
      columns: withColumn('co', { codec: '' }),
      comment: '',
      engineFull: current.engineFull.replace('fsync_after_insert = 1', 'fsync_after_insert = 0'),
      projections: [{ name: 'positions', query: 'SELECT 1' }],
    };
    expect(plan(state(found))).toEqual([
      'ALTER TABLE sensor_data MODIFY COLUMN co CODEC(ZSTD(1))',
      'ALTER TABLE sensor_data DROP PROJECTION IF EXISTS positions',
      `ALTER TABLE sensor_data ADD PROJECTION IF NOT EXISTS positions (${oneLine(declared.projections[0]!.select)})`,
      'ALTER TABLE sensor_data MODIFY SETTING fsync_after_insert = 1',
      `ALTER TABLE sensor_data MODIFY COMMENT '${declared.comment}'`,
    ]);
  });

  it('materializes a projection last', () => {
    expect(plan(state({}, { projections: ['positions'] }))).toEqual([
      'ALTER TABLE sensor_data MATERIALIZE PROJECTION positions',
    ]);
  });
});
