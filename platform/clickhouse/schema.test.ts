import { describe, expect, it } from 'vitest';
import { sensorData } from '../../streams/sensor-data.ts';
import { tableOf } from '../../streams/table.ts';
import { conflicts, lacks, sameValues, type FoundTable } from './schema.ts';

const declared = tableOf(sensorData);
const found: FoundTable = {
  name: declared.name,
  engine: 'MergeTree',
  engineFull: 'MergeTree',
  partitionKey: '',
  sortingKey: 'ts',
  comment: '',
  columns: declared.columns.map(({ name, type }) => {
    return { name, type, defaultKind: '', defaultExpression: '', codec: '' };
  }),
  projections: [{ name: 'positions', query: '' }],
};

describe('sameValues', () => {
  it('looks through zones and dictionaries', () => {
    expect(sameValues('DateTime64(3)', "DateTime64(3, 'UTC')")).toBe(true);
    expect(sameValues("DateTime64(3, 'Europe/Berlin')", "DateTime64(3, 'UTC')")).toBe(true);
    expect(sameValues('String', 'LowCardinality(String)')).toBe(true);
  });

  it.each([
    ['DateTime', "DateTime64(3, 'UTC')"],
    ["DateTime64(6, 'UTC')", "DateTime64(3, 'UTC')"],
    ['Float32', 'Float64'],
    ['Nullable(Float64)', 'Float64'],
    ['LowCardinality(Nullable(String))', 'LowCardinality(String)'],
    ['Int64', 'UInt64'],
    ['Bool', 'UInt8'],
    ['String', 'UUID'],
  ])('tells %s from %s', (one, other) => {
    expect(sameValues(one, other)).toBe(false);
  });
});

describe('conflicts', () => {
  it('accepts no partition key, and any by ingestion', () => {
    for (const partitionKey of ['', 'toYYYYMM(ingest_time)', 'toDate(ingest_time)']) {
      expect(conflicts({ ...found, partitionKey }, declared)).toEqual([]);
    }
  });

  it.each(['toYYYYMM(ts)', 'device_id', '(toYYYYMM(ingest_time), device_id)'])(
    'refuses %s, under which a batch could be several parts',
    (partitionKey) => {
      expect(conflicts({ ...found, partitionKey }, declared)).toEqual([
        expect.stringContaining(`partitioned by ${partitionKey},`),
      ]);
    },
  );

  it('names every column and what is expected of it', () => {
    const columns = found.columns.map((column) => {
      if (column.name === 'co') return { ...column, type: 'Float32' };
      return column.name === 'temp' ? { ...column, defaultKind: 'ALIAS' } : column;
    });
    expect(conflicts({ ...found, columns }, declared)).toEqual([
      'column co is Float32, expected Float64',
      'column temp is ALIAS, expected an ordinary column',
    ]);
  });
});

describe('lacks', () => {
  it('is nothing for a table that has more than is declared', () => {
    const more = {
      name: 'note',
      type: 'String',
      defaultKind: '',
      defaultExpression: '',
      codec: '',
    };
    expect(lacks({ ...found, columns: [more, ...found.columns] }, declared)).toEqual([]);
  });

  it('names each missing column and projection, or the table', () => {
    const columns = found.columns.filter(({ name }) => name !== 'kafka_offset');
    expect(lacks({ ...found, columns, projections: [] }, declared)).toEqual([
      'lacks column kafka_offset',
      'lacks projection positions',
    ]);
    expect(lacks(undefined, declared)).toEqual(['does not exist']);
  });
});
