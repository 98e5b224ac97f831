// An installation of its own for each test of the setup: a database and a topic nobody else uses on
// the shared servers, and tables as older installations made them.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { setUp } from '../../clickhouse_setup/setup.ts';
import { setupVariables, type SetupConfig } from '../../clickhouse_setup/variables.ts';
import { ClickHouse } from '../../platform/clickhouse/client.ts';
import { clickhouseTarget } from '../../platform/clickhouse/variables.ts';
import { readConfig } from '../../platform/config.ts';
import { silentLog } from '../../platform/log.ts';
import { randomTopic } from '../backend/context.ts';

export interface Installation extends AsyncDisposable {
  readonly database: string;
  readonly topic: string;
  readonly config: SetupConfig;
  readonly clickhouse: ClickHouse;
  /** Runs the whole setup. */
  setUp(): Promise<void>;
}

/** A new installation; `create: false` leaves even its database to the setup. */
export async function installation({ create = true } = {}): Promise<Installation> {
  const database = `setup_${randomBytes(6).toString('hex')}`;
  const topic = randomTopic('setup');
  const config = readConfig(setupVariables, {
    CLICKHOUSE_URL: inject('clickhouseUrl'),
    CLICKHOUSE_DB: database,
    KAFKA_BROKER: inject('kafkaBootstrap'),
    KAFKA_TOPIC: topic,
    SETUP_TIMEOUT_SEC: '30',
  });
  const target = clickhouseTarget(config);
  const outside = new ClickHouse({ ...target, database: 'default' }, 'test');
  const clickhouse = new ClickHouse(target, 'test');
  if (create) await outside.command(`CREATE DATABASE ${database}`);
  return {
    database,
    topic,
    config,
    clickhouse,
    setUp: () => setUp(config, silentLog()),
    [Symbol.asyncDispose]: async () => {
      await outside.command(`DROP DATABASE IF EXISTS ${database}`);
      await clickhouse[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
    },
  };
}

const MEASURED = `co Float64, humidity Float64, light UInt8, lpg Float64, motion UInt8, smoke Float64,
  temp Float64`;

/** Tables as older installations created them, by what is particular about each. */
export const oldTables: Record<string, string> = {
  'no lineage at all, no zone, no codecs': `CREATE TABLE sensor_data
    (device_id String, ts DateTime64(3), ${MEASURED})
    ENGINE = MergeTree ORDER BY (device_id, ts)`,
  'ingest_time, no coordinates': `CREATE TABLE sensor_data
    (device_id LowCardinality(String), ts DateTime64(3, 'UTC') CODEC(DoubleDelta, LZ4), ${MEASURED},
     ingest_time DateTime64(3) DEFAULT now64(3))
    ENGINE = MergeTree PARTITION BY toYYYYMM(ingest_time) ORDER BY (device_id, ts)`,
  'another sorting key, extra columns, a TTL': `CREATE TABLE sensor_data
    (ts DateTime64(3), device_id String, note String DEFAULT 'x', ${MEASURED},
     ingest_time DateTime64(3, 'UTC') DEFAULT now())
    ENGINE = MergeTree ORDER BY (toDate(ts), ts) TTL toDateTime(ingest_time) + INTERVAL 10 YEAR`,
  'coordinates but no projection': `CREATE TABLE sensor_data
    (device_id LowCardinality(String), ts DateTime64(3, 'UTC'), ${MEASURED},
     ingest_time DateTime64(3, 'UTC') DEFAULT now64(3), kafka_source LowCardinality(String),
     kafka_partition UInt16, kafka_offset UInt64, kafka_timestamp DateTime64(3, 'UTC'))
    ENGINE = MergeTree ORDER BY (device_id, ts)`,
  'another projection under the same name': `CREATE TABLE sensor_data
    (device_id LowCardinality(String), ts DateTime64(3, 'UTC'), ${MEASURED},
     ingest_time DateTime64(3, 'UTC') DEFAULT now64(3), kafka_source LowCardinality(String),
     kafka_partition UInt16, kafka_offset UInt64,
     PROJECTION positions (SELECT kafka_partition, max(kafka_offset) GROUP BY kafka_partition))
    ENGINE = MergeTree ORDER BY (device_id, ts)`,
};

/** Fills a table with rows in several parts, as an old consumer's batches did. */
export async function fillOld(clickhouse: ClickHouse, parts = 3): Promise<void> {
  for (let part = 0; part < parts; part += 1) {
    await clickhouse.command(
      `INSERT INTO sensor_data (device_id, ts, co, humidity, light, lpg, motion, smoke, temp)
       SELECT 'device-' || toString(number % 3),
         toDateTime64('2020-07-12 00:01:34.385', 3, 'UTC') + number + ${part} * 500,
         number / 7, 51.5, number % 2, number / 11, 0, number / 13, 22.7 FROM numbers(500)`,
    );
  }
}

/** Order-independent fingerprint of everything an old row says, and the number of rows. */
export async function contents(clickhouse: ClickHouse): Promise<string> {
  const [row] = await clickhouse.rows<{ fingerprint: string }>(
    `SELECT concat(toString(count()), ' rows ', toString(sum(cityHash64(device_id,
       toUnixTimestamp64Milli(ts), co, humidity, light, lpg, motion, smoke, temp)))) AS fingerprint
     FROM sensor_data`,
  );
  return row!.fingerprint;
}

/** The table as the server would create it. */
export async function definition(clickhouse: ClickHouse, table = 'sensor_data'): Promise<string> {
  const [row] = await clickhouse.rows<{ statement: string }>(`SHOW CREATE TABLE ${table}`);
  return row!.statement;
}
