// The least-privilege users on the real engine: each can do its job and nothing more. The engine takes
// rights for its one login from a file, so the very grants of clickhouse_setup are put there, one user at
// a time. What that cannot show: passwords, CREATE USER itself, which settings may still be changed under
// readonly (the engine refuses constraints there), and the native port.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schemaSql, tablesOf } from '../../clickhouse_setup/generate.ts';
import { usersOf, type ClickHouseUser } from '../../clickhouse_setup/users.ts';
import { setupVariables } from '../../clickhouse_setup/variables.ts';
import { guard } from '../../consumer/fence.ts';
import { readConfig } from '../../platform/config.ts';
import { streams } from '../../streams/index.ts';
import { viewsOf } from '../../streams/table.ts';
import type { Fate } from './grants.ts';

const PROGRAM = join(import.meta.dirname, 'grants.ts');
const run = promisify(execFile);

const [ingest, reader] = usersOf(
  readConfig(setupVariables, {
    CLICKHOUSE_INGEST_USER: 'ingest',
    CLICKHOUSE_INGEST_PASSWORD: 'one',
    GRAFANA_CLICKHOUSE_USER: 'grafana',
    GRAFANA_CLICKHOUSE_PASSWORD: 'two',
  }),
  tablesOf(streams).map(({ name }) => name),
) as [ClickHouseUser, ClickHouseUser];

const DENIED = 497;
const READONLY = 164;

let folder: string;
let missing: string | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sensorhouse-grants-'));
  try {
    createRequire(import.meta.url).resolve('chdb');
  } catch {
    missing = 'the ClickHouse engine (optional npm package chdb) is not installed';
    return;
  }
  const schema = schemaSql()
    .replace(/^--.*$/gm, '')
    .split(';\n')
    .filter((text) => text.trim() !== '');
  const more = ['CREATE TABLE other (a Int8) ENGINE = Memory', 'CREATE DATABASE elsewhere'];
  const elsewhere = 'CREATE TABLE elsewhere.t (a Int8) ENGINE = Memory';
  const row = `INSERT INTO sensor_data (device_id, ts) SELECT 'd', now64(3)`;
  const fates = await as(undefined, [...schema, ...more, elsewhere, row]);
  expect(fates.filter((fate) => fate !== 'ok')).toEqual([]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `a = 1 CHANGEABLE_IN_READONLY` as in users.xml, without what follows the value: see above. */
function profile(settings: readonly string[]): string {
  const values = settings.map((setting) => {
    const [, name, value] = /^(\w+) = '?([^' ]*)'?/.exec(setting)!;
    return `<${name!}>${value!}</${name!}>`;
  });
  return `<profiles><default>${values.join('')}</default></profiles>`;
}

/** Runs statements as a user, or as the owner of everything. */
async function as(
  user: ClickHouseUser | undefined,
  statements: readonly string[],
): Promise<Fate[]> {
  const grants = (user?.grants ?? ['ALL ON *.*']).map((each) => `<query>GRANT ${each}</query>`);
  const usersPath = join(folder, 'users.xml');
  const configPath = join(folder, 'config.xml');
  const login = `<password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>`;
  await writeFile(
    usersPath,
    `<clickhouse>${profile(user?.settings ?? [])}<quotas><default/></quotas>
     <users><default>${login}<grants>${grants.join('')}</grants></default></users></clickhouse>`,
  );
  await writeFile(configPath, `<clickhouse><users_config>${usersPath}</users_config></clickhouse>`);
  const work = { dataPath: join(folder, 'data'), configPath, statements };
  const { stdout } = await run(process.execPath, [PROGRAM, JSON.stringify(work)]);
  return JSON.parse(stdout) as Fate[];
}

async function expectFates(user: ClickHouseUser, wanted: Record<string, Fate>): Promise<void> {
  const fates = await as(user, Object.keys(wanted));
  const got = Object.fromEntries(Object.keys(wanted).map((sql, at) => [sql, fates[at]]));
  expect(got).toEqual(wanted);
}

const ownership = {
  ...{ database: 'default', source: 't@x', owner: 'o' },
  table: { name: 'sensor_data', replay: '' },
  claims: [{ partition: 0, epoch: 1 }],
};

