// The setup on tables as older installations left them: nothing is lost or changed, the lineage
// columns are stored, a killed run is continued, and what cannot be upgraded is refused untouched.
import { describe, expect, it } from 'vitest';
import { tablesOf } from '../../clickhouse_setup/generate.ts';
import { upgradeTable } from '../../clickhouse_setup/upgrade.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { checkSchema } from '../../platform/clickhouse/schema.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import { ConfigError, UnavailableError } from '../../platform/errors.ts';
import { silentLog } from '../../platform/log.ts';
import { streams } from '../../streams/index.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { tableOf, viewsOf } from '../../streams/table.ts';
import { trafficProjections } from '../../streams/traffic-metrics.ts';
import { describeBackend } from '../backend/context.ts';
import { contents, definition, fillOld, installation, oldTables } from './setup-installation.ts';

const never = new AbortController().signal;
const tables = tablesOf(streams);

const POSITIONS = `SELECT kafka_source, kafka_partition, toInt64(max(kafka_offset)) AS last,
    toInt32(count()) AS rows FROM sensor_data GROUP BY kafka_source, kafka_partition
  ORDER BY kafka_source SETTINGS force_optimize_projection = 1`;

async function storedParts(clickhouse: ClickHouse, database: string): Promise<unknown> {
  return clickhouse.rows(
    `SELECT toInt32(countIf(NOT has(columns, 'ingest_time'))) AS unstored, toInt32(count()) > 0 AS some
     FROM (SELECT groupArray(column) AS columns FROM system.parts_columns
           WHERE database = {database:String} AND table = 'sensor_data' AND active GROUP BY name)`,
    { database },
  );
}

