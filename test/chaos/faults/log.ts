// Faults of the log: the topic is replaced, cut at its start, grown by partitions, or the table does not
// show how far it was read. Position, floor and source have to say where to go on.
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, type Fault, type Lab, type Struck } from '../fault.ts';
import { openWorld, type World } from '../world.ts';

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
    quick: true,
    strike: (lab) => recreated(lab, true),
  },
  {
    name: 'recreated-unnoticed',
    about: 'the same while the consumer stands still: its next fetch answers from the new log',
    quick: true,
    strike: recreatedUnnoticed,
  },
  {
    name: 'log-start-moved',
    about: 'retention removed what was not read yet: the gap is recorded, the rest is read',
    quick: true,
    strike: logStartMoved,
  },
  {
    name: 'log-start-moved-unread',
    about: 'the same on a topic that was taken over before it held anything',
    quick: true,
    strike: logStartMovedUnread,
  },
  {
    name: 'newest-rows-removed',
    about: 'the newest rows of a partition are deleted after a checkpoint: they are not read again',
    quick: true,
    strike: newestRowsRemoved,
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
    await world.admin.deleteTopics({ topics: [world.topic] });
    await untilGone(world);
    await world.createTopic(3);
    await world.reconnect();
    // More than before, so that the old position is a valid one of the new log.
    await world.fill(900 + 300 * round, 50);
    if (!running) await world.runs();
    const audit = await world.verified(120_000);
    assert(audit.earlier.rows === rows, `${audit.earlier.rows} of ${rows} earlier rows are there`);
    rows += sum(audit);
    if (round + 1 === intensity) return { times: intensity, audit };
  }
  throw new Error('intensity is less than 1');
}

/** No connection breaks and no fetch fails: only the topic's id tells. */
async function recreatedUnnoticed({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using consumer = world.consumerProcess();
  await world.fill(300, 50);
  const rows = sum(await world.verified());
  consumer.kill('SIGSTOP');
  await sleep(1_000); // the fetch under way is answered from the old log
  await world.admin.deleteTopics({ topics: [world.topic] });
  await untilGone(world);
  await world.createTopic(3);
  await world.reconnect();
  await world.fill(900, 50);
  consumer.kill('SIGCONT');
  const audit = await world.verified(120_000);
  assert(audit.earlier.rows === rows, `${audit.earlier.rows} of ${rows} earlier rows are there`);
  const noticed = consumer.lines.some(({ msg }) => msg.includes('deleted and created again'));
  return { times: 1, audit, note: noticed ? 'told by the id alone' : 'told by a failed fetch' };
}

const sum = ({ partitions }: Struck['audit']) =>
  partitions.reduce((all, { good }) => all + good, 0);

async function untilGone({ admin, topic }: World): Promise<void> {
  while ((await admin.listTopics()).includes(topic)) await sleep(50);
}

/** Removes everything below `offset` from every partition, as retention does. */
async function removeBelow({ admin, partitions, topic }: World, offset: number): Promise<void> {
  const at = Array.from({ length: partitions }, (_, partition) => {
    return { partition, offset: String(offset) };
  });
  await admin.fetchTopicOffsets(topic); // kafkajs deletes only what it has looked up before
  await admin.deleteTopicRecords({ topic, partitions: at });
}

async function logStartMoved({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.fill(300, 20);
  await world.ingestAll();
  await world.fill(300, 20);
  await removeBelow(world, 150);
  await world.runs();
  const audit = await world.verified();
  for (const { gap, good, dead, older } of audit.partitions) {
    const account = `${good} good, ${dead} dead, ${gap} gap, ${older} older`;
    assert(older === 150 && good + dead === 50, `offsets 100 to 149 are a gap: ${account}`);
  }
  const gaps = await world.clickhouse.rows<{ detail: string }>(
    `SELECT DISTINCT detail FROM consumer_positions WHERE reason = 'gap'`,
  );
  assert(gaps.length === 1, `recorded gaps: ${JSON.stringify(gaps)}`);
  return { times: 3, audit, note: gaps[0]!.detail };
}

async function logStartMovedUnread({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.fill(1);
  await world.ingestAll();
  // Partitions 1 and 2 were owned while they held nothing.
  await world.fill(301);
  await removeBelow(world, 50);
  await world.runs();
  const audit = await world.verified();
  const gaps = await world.clickhouse.rows(
    `SELECT DISTINCT kafka_partition FROM consumer_positions WHERE reason = 'gap'`,
  );
  assert(gaps.length === 3, `gaps are recorded for ${gaps.length} of 3 partitions`);
  return { times: 3, audit };
}

async function newestRowsRemoved({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.fill(300, 20);
  await world.ingestAll();
  await world.clickhouse.command(
    'DELETE FROM sensor_data WHERE kafka_partition = 1 AND kafka_offset >= 60',
  );
  const removed = 300 - 15 - (await world.rowCount());
  await world.runs();
  await world.fill(300, 20);
  const audit = await world.ingested();
  const [, idle] = audit.partitions;
  const account = `${idle!.missing} missing, ${idle!.surplus} too many`;
  assert(idle!.missing === removed && idle!.surplus === 0, `${removed} removed: ${account}`);
  assert(removed > 0, 'nothing was removed');
  return { times: removed, audit, note: `${removed} rows removed by hand stay away` };
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
    await world.ingested(120_000);
    times += 1;
  }
  return { times, audit: await world.verified() };
}
