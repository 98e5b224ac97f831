// Faults of the log: the topic is replaced or grown by partitions, or the table does not show how far it
// was read. Position, floor and source have to say where to go on.
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, type Fault, type Lab, type Struck } from '../fault.ts';
import { openWorld, type World } from '../world.ts';
import { until } from '../../until.ts';

export const logFaults: readonly Fault[] = [
  {
    name: 'recreated-while-down',
    about: 'topic deleted, created again and grown past the old position while nobody looked',
    quick: true,
    strike: (lab) => recreated(lab, false),
  },
  {
    name: 'recreated-while-running',
    about: 'the same under a running consumer',
    quick: false,
    strike: (lab) => recreated(lab, true),
  },
  {
    name: 'recreated-as-long',
    about:
      'the same, and the new topic ends exactly where the old one ended: no fetch fails for long',
    quick: true,
    strike: recreatedAsLong,
  },
  {
    name: 'recreated-unnoticed',
    about: 'the same while the consumer stands still: its next fetch answers from the new log',
    quick: false,
    strike: recreatedUnnoticed,
  },
  {
    name: 'upgraded-table',
    about: 'a table without coordinates goes on at the committed offsets, once',
    quick: true,
    strike: upgradedTable,
  },
  {
    name: 'only-offset-0',
    about: 'an empty table, then one row at offset 0, with a restart after each',
    quick: true,
    strike: onlyOffsetZero,
  },
  {
    name: 'partitions-added',
    about: 'the topic gets partitions while it is being read',
    quick: false,
    strike: partitionsAdded,
  },
];

async function recreated({ endpoints, intensity }: Lab, running: boolean): Promise<Struck> {
  await using world = await openWorld(endpoints);
  let rows = 0;
  for (let round = 0; round < intensity; round += 1) {
    await using before = await world.consumer();
    await world.fill(300, 50);
    rows += sum(await world.verified());
    if (!running) await before[Symbol.asyncDispose]();
    await recreate(world);
    // More than before, so that the old position is a valid one of the new log.
    await world.fill(900 + 300 * round, 50);
    await using after = running ? undefined : await world.consumer();
    const audit = await world.verified();
    assert(audit.earlier.rows === rows, `${audit.earlier.rows} of ${rows} earlier rows are there`);
    await after?.[Symbol.asyncDispose]();
    if (round + 1 === intensity) return { times: intensity, audit };
  }
  throw new Error('intensity is less than 1');
}

async function recreatedAsLong({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.runs();
  await world.fill(300, 50);
  const rows = sum(await world.verified());
  await recreate(world);
  await world.fill(300, 50);
  const audit = await world.verified();
  assert(audit.earlier.rows === rows, `${audit.earlier.rows} of ${rows} earlier rows are there`);
  return { times: 1, audit };
}

async function recreate(world: World): Promise<void> {
  await world.admin.deleteTopics({ topics: [world.topic] });
  await untilGone(world);
  await world.createTopic(3);
  await world.reconnect();
}

/** No connection breaks and no fetch fails: only the topic's id tells. */
async function recreatedUnnoticed({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using consumer = world.consumerProcess();
  await world.fill(300, 50);
  const rows = sum(await world.verified());
  consumer.kill('SIGSTOP');
  await sleep(1_000); // the fetch under way is answered from the old log
  await recreate(world);
  await world.fill(900, 50);
  consumer.kill('SIGCONT');
  const audit = await world.verified();
  assert(audit.earlier.rows === rows, `${audit.earlier.rows} of ${rows} earlier rows are there`);
  const noticed = consumer.lines.some(({ msg }) => msg.includes('deleted and created again'));
  return { times: 1, audit, note: noticed ? 'told by the id alone' : 'told by a failed fetch' };
}

const sum = ({ partitions }: Struck['audit']) =>
  partitions.reduce((all, { good }) => all + good, 0);

async function untilGone({ admin, topic }: World): Promise<void> {
  await until(`topic ${topic} is gone`, async () => !(await admin.listTopics()).includes(topic));
}

async function upgradedTable({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { tables: false });
  await world.clickhouse.command(
    `CREATE TABLE sensor_data (device_id String, ts DateTime64(3), co Float64, humidity Float64,
       light UInt8, lpg Float64, motion UInt8, smoke Float64, temp Float64)
     ENGINE = MergeTree ORDER BY (device_id, ts)`,
  );
  await world.clickhouse.command(
    `INSERT INTO sensor_data SELECT 'old', now64(3), 0, 0, 0, 0, 0, 0, 0 FROM numbers(300)`,
  );
  await world.fill(600, 20);
  const partitions = [0, 1, 2].map((partition) => ({ partition, offset: '100' }));
  const groupId = world.env()['KAFKA_GROUP']!;
  await world.admin.setOffsets({ groupId, topic: world.topic, partitions });
  await world.setUp();
  // Restarted before anything new came, and after the commits moved: the seed was taken once.
  for (const offset of ['100', '0']) {
    await using consumer = await world.consumer();
    await world.ingested();
    await consumer[Symbol.asyncDispose]();
    const moved = partitions.map(({ partition }) => ({ partition, offset }));
    await world.admin.setOffsets({ groupId, topic: world.topic, partitions: moved });
  }
  await world.runs();
  await world.fill(300, 20);
  const audit = await world.ingested();
  assert(audit.exact && audit.withoutCoordinates === 300, 'the upgraded table does not add up');
  const taken = audit.partitions.map(({ dead, good }) => good + dead);
  assert(taken.join() === '200,200,200', `from offset 100 on: ${taken.join()}`);
  return { times: 3, audit };
}

async function onlyOffsetZero({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 1 });
  for (const count of [0, 1, 0, 1, 5]) {
    await using consumer = await world.consumer();
    await world.fill(count);
    await world.ingested();
    if (count === 0) await untilReady(consumer.port);
  }
  return { times: 5, audit: await world.verified() };
}

async function untilReady(port: number): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return;
    await sleep(50);
  }
  throw new Error('the consumer does not become ready');
}

async function partitionsAdded({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints, { partitions: 1 });
  await world.runs();
  await world.fill(100, 20);
  await world.ingested();
  let times = 0;
  for (const count of [2, 4]) {
    await world.admin.createPartitions({ topicPartitions: [{ topic: world.topic, count }] });
    world.partitions = count;
    await world.reconnect();
    await world.fill(400, 20);
    await world.ingested();
    times += 1;
  }
  return { times, audit: await world.verified() };
}
