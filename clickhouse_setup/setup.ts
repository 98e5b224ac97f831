// Brings an installation to what the streams declare: topics created, tables created or upgraded,
// users granted. Idempotent; whatever a killed run left half done, the next one finishes.
import { ClickHouse } from '../platform/clickhouse/client.ts';
import { clickhouseTarget, type ClickHouseTarget } from '../platform/clickhouse/variables.ts';
import type { Logger } from '../platform/log.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { ensureTopics } from '../platform/kafka/topics.ts';
import { streams } from '../streams/index.ts';
import { sensorData } from '../streams/sensor-data.ts';
import type { Stream } from '../streams/stream.ts';
import { createTable } from './ddl.ts';
import { tablesOf } from './generate.ts';
import { patiently } from './patience.ts';
import type { SetupConfig } from './variables.ts';

/**
 * Sets up Kafka and ClickHouse, waiting for either for up to SETUP_TIMEOUT_SEC.
 * @throws {ConfigError} wrong credentials, missing rights, or a table that cannot be upgraded.
 * @throws {GaveUpError} when one of them stayed away.
 */
export async function setUp(
  config: SetupConfig,
  log: Logger,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const limitMs = config.SETUP_TIMEOUT_SEC * 1000;
  const wait = { limitMs, log, signal };
  const declared = streams.map((stream) => asConfigured(stream, config));
  await patiently('ClickHouse', wait, () => setUpClickHouse(config, log));
  await patiently('Kafka', wait, () => setUpKafka(config, declared, log));
}

function asConfigured(stream: Stream, { KAFKA_TOPIC: name }: SetupConfig): Stream {
  if (stream.name !== sensorData.name || name === undefined) return stream;
  return { ...stream, topic: { ...stream.topic, name } };
}

async function setUpKafka(
  config: SetupConfig,
  declared: readonly Stream[],
  log: Logger,
): Promise<void> {
  const kafka = createKafka(config, log, 'sensorhouse-setup');
  const topics = declared.map(({ topic }) => topic);
  for (const report of await ensureTopics(kafka, topics, config.KAFKA_REPLICATION_FACTOR)) {
    const { topic, created, partitions, differences } = report;
    for (const difference of differences) log.warn({ topic }, difference);
    const did = created ? 'Created topic' : 'Found topic';
    log.info({ topic, partitions }, `${did} ${topic} with ${partitions} partitions`);
  }
}

/** Where the setup connects: CLICKHOUSE_SETUP_USER when it is set. */
export function setupTarget(config: SetupConfig): ClickHouseTarget {
  const target = clickhouseTarget(config);
  const username = config.CLICKHOUSE_SETUP_USER;
  if (username === undefined) return target;
  return { ...target, username, password: config.CLICKHOUSE_SETUP_PASSWORD ?? '' };
}

async function setUpClickHouse(config: SetupConfig, log: Logger): Promise<void> {
  const target = setupTarget(config);
  await ensureDatabase(target, log);
  await using clickhouse = new ClickHouse(target, 'sensorhouse-setup');
  for (const table of tablesOf(streams)) {
    await clickhouse.command(createTable(table));
    log.info({ table: table.name }, `Table ${target.database}.${table.name} is there`);
  }
}

/** Asks from another database, since a connection into a missing one can do nothing at all. */
async function ensureDatabase(target: ClickHouseTarget, log: Logger): Promise<void> {
  const { database } = target;
  const elsewhere = { ...target, database: 'default' };
  await using clickhouse = new ClickHouse(elsewhere, 'sensorhouse-setup');
  const sql = 'SELECT name FROM system.databases WHERE name = {database:String}';
  const found = await clickhouse.rows(sql, { database });
  if (found.length > 0) return;
  await clickhouse.command(`CREATE DATABASE IF NOT EXISTS \`${database}\``);
  log.info({ database }, `Created database ${database}`);
}
