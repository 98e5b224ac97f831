// Faults of retention, on both sides: Kafka removes unread records, ClickHouse removes the newest rows of a
// partition. The consumer names lost records, and neither loses nor reads again the others.
import { setTimeout as sleep } from 'node:timers/promises';
import { mixedMessages } from '../messages.ts';
import { assert, type Fault, type Lab, type Struck } from '../fault.ts';
import { openWorld, type World } from '../world.ts';
import { until } from '../../until.ts';

export const retentionFaults: readonly Fault[] = [
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
    name: 'log-start-moved-while-running',
    about: 'the same under a running consumer that stands still meanwhile',
    quick: false,
    strike: logStartMovedWhileRunning,
  },
  {
    name: 'newest-rows-removed',
    about: 'the newest rows of a partition are deleted after a checkpoint: they are not read again',
    quick: true,
    strike: newestRowsRemoved,
  },
  {
    name: 'expired-rows',
    about: "the table's TTL removes all rows of a partition that is idle: they are not read again",
    quick: true,
    strike: expiredRows,
  },
];

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

async function logStartMovedWhileRunning({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await using consumer = world.consumerProcess();
  await world.fill(300, 20);
  await world.verified();
  for (let round = 1; round <= intensity; round += 1) {
    consumer.kill('SIGSTOP');
    await sleep(1_000); // the fetch under way is answered before
    await world.fill(300, 20);
    await removeBelow(world, 200 * round - 50);
    consumer.kill('SIGCONT');
    await world.fill(300, 20);
    const audit = await world.verified();
    for (const { gap, older, partition } of audit.partitions) {
      const account = `partition ${partition}, round ${round}: ${gap} gap, ${older} older`;
      assert(gap === 0 && older === 200 * round - 50, account);
    }
    const [lost] = await world.clickhouse.rows<{ lost: string }>(
      `SELECT toString(count()) AS lost FROM consumer_positions WHERE reason = 'gap'`,
    );
    assert(Number(lost?.lost) >= 3 * round, `${lost?.lost ?? 0} gaps are recorded`);
    if (round === intensity) return { times: 3 * intensity, audit };
  }
  throw new Error('intensity is less than 1');
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

async function expiredRows({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.fill(300);
  await world.ingestAll();
  const expired = await world.rowCount();
  await world.clickhouse.command(
    'ALTER TABLE sensor_data MODIFY TTL toDateTime(ingest_time) + INTERVAL 1 SECOND',
  );
  await until('every row has expired', async () => {
    await world.clickhouse.command('OPTIMIZE TABLE sensor_data FINAL');
    return (await world.rowCount()) === 0;
  });
  await world.clickhouse.command('ALTER TABLE sensor_data REMOVE TTL');
  await using consumer = await world.consumer();
  await world.send(mixedMessages(300, 200, 2));
  const { partitions } = await world.ingested();
  const { inserted } = consumer.totals();
  assert(inserted === 200, `${inserted} rows were inserted, 200 are new`);
  const missing = partitions.map((partition) => partition.missing).join();
  assert(missing === '100,100,100', `expired and still in the log: ${missing}`);
  await removeBelow(world, 100); // now Kafka's retention removes them, too
  const audit = await world.verified();
  return { times: expired, audit, note: `${expired} expired rows stay away` };
}
