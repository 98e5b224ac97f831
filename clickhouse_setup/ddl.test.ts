import { describe, expect, it } from 'vitest';
import { streams } from '../streams/index.ts';
import { sensorData } from '../streams/sensor-data.ts';
import { consumerPositions, tableOf, viewsOf, type Table } from '../streams/table.ts';
import { createTable, createView, settingsOf } from './ddl.ts';
import { isCurrent, schemaSql, tablesOf } from './generate.ts';

const plain: Table = {
  name: 'plain',
  columns: [
    { name: 'a', type: 'UInt8' },
    { name: 'longer', type: 'String', default: "'x'", codec: 'ZSTD(1)' },
  ],
  orderBy: ['a'],
  projections: [],
  comment: "it's plain",
};

describe('createTable', () => {
  it('renders columns as a grid, and every clause once', () => {
    expect(createTable(plain)).toBe(
      [
        'CREATE TABLE IF NOT EXISTS plain',
        '(',
        '    a      UInt8,',
        "    longer String DEFAULT 'x' CODEC(ZSTD(1))",
        ')',
        'ENGINE = MergeTree',
        'ORDER BY (a)',
        'SETTINGS',
        '    fsync_after_insert = 1,',
        '    fsync_part_directory = 1',
        "COMMENT 'it\\'s plain'",
      ].join('\n'),
    );
  });

  it('partitions the table of a stream by ingestion and nothing else', () => {
    const sql = createTable(tableOf(sensorData));
    expect(sql).toContain('\nPARTITION BY toYYYYMM(ingest_time)\nORDER BY (device_id, ts)\n');
    expect(sql).toMatch(/PROJECTION positions \(SELECT kafka_source, [^\n]*\)\n\)/);
  });

  it('leaves positions writable when the disk is too full for data', () => {
    const limit = 'min_free_disk_bytes_to_perform_insert';
    expect(settingsOf(tableOf(sensorData))).toHaveProperty(limit);
    expect(settingsOf(consumerPositions)).not.toHaveProperty(limit);
  });
});

describe('createView', () => {
  it('gives the view no rights of its own, and its comment', () => {
    expect(createView({ name: 'v', select: 'SELECT 1 AS one', comment: "it's one" })).toBe(
      "CREATE OR REPLACE VIEW v\nSQL SECURITY INVOKER\nAS SELECT 1 AS one\nCOMMENT 'it\\'s one'",
    );
  });
});

describe('the committed schema', () => {
  it('equals the declarations of the streams', async () => {
    expect(await isCurrent()).toBe(true);
    expect(await isCurrent('/nowhere/at/all.sql')).toBe(false);
  });

  it('has every table, then every view, unqualified, each ended by a semicolon', () => {
    const created = [
      ...schemaSql().matchAll(/^CREATE (?:TABLE IF NOT EXISTS|OR REPLACE VIEW) (\w+)$/gm),
    ];
    const declared = [...tablesOf(streams), ...viewsOf(streams)];
    expect(created.map(([, name]) => name)).toEqual(declared.map(({ name }) => name));
    expect(schemaSql().match(/;$/gm)).toHaveLength(created.length);
  });
});
