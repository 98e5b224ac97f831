// Every figure that a person can see of one run is the same figure: the closing account, the audit, the
// consumer's metrics and last line, and the tables, whoever sent and whatever happened in between.
import { describe, expect, inject, it } from 'vitest';
import { readCommand } from '../../consumer/arguments.ts';
import { accountLine } from '../../consumer/account-line.ts';
import type { Consumer } from '../../consumer/main.ts';
import { replayCommand, type ReplayCommand } from '../../consumer/replay-main.ts';
import { accountFor, isCaughtUp, type RunAccount } from '../../embedded/launch/account.ts';
import { Proof } from '../../embedded/launch/proof.ts';
import { sensorData } from '../../streams/sensor-data.ts';
import { kafkaClient } from '../backend/clients.ts';
import { describeBackend } from '../backend/context.ts';
import { eventJson } from '../chaos/messages.ts';
import { openWorld, type World } from '../chaos/world.ts';

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

const sum = (numbers: readonly number[]): number => numbers.reduce((all, n) => all + n, 0);

describeBackend('the figures of a run', () => {
  it('are one: account, audit, metrics, last line and tables', async () => {
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
      ...{ sent: 0, inDoubt: 0, foreign: 108, before: 20, problems: [], lag: 0 },
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
      const command = readCommand(['--from', '1970-01-01T00:00Z']) as ReplayCommand;
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
