// Faults of producing: brokers of a cluster die while batches are on their way, leaders change, and every
// record has to be in the log once and in its order, in the clear and through TLS with a password.
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from '../../../platform/config.ts';
import { batchOfRecords } from '../../../platform/kafka/record-batch-writer.ts';
import { Sender } from '../../../platform/kafka/sender.ts';
import { kafkaVariables } from '../../../platform/kafka/variables.ts';
import { silentLog } from '../../../platform/log.ts';
import { assert, assertStruck, type Fault, type Lab, type Struck } from '../fault.ts';
import { startKafkaCluster, type KafkaCluster } from '../kafka-cluster.ts';
import { readLog } from '../log-truth.ts';

const TOPIC = 'produced';
const PARTITIONS = 6;
const BATCH_RECORDS = 100;
const KILLS = 3;

export const produceFaults: readonly Fault[] = [
  {
    name: 'broker-kills-while-producing',
    about: 'kill -9 of the brokers of a cluster of three in turn, while a sender sends to six partitions',
    quick: false,
    strike: (lab) => killsWhileProducing(lab, false),
  },
  {
    name: 'broker-kills-behind-tls',
    about: 'the same through TLS with SASL',
    quick: false,
    strike: (lab) => killsWhileProducing(lab, true),
  },
]; // prettier-ignore

async function killsWhileProducing({ intensity, random }: Lab, isLocked: boolean): Promise<Struck> {
  await using cluster = await startKafkaCluster(isLocked);
  await cluster.createTopic(TOPIC, PARTITIONS);
  const config = readConfig(kafkaVariables, cluster.clientEnv);
  await using sender = new Sender(config, { clientId: 'chaos', log: silentLog() });
  const { signal } = new AbortController();
  await sender.open(TOPIC, { stop: signal });
  const striking = { isOver: false };
  const produced = Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) => produce(sender, partition, striking, signal)),
  ); // prettier-ignore
  const { kills, moves } = await strikes(cluster, KILLS * intensity, () => random.next());
  striking.isOver = true;
  const ends = await produced;
  const found = Array.from({ length: PARTITIONS }, () => 0);
  await readLog(cluster.bootstrap, TOPIC, (partition, { value }) => {
    const next = `${partition}/${found[partition]}`;
    assert(value?.toString() === next, `${next} should be next, and ${value?.toString()} is there`);
    found[partition]! += 1;
  });
  assertStruck(kills, KILLS * intensity);
  assert(found.join() === ends.join(), `sent ${ends.join()}, found ${found.join()}`);
  const partitions = ends.map((end) => {
    return { good: end, dead: 0, gap: 0, absent: 0, older: 0, begin: 0, end };
  });
  const audit = { exact: true, partitions };
  return { times: kills, audit, note: `leaders of partitions changed ${moves} times` };
}

/** Sends numbered records until the strikes are over; resolves to how many. */
async function produce(
  sender: Sender,
  partition: number,
  striking: { readonly isOver: boolean },
  signal: AbortSignal,
): Promise<number> {
  let next = 0;
  while (!striking.isOver) {
    const records = Array.from({ length: BATCH_RECORDS }, () => {
      const value = Buffer.from(`${partition}/${next++}`);
      return { key: null, value, headers: [], timestampMs: Date.now() };
    });
    const delivery = await sender.send(TOPIC, batchOfRecords(partition, records), signal);
    assert(delivery.kind === 'sent', `partition ${partition}: ${delivery.kind} at ${next}`);
  }
  return next;
}

async function strikes(cluster: KafkaCluster, kills: number, chance: () => number) {
  let moves = 0;
  let leaders = await cluster.leaders(TOPIC);
  const look = async (): Promise<void> => {
    const now = await cluster.leaders(TOPIC);
    moves += now.filter((leader, partition) => leader !== leaders[partition]).length;
    leaders = now;
  };
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(500 + 1_000 * chance());
    await cluster.kill(kill % 3);
    await sleep(4_000);
    await look();
    await cluster.revive(kill % 3, TOPIC);
    await sleep(3_000);
    await look();
  }
  return { kills, moves };
}
