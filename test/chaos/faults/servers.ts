// Faults of the servers: kill -9 of Kafka and of ClickHouse while messages flow, Kafka away at the start
// or taking no commits.
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startCommitProxy } from '../commit-proxy.ts';
import { startLoad } from '../load.ts';
import { mortalClickHouse, mortalKafka } from '../own-servers.ts';
import { openWorld } from '../world.ts';

export const serverFaults: readonly Fault[] = [
  {
    name: 'kill-clickhouse',
    about: 'kill -9 of the ClickHouse server under load, at random moments',
    quick: true,
    strike: killClickHouse,
  },
  {
    name: 'kill-broker',
    about: 'kill -9 of the Kafka broker under load',
    quick: false,
    strike: killBroker,
  },
  {
    name: 'kafka-away-at-start',
    about: 'the consumer starts while Kafka is away, and takes up its work when Kafka comes back',
    quick: false,
    strike: kafkaAwayAtStart,
  },
  {
    name: 'commits-fail',
    about: 'the broker takes no commits while messages flow; then kill -9 and a restart',
    quick: false,
    strike: commitsFail,
  },
];

async function killClickHouse({ endpoints, full, intensity, random }: Lab): Promise<Struck> {
  await using clickhouse = await mortalClickHouse();
  await using world = await openWorld({ ...endpoints, clickhouseUrl: clickhouse.address });
  await world.runs();
  const times = full ? 20 : intensity;
  // Each round is a flush; in npm test a few of them before, during and after the kill are enough.
  await using load = startLoad(world, { perRound: 100, everyMs: times > 1 ? 100 : 300 });
  for (let strike = 0; strike < times; strike += 1) {
    await sleep(500 + random.next() * 1_500);
    await clickhouse.kill();
    await sleep(random.next() * 1_000);
    await clickhouse.revive();
  }
  await load.stop();
  return { times, audit: await world.verified() };
}

async function killBroker({ endpoints, full, intensity, random }: Lab): Promise<Struck> {
  await using kafka = await mortalKafka();
  await using world = await openWorld({ ...endpoints, kafkaBootstrap: kafka.address });
  await world.runs();
  const times = full ? 5 : intensity;
  for (let strike = 0; strike < times; strike += 1) {
    await using load = startLoad(world, { perRound: 100, brokerMayDie: true });
    await sleep(2_000 + random.next() * 2_000);
    await kafka.kill();
    await sleep(random.next() * 2_000);
    await kafka.revive();
    await sleep(1_000);
    await load.stop();
    await world.ingested();
  }
  return { times, audit: await world.verified() };
}

async function kafkaAwayAtStart({ endpoints }: Lab): Promise<Struck> {
  await using kafka = await mortalKafka();
  await using world = await openWorld({ ...endpoints, kafkaBootstrap: kafka.address });
  await world.fill(300, 20);
  let times = 0;
  // Once on tables that know nothing of the topic, once on tables that know a position.
  for (const more of [0, 300]) {
    await world.reconnect();
    await world.fill(more, 20);
    await kafka.kill();
    await using consumer = world.consumerProcess();
    await consumer.logged(/Kafka.*waiting/);
    await sleep(5_000);
    await kafka.revive();
    await consumer.logged(/took over/);
    await world.ingested();
    consumer.kill('SIGTERM');
    assert((await consumer.exited) === 0, consumer.stderr());
    times += 1;
  }
  return { times, audit: await world.verified() };
}

const COORDINATOR_NOT_AVAILABLE = 15;
const GROUP_AUTHORIZATION_FAILED = 30;

async function commitsFail({ endpoints }: Lab): Promise<Struck> {
  await using proxy = await startCommitProxy();
  await using kafka = await mortalKafka(proxy.address);
  proxy.connectTo(kafka.address);
  await using world = await openWorld({ ...endpoints, kafkaBootstrap: proxy.address });
  for (const error of [COORDINATOR_NOT_AVAILABLE, GROUP_AUTHORIZATION_FAILED]) {
    await using consumer = world.consumerProcess({ KAFKA_GROUP: `group-${error}` });
    await consumer.logged(/took over/);
    const before = proxy.refused;
    proxy.error = error;
    await using load = startLoad(world, { perRound: 100, everyMs: 100 });
    await sleep(8_000);
    await load.stop();
    await world.ingested();
    assertStruck(proxy.refused - before, 3);
    consumer.kill('SIGKILL');
    await consumer.exited;
  }
  await world.runs();
  await world.fill(300, 20);
  return { times: proxy.refused, audit: await world.verified() };
}
