// Offsets without a record: a compacted topic, and transactions with their markers and aborted records. The
// consumer skips them and records them as absent; neither the audit nor a takeover calls them missing.
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaClient } from '../../backend/clients.ts';
import { readLog } from '../log-truth.ts';
import { assert, type Fault, type Lab, type Struck } from '../fault.ts';
import { eventJson, mixedMessages } from '../messages.ts';
import { PATIENCE_MS } from '../patience.ts';
import { openWorld, type World } from '../world.ts';

export const holeFaults: readonly Fault[] = [
  {
    name: 'compacted-topic',
    about: 'the broker compacts the topic before it is read, and again while the consumer is away',
    quick: false,
    strike: compacted,
  },
  {
    name: 'transactions',
    about: 'a transactional producer commits and aborts; the consumer is killed in between',
    quick: true,
    strike: transactions,
  },
];

const COMPACTION = {
  'cleanup.policy': 'compact',
  'segment.ms': '200',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '200',
};

async function compacted({ endpoints }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  await world.configure(COMPACTION);
  const absent: number[] = [];
  for (const KAFKA_GROUP of ['one', 'two', 'three'].map((name) => `${name}-${world.database}`)) {
    await overwrittenKeys(world, absent.length * 1_000);
    await compaction(world);
    await using consumer = world.consumerProcess({ KAFKA_GROUP });
    const audit = await world.ingested();
    assert(audit.exact, `absent so far ${absent.join()}: ${JSON.stringify(audit.partitions.map(({ missing, surplus }) => [missing, surplus]))}`); // prettier-ignore
    absent.push(sum(audit, 'absent'));
    await consumer.logged(/took over/);
    const wrong = consumer.lines.filter(({ msg }) => /in no table|too many/.test(msg));
    assert(wrong.length === 0, wrong.map(({ msg }) => msg).join());
  }
  const [first, , last] = absent;
  assert(first! > 0 && last! > first!, `absent after each round: ${absent.join()}`);
  return { times: last!, audit: await world.audit(), note: `${last!} offsets without a record` };
}

/** Few keys, many values: compaction keeps the last of each; the last segment is never compacted. */
async function overwrittenKeys(world: World, from: number): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    const messages = Array.from({ length: 90 }, (_, at) => {
      return { key: `k${at % 9}`, value: eventJson(from + 90 * round + at), partition: at % 3 };
    });
    await world.send(messages);
    await sleep(300);
  }
}

/** Waits until the broker has removed records from the middle of the log since the last call. */
async function compaction(world: World): Promise<void> {
  const before = await recordsIn(world);
  const deadline = performance.now() + PATIENCE_MS;
  while ((await recordsIn(world)) >= before) {
    if (performance.now() > deadline) throw new Error('the broker does not compact');
    await sleep(1_000);
  }
}

async function recordsIn({ endpoints, topic }: World): Promise<number> {
  let records = 0;
  await readLog(endpoints.kafkaBootstrap, topic, () => (records += 1));
  return records;
}

async function transactions({ endpoints, intensity }: Lab): Promise<Struck> {
  await using world = await openWorld(endpoints);
  const producer = kafkaClient(endpoints.kafkaBootstrap).producer({
    transactionalId: `tx-${world.topic}`,
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  try {
    let next = 0;
    const transact = async (count: number, commits: boolean): Promise<void> => {
      const transaction = await producer.transaction();
      await transaction.send({
        topic: world.topic,
        messages: mixedMessages(next, count, 3, 20),
        acks: -1,
      });
      next += count;
      await (commits ? transaction.commit() : transaction.abort());
    };
    for (let round = 0; round < 2 * intensity; round += 1) {
      await using consumer = world.consumerProcess({ KAFKA_GROUP: `${round}-${world.database}` });
      for (const commits of [true, false, true, true, false, false]) await transact(30, commits);
      if (round % 2 === 0) await consumer.logged(/Inserted/);
      else await world.ingested();
      consumer.kill('SIGKILL');
      await consumer.exited;
    }
    // What ends in a marker, or in nothing but aborted records, still has to be read to its end.
    await transact(30, true);
    await transact(30, false);
  } finally {
    await producer.disconnect();
  }
  await world.runs({ KAFKA_GROUP: `last-${world.database}` });
  const audit = await world.verified();
  const absent = sum(audit, 'absent');
  const expected = 2 * intensity * (3 * 30 + 6 * 3) + 30 + 2 * 3;
  assert(absent === expected, `${absent} offsets are absent, wanted ${expected}`);
  return { times: absent, audit, note: `${absent} offsets without a record to ingest` };
}

function sum({ partitions }: Struck['audit'], key: 'absent'): number {
  return partitions.reduce((all, partition) => all + partition[key], 0);
}