describe('least-privilege users on the real engine', () => {
  it('ingest: can do everything a consumer does', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await expectFates(ingest, {
      [`INSERT INTO consumer_positions (stream_table, kafka_source, kafka_partition, epoch, owner, reason)
        SELECT 'sensor_data', 't@x', 0, 1, 'o', 'claim'`]: 'ok',
      [`INSERT INTO sensor_data (device_id, ts) SELECT 'd', now64(3) FROM numbers(1) WHERE ${guard(ownership)}`]:
        'ok',
      [`INSERT INTO dead_letters (stream, kafka_source) SELECT 's', 't@x'`]: 'ok',
      [`INSERT INTO dead_letter_redrives (stream) SELECT 's'`]: 'ok',
      'SELECT kafka_partition, max(kafka_offset) FROM sensor_data GROUP BY kafka_partition': 'ok',
      'SELECT query_id FROM system.processes': 'ok',
      'SELECT name FROM system.projections': 'ok',
      "SELECT engine_full FROM system.tables WHERE name = 'sensor_data'": 'ok',
      'SELECT name FROM system.columns': 'ok',
      "KILL QUERY WHERE query_id LIKE 'ingest:%' SYNC": 'ok',
    });
  });

  it('ingest: can do nothing more', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await expectFates(ingest, {
      'SELECT * FROM other': DENIED,
      'SELECT * FROM elsewhere.t': DENIED,
      'SELECT * FROM traffic_hourly': DENIED,
      'INSERT INTO other SELECT 1': DENIED,
      'DROP TABLE sensor_data': DENIED,
      'TRUNCATE TABLE sensor_data': DENIED,
      'ALTER TABLE sensor_data DELETE WHERE 1': DENIED,
      'ALTER TABLE sensor_data ADD COLUMN z Int8': DENIED,
      'ALTER TABLE sensor_data DROP PARTITION 202601': DENIED,
      'ALTER TABLE sensor_data MODIFY TTL toDateTime(ingest_time) + toIntervalDay(1)': DENIED,
      'DELETE FROM sensor_data WHERE 1': DENIED,
      'OPTIMIZE TABLE sensor_data': DENIED,
      'CREATE TABLE x (a Int8) ENGINE = MergeTree ORDER BY a': DENIED,
      'CREATE VIEW x AS SELECT 1': DENIED,
      'CREATE DATABASE x': DENIED,
      'RENAME TABLE sensor_data TO x': DENIED,
      "BACKUP TABLE sensor_data TO File('x')": DENIED,
      "SELECT * FROM file('/etc/hostname', LineAsString)": DENIED,
      "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a Int8')": DENIED,
      "SELECT * FROM remote('127.0.0.1:1', system.one)": DENIED,
      "INSERT INTO FUNCTION file('x.tsv', TSV, 'a Int8') SELECT 1": DENIED,
      'CREATE USER x': DENIED,
      'GRANT SELECT ON *.* TO default': DENIED,
      'SYSTEM DROP MARK CACHE': DENIED,
    });
  });

  it('read-only: can do everything a dashboard does', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await expectFates(reader, {
      'SELECT * FROM sensor_data': 'ok',
      'SELECT * FROM dead_letters': 'ok',
      'SELECT * FROM consumer_positions': 'ok',
      ...Object.fromEntries(viewsOf(streams).map(({ name }) => [`SELECT * FROM ${name}`, 'ok'])),
      'SELECT sum(bytes_on_disk) FROM system.parts': 'ok',
      'SELECT count() FROM system.processes': 'ok',
      'SELECT count() FROM system.merges': 'ok',
    });
  });

  it('read-only: can do nothing more', async (context) => {
    if (missing !== undefined) context.skip(missing);
    await expectFates(reader, {
      "INSERT INTO sensor_data (device_id, ts) SELECT 'd', now64(3)": DENIED,
      'SELECT * FROM elsewhere.t': DENIED,
      'SELECT * FROM system.users': DENIED,
      'SELECT * FROM system.grants': DENIED,
      'DROP TABLE sensor_data': DENIED,
      'TRUNCATE TABLE sensor_data': DENIED,
      'ALTER TABLE sensor_data DELETE WHERE 1': DENIED,
      'OPTIMIZE TABLE sensor_data': DENIED,
      'CREATE TABLE x (a Int8) ENGINE = Memory': DENIED,
      'CREATE TEMPORARY TABLE x (a Int8)': DENIED,
      'CREATE FUNCTION x AS (a) -> a': DENIED,
      "BACKUP TABLE sensor_data TO File('x')": DENIED,
      "SELECT * FROM file('/etc/hostname', LineAsString)": DENIED,
      "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a Int8')": DENIED,
      "SELECT * FROM remote('127.0.0.1:1', system.one)": DENIED,
      "SELECT * FROM executable('id', TSV, 'a String')": DENIED,
      'SELECT 1 SETTINGS readonly = 0': READONLY,
      'SELECT 1 SETTINGS max_memory_usage = 1000000': READONLY,
      'SET readonly = 0': READONLY,
    });
  });
});
