// The setup of a new installation, the consumer's check before and after it, and the exit codes of the
// command.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { schemaSql, tablesOf } from '../../clickhouse_setup/generate.ts';
import { userStatements, usersOf } from '../../clickhouse_setup/users.ts';
import { setupVariables } from '../../clickhouse_setup/variables.ts';
import { checkSchema } from '../../platform/clickhouse/schema.ts';
import { readConfig } from '../../platform/config.ts';
import { ensureTopics } from '../../platform/kafka/topics.ts';
import { streams } from '../../streams/index.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { viewsOf } from '../../streams/table.ts';
import { kafkaClient } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import { definition, installation } from './setup-installation.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'clickhouse_setup', 'main.ts');
const tables = tablesOf(streams);
const views = viewsOf(streams);
const everything = [...tables, ...views];

describeBackend('the setup of a new installation', () => {
  it('creates the database, every table, view and topic, and then changes nothing', async () => {
    await using it = await installation({ create: false });
    const { clickhouse, database } = it;
    await it.setUp();
    await expect(checkSchema(clickhouse, database, tables)).resolves.toBeUndefined();
    const created = await Promise.all(everything.map(({ name }) => definition(clickhouse, name)));
    await it.setUp();
    const after = await Promise.all(everything.map(({ name }) => definition(clickhouse, name)));
    expect(after).toEqual(created);
    const mutations = 'SELECT command FROM system.mutations WHERE database = {database:String}';
    expect(await clickhouse.rows(mutations, { database })).toEqual([]);
    const [report] = await ensureTopics(kafkaClient(inject('kafkaBootstrap')), [
      { ...sensorData.topic, name: it.topic },
    ]);
    expect(report).toMatchObject({ created: false, partitions: 3, differences: [] });
  });

  it('finds nothing to do on the tables that the committed SQL creates', async () => {
    await using it = await installation();
    const { clickhouse, database } = it;
    const statements = schemaSql()
      .replace(/^--.*$/gm, '')
      .split(';\n');
    for (const statement of statements.filter((text) => text.trim() !== '')) {
      await clickhouse.command(statement);
    }
    await expect(checkSchema(clickhouse, database, tables)).resolves.toBeUndefined();
    const definitions = (): Promise<string[]> => {
      return Promise.all(everything.map(({ name }) => definition(clickhouse, name)));
    };
    const created = await definitions();
    await it.setUp();
    expect(await definitions()).toEqual(created);
  });

  it('mends a view, and adds those that an older installation lacks', async () => {
    await using it = await installation();
    const { clickhouse, database } = it;
    await it.setUp();
    const [mended, ...missing] = views;
    await clickhouse.command(
      `CREATE OR REPLACE VIEW ${mended!.name} AS SELECT 1 AS something_else`,
    );
    for (const { name } of missing) await clickhouse.command(`DROP VIEW ${name}`);
    // Views are for readers: a consumer starts without them.
    await expect(checkSchema(clickhouse, database, tables)).resolves.toBeUndefined();
    await it.setUp();
    for (const { name } of views) {
      const rows = await clickhouse.rows(`SELECT * FROM ${name}`);
      expect(rows, name).toEqual([]);
      expect(await definition(clickhouse, name)).not.toContain('something_else');
    }
  });

  it('replaces no table that has the name of a view', async () => {
    await using it = await installation();
    const { clickhouse, database } = it;
    const { name } = views[0]!;
    await clickhouse.command(`CREATE TABLE ${name} (a Int8) ENGINE = MergeTree ORDER BY a`);
    await clickhouse.command(`INSERT INTO ${name} SELECT 7`);
    await expect(it.setUp()).rejects.toThrow(
      `${database}.${name}: is a MergeTree, and a view needs its name; the setup removes no data: rename it`,
    );
    expect(await clickhouse.rows(`SELECT a FROM ${name}`)).toEqual([{ a: 7 }]);
    // Refused before anything is made.
    expect(await clickhouse.rows('SHOW TABLES')).toEqual([{ name }]);
  });

  it('is asked for by the check: missing tables, columns and projections by name', async () => {
    await using it = await installation();
    const { clickhouse, database } = it;
    const absent = tables.map(({ name }) => `${database}.${name}: does not exist`);
    await expect(checkSchema(clickhouse, database, tables)).rejects.toThrow(
      `${absent.join('; ')}; run: npm run setup`,
    );
    await it.setUp();
    await clickhouse.command('ALTER TABLE sensor_data DROP PROJECTION positions');
    await clickhouse.command('ALTER TABLE sensor_data DROP COLUMN kafka_timestamp');
    await clickhouse.command('ALTER TABLE dead_letters ADD COLUMN own_note String');
    await expect(checkSchema(clickhouse, database, tables)).rejects.toThrow(
      `${database}.sensor_data: lacks column kafka_timestamp, lacks projection positions; ` +
        'run: npm run setup',
    );
    await it.setUp();
    await expect(checkSchema(clickhouse, database, tables)).resolves.toBeUndefined();
  });
});

