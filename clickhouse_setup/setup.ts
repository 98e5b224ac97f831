// Brings an installation to the state that the streams declare: creates topics, creates or upgrades tables
// and views, grants rights. Idempotent; the next run finishes a killed one.
import { ClickHouse } from '../platform/clickhouse/client.ts';
import {
  conflictError,
  conflicts,
  inTable,
  readTables,
  type FoundTable,
} from '../platform/clickhouse/schema.ts';
import { clickhouseTarget, type ClickHouseTarget } from '../platform/clickhouse/variables.ts';
import type { Logger } from '../platform/log.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { assertKafka } from '../platform/kafka/speaks-kafka.ts';
import { ensureTopics } from '../platform/kafka/topics.ts';
import { streams } from '../streams/index.ts';
import { viewsOf } from '../streams/table.ts';
import { createTable, createView } from './ddl.ts';
import { tablesOf } from './generate.ts';
import { patiently } from './patience.ts';
import { applyRetention } from './retention.ts';
import { declaredTopics } from './topics.ts';
import { unlikeDeclared, upgradeTable } from './upgrade.ts';
import { userStatements, usersOf } from './users.ts';
import type { SetupConfig } from './variables.ts';

const tables = tablesOf(streams);
const views = viewsOf(streams);

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
  await patiently('ClickHouse', wait, () => setUpClickHouse(config, log, signal));
  await patiently('Kafka', wait, () => setUpKafka(config, log));
}

async function setUpKafka(config: SetupConfig, log: Logger): Promise<void> {
  await assertKafka(config);
  const kafka = createKafka(config, log, 'sensorhouse-setup', 1);
  const topics = declaredTopics(config.KAFKA_TOPIC);
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

async function setUpClickHouse(
  config: SetupConfig,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const target = setupTarget(config);
  const { database } = target;
  await ensureDatabase(target, log);
  await using clickhouse = new ClickHouse(target, 'sensorhouse-setup');
  const found = await refuseConflicts(clickhouse, database);
  for (const table of tables) {
    if (!found.has(table.name)) await clickhouse.command(createTable(table));
  }
  // Asked after the creation: another setup, of another version, may have been faster.
  const unlike = await unlikeDeclared(clickhouse, database, tables);
  for (const table of tables) {
    const steps = unlike.has(table)
      ? await upgradeTable(clickhouse, database, table, log, signal)
      : [];
    const did = steps.length === 0 ? 'is as declared' : `is upgraded in ${steps.length} steps`;
    log.info({ table: table.name }, `Table ${database}.${table.name} ${did}`);
  }
  // After the tables: a view is made from the columns that are there.
  for (const view of views) {
    await clickhouse.command(createView(view));
    log.info({ view: view.name }, `View ${database}.${view.name} is as declared`);
  }
  const streamTables = tables.slice(0, streams.length);
  const held = { tables, streamTables };
  await applyRetention(clickhouse, database, held, config.RETENTION_DAYS, log);
  await setUpUsers(clickhouse, config, log);
}

/** Before anything is changed: an upgrade that cannot be finished is not begun. Returns the tables that exist. */
async function refuseConflicts(
  clickhouse: ClickHouse,
  database: string,
): Promise<ReadonlyMap<string, FoundTable>> {
  const names = tables.map(({ name }) => name);
  const found = await readTables(clickhouse, database, names);
  const said = tables.flatMap((table) => {
    const existing = found.get(table.name);
    return existing === undefined ? [] : inTable(database, table, conflicts(existing, table));
  });
  if (said.length > 0) throw conflictError(said);
  await refuseReplacing(clickhouse, database);
  return found;
}

/** CREATE OR REPLACE VIEW would replace a table of that name, rows and all. */
async function refuseReplacing(clickhouse: ClickHouse, database: string): Promise<void> {
  const taken = await clickhouse.rows<Record<'name' | 'engine', string>>(
    `SELECT name, engine FROM system.tables
     WHERE database = {database:String} AND name IN {names:Array(String)} AND engine != 'View'
     ORDER BY name`,
    { database, names: views.map(({ name }) => name) },
  );
  if (taken.length === 0) return;
  throw conflictError(
    taken.map(
      ({ engine, name }) => `${database}.${name}: is a ${engine}, and a view needs its name`,
    ),
    'the setup removes no data: rename it',
  );
}

const WRITABLE_DIRECTORIES = `SELECT name FROM system.user_directories
  WHERE type NOT IN ('users_xml', 'users.xml')`;

async function setUpUsers(clickhouse: ClickHouse, config: SetupConfig, log: Logger): Promise<void> {
  const users = usersOf(
    config,
    tables.map(({ name }) => name),
  );
  if (users.length === 0) return;
  if ((await clickhouse.rows(WRITABLE_DIRECTORIES)).length === 0) {
    const names = users.map(({ name }) => name).join(' and ');
    log.warn(`Skipped creating ${names}: this ClickHouse has no access control`);
    return;
  }
  for (const user of users) {
    for (const statement of userStatements(user)) await clickhouse.command(statement);
    log.info({ user: user.name }, `User ${user.name} has its rights and no others`);
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
