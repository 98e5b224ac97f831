// kill -9 of a processor four times (KILLS=all: twelve), under load, and of the broker once; half of the times exactly between what the broker
// acknowledged and the commit. What it made is in the output at least once and for the first time in order;
// a consumer beside it leaves out what was made twice, and the audit adds up from the raw log to the table.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { expect, inject, it } from 'vitest';
import { audit, auditVariables } from '../../consumer/audit/main.ts';
import { environment, readConfig } from '../../platform/config.ts';
import { dismissMembers } from '../../platform/kafka/group-members.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { ORIGIN_HEADER, readOrigin } from '../../streams/origin.ts';
import { trafficEvents } from '../../streams/traffic.ts';
import { countMessages, createTopic, kafkaClient } from '../backend/clients.ts';
import { describeBackend } from '../backend/context.ts';
import { startCommitProxy } from '../chaos/commit-proxy.ts';
import { startConsumerProcess } from '../chaos/consumer-process.ts';
import { readLog } from '../chaos/log-truth.ts';
import { mortalKafka } from '../chaos/own-servers.ts';
import { openWorld } from '../chaos/world.ts';
import { firstAppearances, report, until, upTo, type Output } from './processor-world.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'processor', 'main.ts');
const KILLS = environment()['KILLS'] === 'all' ? 12 : 4;
const BAD_EVERY = 50;
const BACKLOG = 15_000;
const STREAM = { STREAMS: trafficEvents.name };

/** Sends reports, every {@link BAD_EVERY}-th of them none. */
async function sendReports(producer: Producer, topic: string, from: number, count: number) {
  const messages = Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const message = report(number);
    return number % BAD_EVERY === 7 ? { ...message, value: `no report ${number}` } : message;
  });
  await producer.send({ topic, messages, acks: -1 });
}

/** Sends reports until it is stopped; that resolves to how many. */
function startReports(producer: Producer, topic: string) {
  const state = { sent: 0, stopped: false };
  const running = (async () => {
    for (; !state.stopped; state.sent += 60) {
      await sendReports(producer, topic, state.sent, 60);
      await sleep(30);
    }
    return state.sent;
  })();
  return {
    stop: () => {
      state.stopped = true;
      return running;
    },
  };
}

describeBackend('a processor that is killed', () => {
  it('makes some records twice, none too few, and each becomes one row', async () => {
    await using proxy = await startCommitProxy();
    await using kafka = await mortalKafka(proxy.address);
    proxy.connectTo(kafka.address);
    const endpoints = { kafkaBootstrap: proxy.address, clickhouseUrl: inject('clickhouseUrl') };
    await using world = await openWorld(endpoints);
    const raw = `${world.topic}-raw`;
    await createTopic(proxy.address, raw, 3);
    const group = `processor-${world.topic}`;
    const env = {
      KAFKA_BROKER: proxy.address,
      PROCESSOR_FROM_TOPIC: raw,
      PROCESSOR_TO_TOPIC: world.topic,
      PROCESSOR_GROUP: group,
    };
    const kafkaConfig = readConfig(kafkaVariables, env);
    const producer = kafkaClient(proxy.address).producer({
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const load = startReports(producer, raw);
    await using consumer = await world.consumer(STREAM);
    let struck = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = await countMessages(proxy.address, world.topic);
      await using victim = startConsumerProcess(env, MAIN);
      let armed = false;
      // What was produced since the last commit is acknowledged, and never will be committed.
      proxy.swallows = (clientId) => {
        if (clientId !== group || !armed) return false;
        if (kill % 2 === 0) {
          victim.kill('SIGKILL');
          struck += 1;
          armed = false;
        }
        return kill % 2 === 0;
      };
      await until(async () => (await countMessages(proxy.address, world.topic)) > before);
      armed = true;
      if (kill % 2 === 1) {
        await sleep(Math.random() * 400);
        victim.kill('SIGKILL');
      }
      expect(await victim.exited).toBe('SIGKILL');
      proxy.swallows = () => false;
      // Else the group waits half a minute for the dead one.
      await dismissMembers(kafkaConfig, group);
    }

    expect(struck).toBe(KILLS / 2);
    let sent = await load.stop();
    for (let more = 0; more < BACKLOG; more += 3_000, sent += 3_000) {
      await sendReports(producer, raw, sent, 3_000);
    }
    await producer.disconnect();
    await using last = startConsumerProcess(env, MAIN);
    const before = await countMessages(proxy.address, world.topic);
    await until(async () => (await countMessages(proxy.address, world.topic)) > before);
    // The broker dies too, under the processor and the consumer.
    await kafka.kill();
    await kafka.revive();
    const offsets = upTo(sent / 3);
    // A broker that has just come back knows no groups for a moment.
    await until(async () => (await committed(proxy.address, group, raw).catch(() => 0)) === sent);

    last.kill('SIGTERM');
    expect(await last.exited).toBe(0);
    expect(last.lines.at(-1)!.msg).toMatch(/^read \d+, sent \d+ .* lag 0$/);

    const outputs = await outputsOf(proxy.address, world.topic);
    const appearances = [...firstAppearances(outputs)];
    expect(appearances.map(([place]) => place.split('/').at(-1)).toSorted()).toEqual([
      '0 in 0',
      '1 in 1',
      '2 in 2',
    ]);
    for (const [, seen] of appearances) expect(seen).toEqual(offsets);
    const twice = outputs.length - sent;
    expect(twice).toBeGreaterThanOrEqual(struck);

    let said = '';
    const auditing = readConfig(auditVariables, { ...world.env(STREAM), ORIGIN_TOPIC: raw });
    await until(async () => {
      said = '';
      const asked = { stream: trafficEvents, toEnd: true };
      return (await audit(auditing, asked, (text) => (said += text))) === 0;
    });
    const dead = Array.from({ length: sent }, (_, at) => at).filter((at) => at % BAD_EVERY === 7).length; // prettier-ignore
    expect(said).toContain(`EXACT: ${sent} of ${sent} records are rows or dead letters`);
    expect(said).toContain(`${sent - dead} good + ${dead} dead + 0 gap + ${twice} duplicates`);
    expect(await world.rowCount('traffic_events')).toBe(sent - dead);
    expect(consumer.totals()).toMatchObject({ inserted: sent - dead, duplicates: twice });
  }, 300_000);
});

/** How many records the group is done with. */
async function committed(bootstrap: string, groupId: string, topic: string): Promise<number> {
  const admin = kafkaClient(bootstrap).admin();
  await admin.connect();
  const [found] = await admin
    .fetchOffsets({ groupId, topics: [topic] })
    .finally(() => admin.disconnect());
  return found!.partitions.reduce((sum, { offset }) => sum + Math.max(0, Number(offset)), 0);
}

async function outputsOf(bootstrap: string, topic: string): Promise<Output[]> {
  const outputs: Output[] = [];
  await readLog(bootstrap, topic, (partition, message) => {
    const origin = readOrigin(message.headers?.[ORIGIN_HEADER]?.toString() ?? '');
    if (origin === undefined) throw new Error('a record does not say what it was made from');
    outputs.push({ partition, message, value: message.value?.toString(), origin });
  });
  return outputs;
}
