// All figures of one run are equal: the closing account, the audit, the consumer's metrics and last line, the
// strip, the tiles and the tables, whoever sent messages and whatever happened in between.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { consumerCommand, consumerTask } from '../../consumer/arguments.ts';
import { parseArguments } from '../../platform/command-line.ts';
import { accountLine } from '../../consumer/account-line.ts';
import type { Consumer } from '../../consumer/main.ts';
import { replayCommand, type ReplayCommand } from '../../consumer/replay/main.ts';
import { accountFor, isCaughtUp, type RunAccount } from '../../embedded/launch/account.ts';
import { Proof } from '../../embedded/launch/proof.ts';
import type { Dashboard } from '../../grafana/dashboard.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { kafkaClient } from '../backend/clients.ts';
import { describeBackend } from '../backend/context.ts';
import { eventJson } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';
import { readStream, startLive } from '../live/world.ts';
import { expand } from './grafana-macros.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});

function proofOf(world: World): Promise<Proof> {
  const { topic } = world;
  const track = { stream: sensorData, topic, landed: topic, processor: undefined, producers: [] };
  return Proof.begin({ setup: world.config(), fromBeginning: false }, track);
}

/** The account of a run whose producers are all somebody else's. */
async function accountOf(proof: Proof): Promise<RunAccount> {
  const { standing } = await proof.standing();
  expect(isCaughtUp(standing)).toBe(true);
  return accountFor(standing, new Map());
}

/** A transaction of one record a partition, committed or aborted. */
async function transaction(world: World, commit: boolean): Promise<void> {
  const producer = kafkaClient(inject('kafkaBootstrap')).producer({
    transactionalId: `${world.topic}-${commit}`,
    maxInFlightRequests: 1,
    idempotent: true,
  });
  await producer.connect();
  const under = await producer.transaction();
  const messages = [0, 1].map((partition) => ({ value: eventJson(900 + partition), partition }));
  await under.send({ topic: world.topic, messages });
  await (commit ? under.commit() : under.abort());
  await producer.disconnect();
}

async function metricsOf(consumer: Consumer): Promise<Record<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${consumer.port}/metrics`)).text();
  const sums: Record<string, number> = {};
  for (const [, name, value] of text.matchAll(/^sensorhouse_consumer_(\w+)\{.*\} (\S+)$/gm)) {
    sums[name!] = (sums[name!] ?? 0) + Number(value);
  }
  return sums;
}

async function count(world: World, table: string): Promise<number> {
  const [found] = await world.clickhouse.rows<{ n: string }>(
    `SELECT toString(count()) AS n FROM ${table}`,
  );
  return Number(found!.n);
}

const FOLDER = join(import.meta.dirname, '..', '..', 'grafana', 'dashboards');
const TILES: Readonly<Record<string, string>> = {
  'Rows in window': 'sensor_overview',
  'Devices in window': 'sensor_overview',
  'Dead letters in window': 'sensor_overview',
  'Dead letters by reason': 'pipeline_health',
};

/** What the strip and the tiles say, on the page of this world, about the last ten minutes. */
async function shownBy(world: World, consumer: Consumer) {
  const clickhouse = new URL(inject('clickhouseUrl'));
  clickhouse.searchParams.set('database', world.database);
  const { STREAMS = '', KAFKA_TOPIC = '', KAFKA_BROKER = '' } = world.env();
  const CONSUMER_URL = `http://127.0.0.1:${consumer.port}`;
  const env = { STREAMS, KAFKA_TOPIC, KAFKA_BROKER, CONSUMER_URL };
  await using live = await startLive(clickhouse, env);
  const events = await readStream(`${live.url}/api/stream/pipeline-health`, (all) =>
    all.some(({ name }) => name === 'pipeline'),
  );
  const places = events.find(({ name }) => name === 'pipeline')!.data['places'] as Said[];
  const nowMs = Date.now();
  const variables = { device_id: 'all', stream: ['sensor_data'], clock: ['arrival'] } as const;
  const viewed = { fromMs: nowMs - 600_000, toMs: nowMs + 600_000, intervalMs: 5_000, variables };
  const tiles: Record<string, number> = {};
  for (const [title, file] of Object.entries(TILES)) {
    const board = JSON.parse(await readFile(join(FOLDER, `${file}.json`), 'utf8')) as Dashboard;
    const { rawSql } = board.panels.find((panel) => panel.title === title)!.targets![0]!;
    const rows = await world.clickhouse.rows<Record<string, string>>(expand(rawSql, viewed));
    const column = ['rows', 'devices', 'dead_letters', 'messages'].find((name) => rows[0]?.[name]);
    tiles[title] = sum(rows.map((row) => Number(row[column!])));
  }
  const [{ n } = { n: '' }] = await world.clickhouse.rows<{ n: string }>(
    'SELECT toString(uniqExact(device_id)) AS n FROM sensor_data',
  );
  const of = (key: 'figure' | 'detail') => Object.fromEntries(places.map((place) => [place.id, place[key]])); // prettier-ignore
  return { strip: of('figure'), details: of('detail'), tiles, devices: Number(n) };
}

