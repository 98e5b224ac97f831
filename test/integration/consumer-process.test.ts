// The consumer as a process, as operators run it: what it refuses, what it waits for, and that a signal ends
// it with an exact account.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { freePort } from '../../embedded/kafka/ports.ts';
import { ConfigError } from '../../platform/errors.ts';
import { describeBackend } from '../backend/context.ts';
import { startConsumerProcess } from '../chaos/consumer-process.ts';
import { startFaultProxy } from '../chaos/fault-proxy.ts';
import { openWorld, type World } from '../chaos/world.ts';

const endpoints = () => ({
  kafkaBootstrap: inject('kafkaBootstrap'),
  clickhouseUrl: inject('clickhouseUrl'),
});
const STOP_MS = 10_000;

describeBackend('the consumer process refuses, with exit code 2 and one clear line', () => {
  const refused: Record<string, { env: Record<string, string>; says: RegExp }> = {
    'a bad number': { env: { BATCH_SIZE: 'many' }, says: /^BATCH_SIZE: "many" is not an integer/ },
    'a session that the broker does not allow': {
      env: { KAFKA_SESSION_TIMEOUT_MS: '1000' },
      says: /^KAFKA_SESSION_TIMEOUT_MS: 1000 is outside the limits of the broker: its group\.min/,
    },
    'a wrong password': { env: { CLICKHOUSE_PASSWORD: 'wrong' }, says: /password/ },
    'an unknown user': { env: { CLICKHOUSE_USER: 'nobody' }, says: /user|password/ },
    'an unknown database': { env: { CLICKHOUSE_DB: 'no_such_database' }, says: /setup|database/ },
  };
  // None of them gets so far as to read or write anything: they share a world.
  let world: World;
  beforeAll(async () => {
    world = await openWorld(endpoints(), { partitions: 1 });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  for (const [what, { env, says }] of Object.entries(refused)) {
    it.concurrent(what, async () => {
      const url = new URL(world.endpoints.clickhouseUrl);
      const { password, username } = url;
      url.username = '';
      url.password = '';
      await using consumer = world.consumerProcess({
        CLICKHOUSE_URL: url.href,
        CLICKHOUSE_USER: decodeURIComponent(username),
        CLICKHOUSE_PASSWORD: decodeURIComponent(password),
        ...env,
      });
      expect(await consumer.exited).toBe(2);
      expect(consumer.stderr().trim().split('\n')).toHaveLength(1);
      expect(consumer.stderr()).toMatch(says);
      expect(consumer.stderr() + JSON.stringify(consumer.lines)).not.toContain('wrong"');
    });
  }

  it('every other bad value like the bad number, which is read in the same place', () => {
    const read = (env: Record<string, string>) => () => world.config(env);
    const [outOfRange, formless] = [{ FLUSH_INTERVAL_SEC: '0' }, { KAFKA_BROKER: ':' }];
    expect(read(outOfRange)).toThrow(/^FLUSH_INTERVAL_SEC: "0" is not/);
    expect(read(outOfRange)).toThrow(ConfigError);
    expect(read(formless)).toThrow(/^KAFKA_BROKER: ":" is not/);
    expect(read(formless)).toThrow(ConfigError);
  });

  it('a missing table, naming the command that creates it', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1, tables: false });
    await using consumer = world.consumerProcess();
    expect(await consumer.exited).toBe(2);
    expect(consumer.stderr()).toMatch(/sensor_data: does not exist.*npm run setup/);
  });
});

describeBackend('the consumer process waits for', () => {
  it('ClickHouse, at the start and later, and says so once', async () => {
    await using world = await openWorld(endpoints());
    await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
    await proxy.refuse();
    await using consumer = world.consumerProcess({ CLICKHOUSE_URL: proxy.url });
    await consumer.logged(/ClickHouse: waiting/);
    await world.fill(300, 20);
    await proxy.accept();
    await world.verified();
    await proxy.refuse();
    await world.fill(300, 20);
    await consumer.logged(/sensor_data: waiting/);
    await proxy.accept();
    await world.verified();
    const waits = consumer.lines.filter(({ msg }) => msg.includes('waiting:'));
    expect(waits.map(({ msg }) => msg.split(':')[0])).toEqual(['ClickHouse', 'sensor_data']);
  });

  it('Kafka at the start, and ends on SIGTERM meanwhile', async () => {
    await using world = await openWorld(endpoints());
    const KAFKA_BROKER = `127.0.0.1:${await freePort('127.0.0.1')}`;
    await using consumer = world.consumerProcess({ KAFKA_BROKER });
    await consumer.logged(/Kafka: waiting/, 60_000);
    const askedAt = performance.now();
    consumer.kill('SIGTERM');
    expect(await consumer.exited).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(STOP_MS);
  });

  it('a topic that does not exist yet', async () => {
    await using world = await openWorld(endpoints(), { partitions: 1 });
    await world.admin.deleteTopics({ topics: [world.topic] });
    await using consumer = world.consumerProcess();
    await consumer.logged(/waiting: topic .* does not exist; npm run setup creates it/);
    await world.createTopic(1);
    await world.reconnect();
    await world.fill(20);
    await world.verified();
  });
});

describeBackend('the consumer process on SIGTERM', () => {
  it('drains, and ends with an exact account and exit code 0', async () => {
    await using world = await openWorld(endpoints());
    await using consumer = world.consumerProcess({
      FLUSH_INTERVAL_SEC: '3600',
      BATCH_SIZE: '100000',
    });
    await consumer.logged(/took over/);
    await world.fill(300, 20);
    // However much it has fetched by now: the account and the tables have to agree.
    await sleep(1_000);
    consumer.kill('SIGTERM');
    expect(await consumer.exited).toBe(0);
    const account = consumer.lines.at(-1)!;
    const inserted = await world.rowCount();
    const dead = await world.rowCount('dead_letters');
    const said = `consumed ${inserted + dead}, inserted ${inserted}, dead letters ${dead}, lag `;
    expect(account.msg).toContain(said);
    const audit = await world.audit();
    expect(audit.exact).toBe(true);
    expect(account.msg).toContain(`lag ${audit.behind}`);
  });

  it('gives a batch up while ClickHouse is away, within 10 s, and loses nothing', async () => {
    await using world = await openWorld(endpoints());
    await using proxy = await startFaultProxy(world.endpoints.clickhouseUrl);
    await using consumer = world.consumerProcess({ CLICKHOUSE_URL: proxy.url });
    await consumer.logged(/took over/);
    await proxy.refuse();
    await world.fill(300, 20);
    await consumer.logged(/^sensor_data: waiting/);
    const askedAt = performance.now();
    consumer.kill('SIGTERM');
    expect(await consumer.exited).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(STOP_MS);
    expect(consumer.lines.at(-1)!.msg).toMatch(/inserted 0, dead letters 0, lag [1-9]/);
    await world.runs();
    await world.verified();
  });

  it('as the very first thing', async () => {
    await using consumer = startConsumerProcess({
      CLICKHOUSE_URL: 'http://127.0.0.1:1',
      KAFKA_BROKER: '127.0.0.1:1',
      METRICS_PORT: '0',
    });
    await consumer.logged(/waiting/);
    consumer.kill('SIGINT');
    expect(await consumer.exited).toBe(0);
  });
});