describeBackend('declared topics', () => {
  const declared = () => ({ name: randomTopic('setup'), partitions: 4, retentionMs: 86_400_000 });

  it('are created with their partitions and retention, once, by whoever comes first', async () => {
    const kafka = kafkaClient(inject('kafkaBootstrap'));
    const topic = declared();
    const both = await Promise.all([ensureTopics(kafka, [topic]), ensureTopics(kafka, [topic])]);
    expect(both.flat().filter(({ created }) => created)).toHaveLength(1);
    expect(await ensureTopics(kafka, [topic])).toEqual([
      { topic: topic.name, created: false, partitions: 4, differences: [] },
    ]);
  });

  it('that differ are reported with the command, and left alone', async () => {
    const kafka = kafkaClient(inject('kafkaBootstrap'));
    const topic = declared();
    await ensureTopics(kafka, [topic]);
    const wanted = { ...topic, partitions: 6, retentionMs: -1 };
    for (const round of [1, 2]) {
      const [report] = await ensureTopics(kafka, [wanted]);
      expect(report, `round ${round}`).toMatchObject({ created: false, partitions: 4 });
      expect(report!.differences).toEqual([
        expect.stringContaining(`--alter --topic ${topic.name} --partitions 6`),
        expect.stringContaining('--add-config retention.ms=-1'),
      ]);
    }
  });
});

describeBackend('least-privilege users', () => {
  const asked = {
    CLICKHOUSE_INGEST_USER: 'ingest',
    CLICKHOUSE_INGEST_PASSWORD: "it's\\secret",
    GRAFANA_CLICKHOUSE_USER: 'grafana',
    GRAFANA_CLICKHOUSE_PASSWORD: 'secret too',
  };

  it('are created by statements that the engine understands', async () => {
    await using it = await installation();
    const users = usersOf(readConfig(setupVariables, asked), ['sensor_data']);
    expect(users).toHaveLength(2);
    for (const statement of users.flatMap(userStatements)) {
      const sql = 'SELECT formatQuery({statement:String}) != {empty:String} AS understood';
      expect(await it.clickhouse.rows(sql, { statement, empty: '' })).toHaveLength(1);
    }
  });

  it('are skipped, and said to be, by an engine without access control', async (context) => {
    if (inject('backend').kind !== 'embedded') context.skip('this server has access control');
    await using it = await installation({ create: false });
    const ran = await command({
      ...servers(),
      ...asked,
      CLICKHOUSE_DB: it.database,
      KAFKA_TOPIC: it.topic,
    });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('Skipped creating ingest and grafana');
    expect(ran.stdout).not.toContain('secret');
  });
});

describeBackend('npm run setup', () => {
  it('exits with 0 when done, 2 on a wrong password, 3 when a server stays away', async () => {
    await using it = await installation({ create: false });
    const right = { ...servers(), CLICKHOUSE_DB: it.database, KAFKA_TOPIC: it.topic };
    const wrong = { CLICKHOUSE_SETUP_USER: 'sensor', CLICKHOUSE_SETUP_PASSWORD: 'wrong' };
    const away = { CLICKHOUSE_URL: 'http://127.0.0.1:1', SETUP_TIMEOUT_SEC: '1' };
    const [done, refused, gaveUp] = await Promise.all([
      command(right),
      command({ ...right, ...wrong }),
      command({ ...right, ...away }),
    ]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('Setup is done');
    expect(refused.code).toBe(2);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(gaveUp.code).toBe(3);
    expect(gaveUp.stdout.match(/"level":"warn"/g)).toHaveLength(1);
    expect(gaveUp.stdout).toContain('ClickHouse stayed away for 1 s (SETUP_TIMEOUT_SEC)');
  });
});

function servers(): Record<string, string> {
  const url = new URL(inject('clickhouseUrl'));
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  const kafka = { KAFKA_BROKER: inject('kafkaBootstrap') };
  return {
    CLICKHOUSE_URL: url.href,
    CLICKHOUSE_USER: user,
    CLICKHOUSE_PASSWORD: password,
    ...kafka,
  };
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function command(env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...said }));
  });
}