describeBackend('the setup on an older table', () => {
  for (const [name, statement] of Object.entries(oldTables)) {
    it(`upgrades it in place: ${name}`, async () => {
      await using it = await installation();
      const { clickhouse, database } = it;
      await clickhouse.command(statement);
      await fillOld(clickhouse);
      const before = await contents(clickhouse);

      await it.setUp();
      const upgraded = await definition(clickhouse);
      expect(await contents(clickhouse)).toBe(before);
      await expect(checkSchema(clickhouse, database, tables)).resolves.toBeUndefined();
      expect(await storedParts(clickhouse, database)).toEqual([{ unstored: 0, some: 1 }]);
      // Where the zone takes part in a key it stays as it is.
      expect(upgraded).toMatch(
        /`ingest_time` DateTime64\(3(, 'UTC')?\) DEFAULT now64\(3\) CODEC\(Delta\(8\), ZSTD\(1\)\)/,
      );
      expect(upgraded).toContain("lightweight_mutation_projection_mode = 'rebuild'");

      await it.setUp();
      expect(await definition(clickhouse)).toBe(upgraded);
      expect(await contents(clickhouse)).toBe(before);

      await clickhouse.command(
        `INSERT INTO sensor_data (device_id, ts, kafka_source, kafka_partition, kafka_offset)
         VALUES ('new', now64(3), 'topic@id', 2, 41)`,
      );
      expect(await clickhouse.rows(POSITIONS)).toEqual([
        { kafka_source: '', kafka_partition: 0, last: 0, rows: 1500 },
        { kafka_source: 'topic@id', kafka_partition: 2, last: 41, rows: 1 },
      ]);
      await clickhouse.command("DELETE FROM sensor_data WHERE device_id = 'new'");
      expect(await contents(clickhouse)).toBe(before);
    });
  }

  it('gives rows without ingest_time one moment that stays', async () => {
    await using it = await installation();
    const { clickhouse } = it;
    await clickhouse.command(oldTables['no lineage at all, no zone, no codecs']!);
    await fillOld(clickhouse);
    // What an earlier hand-made upgrade left: a default that is computed at every read.
    await clickhouse.command(
      "ALTER TABLE sensor_data ADD COLUMN ingest_time DateTime64(3, 'UTC') DEFAULT now64(3)",
    );
    const moments = 'SELECT DISTINCT toString(ingest_time) AS moment FROM sensor_data';
    const moving = await clickhouse.rows(moments);
    expect(await clickhouse.rows(moments)).not.toEqual(moving);

    await it.setUp();
    const stored = await clickhouse.rows(moments);
    expect(stored).toHaveLength(1);
    await it.setUp();
    expect(await clickhouse.rows(moments)).toEqual(stored);
  });

  it('keeps the ingest_time of rows that have one', async () => {
    await using it = await installation();
    const { clickhouse } = it;
    await clickhouse.command(oldTables['no lineage at all, no zone, no codecs']!);
    await fillOld(clickhouse);
    await clickhouse.command(
      "ALTER TABLE sensor_data ADD COLUMN ingest_time DateTime64(3, 'UTC') DEFAULT now64(3)",
    );
    await clickhouse.command(
      `INSERT INTO sensor_data (device_id, ts, ingest_time)
       VALUES ('kept', now64(3), '2021-02-03 04:05:06.789')`,
    );
    await it.setUp();
    const kept = `SELECT toString(ingest_time) AS moment FROM sensor_data WHERE device_id = 'kept'`;
    expect(await clickhouse.rows(kept)).toEqual([{ moment: '2021-02-03 04:05:06.789' }]);
  });

  it('computes the projections of the metrics for rows that are there, and makes the views', async () => {
    await using it = await installation();
    const { clickhouse } = it;
    await it.setUp();
    for (const { name } of viewsOf(streams)) await clickhouse.command(`DROP VIEW ${name}`);
    for (const { name } of trafficProjections) {
      await clickhouse.command(`ALTER TABLE traffic_events DROP PROJECTION ${name}`);
    }
    await clickhouse.command(
      `INSERT INTO traffic_events (detector_id, ts, kafka_source)
       SELECT 'D' || toString(number % 3), toDateTime64('2026-11-21 08:00:00', 3, 'UTC') + number, 't@x'
       FROM numbers(90)`,
    );
    await it.setUp();
    const rows = await clickhouse.rows(
      `SELECT detector_id, toString(hour) AS hour, toInt32(events) AS events FROM traffic_hourly
       ORDER BY detector_id SETTINGS force_optimize_projection = 1`,
    );
    const hour = '2026-11-21 08:00:00';
    expect(rows).toEqual(['D0', 'D1', 'D2'].map((detector_id) => ({ detector_id, hour, events: 30 }))); // prettier-ignore
  });

  it('is continued by the next run wherever it was killed', async () => {
    await using it = await installation();
    const { clickhouse, config, database } = it;
    const declared = tableOf(sensorData);
    await clickhouse.command(oldTables['no lineage at all, no zone, no codecs']!);
    await fillOld(clickhouse, 2);
    const before = await contents(clickhouse);
    await using dying = new Dying(clickhouseTarget(config), 'test');
    const runs: (string[] | 'killed')[] = [];
    // Every run dies after one statement, so every state between two of them is passed through.
    do {
      dying.commandsLeft = 1;
      const run = upgradeTable(dying, database, declared, silentLog(), never);
      runs.push(await run.catch(() => 'killed' as const));
      expect(await contents(clickhouse)).toBe(before);
    } while (runs.at(-1) === 'killed');
    expect(runs.length).toBeGreaterThan(8);
    expect(await upgradeTable(clickhouse, database, declared, silentLog(), never)).toEqual([]);
    expect(await storedParts(clickhouse, database)).toEqual([{ unstored: 0, some: 1 }]);
    const moments = 'SELECT DISTINCT ingest_time FROM sensor_data';
    expect(await clickhouse.rows(moments)).toHaveLength(1);
  });

  const refused = {
    'column co is Float32, expected Float64': oldTables['coordinates but no projection']!.replace(
      'co Float64',
      'co Float32',
    ),
    "column ts is DateTime, expected DateTime64(3, 'UTC')": oldTables[
      'coordinates but no projection'
    ]!.replace("ts DateTime64(3, 'UTC')", 'ts DateTime'),
    'partitioned by toYYYYMM(ts)': oldTables['coordinates but no projection']!.replace(
      'ENGINE = MergeTree',
      'ENGINE = MergeTree PARTITION BY toYYYYMM(ts)',
    ),
    'engine is ReplacingMergeTree, expected MergeTree': oldTables[
      'ingest_time, no coordinates'
    ]!.replace('MergeTree', 'ReplacingMergeTree'),
    'column ingest_time is MATERIALIZED': oldTables['coordinates but no projection']!.replace(
      'DEFAULT now64(3)',
      'MATERIALIZED now64(3)',
    ),
  };
  describe('refuses, and leaves as it is', () => {
    for (const [reason, statement] of Object.entries(refused)) {
      it(reason, async () => {
        await using it = await installation();
        const { clickhouse, database } = it;
        await clickhouse.command(statement);
        const before = await definition(clickhouse);
        const failure = await it.setUp().catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(ConfigError);
        expect((failure as ConfigError).message).toContain(`${database}.sensor_data: `);
        expect((failure as ConfigError).message).toContain(reason);
        expect(await definition(clickhouse)).toBe(before);
        await expect(checkSchema(clickhouse, database, tables)).rejects.toThrow(reason);
      });
    }
  });
});

/** A connection of a setup that is killed before its n-th command. */
class Dying extends ClickHouse {
  commandsLeft = 0;

  override async command(sql: string): Promise<void> {
    if (this.commandsLeft === 0) throw new UnavailableError('killed');
    this.commandsLeft -= 1;
    await super.command(sql);
  }
}
