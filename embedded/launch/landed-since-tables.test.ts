// What landed since a run began, of tables on the real engine.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sensorData } from '../../streams/sensor-data.ts';
import { openTables, type Tables } from '../../test/backend/tables.ts';
import { LandedSince } from './landed-since.ts';

let tables: Tables;
beforeAll(async () => {
  tables = await openTables();
  for (const statement of [
    `INSERT INTO sensor_data (kafka_source, kafka_partition, kafka_offset) SELECT 't@1', 0, number FROM numbers(10)`,
    `INSERT INTO dead_letters (stream, kafka_source, kafka_partition, kafka_offset) VALUES ('sensor_data', 't@1', 0, 12)`,
    `INSERT INTO consumer_positions (stream_table, kafka_source, reason) VALUES ('sensor_data', 't@1', 'claim'), ('sensor_data', 't@2', 'claim'), ('sensor_data', 'tt@3', 'claim')`,
  ])
    await tables.clickhouse.command(statement);
}, 60_000);
afterAll(() => tables[Symbol.asyncDispose]());

it('leaves out rows that landed after the log was asked, and counts those that landed before', async () => {
  const landed = new LandedSince(tables.clickhouse, sensorData, 't@1');
  const positions = await landed.positions();
  expect(positions).toEqual(new Map([[0, 10]]));
  const upTo = (end: number) => landed.standings(new Map([[0, 2]]), new Map([[0, { end }]]), positions);
  expect(await upTo(9)).toMatchObject([{ begin: 2, rows: 7, offsets: 7, dead: 0, beyond: 1 }]);
  expect(await upTo(12)).toMatchObject([{ rows: 8, dead: 0, beyond: 0 }]);
  expect(await upTo(Number.MAX_SAFE_INTEGER)).toMatchObject([{ rows: 8, dead: 1, beyond: 0 }]);
  expect((await landed.sourcesOf('t')).toSorted()).toEqual(['t@1', 't@2']);
}); // prettier-ignore