interface Said {
  readonly id: string;
  readonly figure: string;
  readonly detail: string;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, n) => all + n, 0);

describeBackend('the figures of a run', () => {
  it('are one: account, audit, metrics, last line, strip, tiles and tables', async () => {
    await using world = await openWorld(endpoints(), { partitions: 2 });
    await world.fill(20);
    await using proof = await proofOf(world);
    await world.fill(100, 10);
    await transaction(world, true);
    await transaction(world, false);
    await using consumer = await world.consumer();
    const audit = await world.ingested();
    const of = (key: 'good' | 'dead' | 'absent'): number =>
      sum(audit.partitions.map((p) => p[key]));
    const account = await accountOf(proof);
    expect(account).toEqual({
      ...{ sent: 0, inDoubt: 0, foreign: 108, before: 20, hidden: 0, problems: [], lag: 0 },
      ...{ inserted: of('good'), deadLetters: of('dead') },
      // Of two transactions a marker each, of one the aborted records too.
      others: { 'without a record': 6 },
    });
    expect(of('absent')).toBe(6);
    expect(await count(world, 'sensor_data')).toBe(account.inserted);
    expect(await count(world, 'dead_letters')).toBe(account.deadLetters);
    await expect
      .poll(() => metricsOf(consumer))
      .toMatchObject({
        ...{ rows_inserted_total: account.inserted, dead_letters_total: account.deadLetters },
        ...{ absent_offsets_total: 6, duplicates_total: 0, records_consumed_total: 128 },
        lag_records: 0,
      });
    const shown = await shownBy(world, consumer);
    expect(shown.strip).toMatchObject({
      ...{ kafka: '128 kept', clickhouse: `${account.inserted} rows` },
      'dead-letters': `${account.deadLetters} in all`,
    });
    expect(shown.tiles).toEqual({
      'Rows in window': account.inserted,
      'Devices in window': shown.devices,
      'Dead letters in window': account.deadLetters,
      'Dead letters by reason': account.deadLetters,
    });
    expect(shown.details['producers']).toBe(
      `${shown.devices} devices of all streams in the last minute`,
    );
    expect(shown.details['dead-letters']).toBe(`${account.deadLetters} in 15 minutes`);
    expect(accountLine(consumer.totals()).text).toBe(
      `consumed 128, inserted ${account.inserted}, dead letters ${account.deadLetters}, without a record 6, lag 0`,
    );
  });

  describe('hold', () => {
    it('when the table is exchanged by a replay and the topic is created again', async () => {
      await using world = await openWorld(endpoints(), { partitions: 2 });
      await using proof = await proofOf(world);
      await world.runs();
      await world.fill(100, 10);
      await world.ingested();
      const before = await accountOf(proof);
      const command = consumerTask(
        parseArguments(consumerCommand, ['--from', '1970-01-01T00:00Z']),
      ) as ReplayCommand;
      expect(await replayCommand(world.config(), command, () => undefined)).toBe(0);
      expect(await accountOf(proof)).toEqual(before);
      expect(before).toMatchObject({ foreign: 100, inserted: await count(world, 'sensor_data') });
      await world.admin.deleteTopics({ topics: [world.topic] });
      await expect.poll(() => world.admin.listTopics()).not.toContain(world.topic);
      await world.createTopic(2);
      await world.reconnect();
      await world.fill(30);
      await world.ingested();
      const account = await accountOf(proof);
      expect(account).toMatchObject({ foreign: 130, lag: 0, problems: [] });
      expect(account.inserted).toBe(await count(world, 'sensor_data'));
      expect(account.deadLetters).toBe(before.deadLetters);
    });
  });
});
