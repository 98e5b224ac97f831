// The producer with a real Kafka: what arrives, in which order, and what it does when the topic is
// missing or Kafka refuses it.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { silentLog } from '../../platform/log.ts';
import { readProducerConfig } from '../../producers/config.ts';
import { start } from '../../producers/main.ts';
import { countMessages, createTopic } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import {
  DEVICES,
  expectedEvents,
  launchProducer,
  printedEvents,
  readTopic,
  runProducer,
} from './producer-process.ts';
import { until } from '../until.ts';

const KAFKA_BROKER = inject('kafkaBootstrap');
/** What Java's murmur2 partitioner gives for this key and 3 partitions. */
const PARTITION_OF_B = 1;

async function topicWith(partitions: number): Promise<string> {
  const topic = randomTopic('producer');
  await createTopic(KAFKA_BROKER, topic, partitions);
  return topic;
}

/** A port that takes connections at once and lets the broker answer only after `delayMs`. */
async function slowBroker(broker: string, delayMs: number) {
  const [host, port] = broker.split(':') as [string, string];
  const sockets: Socket[] = [];
  const forward = async (client: Socket): Promise<void> => {
    await sleep(delayMs);
    const answering = connect(Number(port), host).on('error', () => undefined);
    sockets.push(answering);
    client.pipe(answering).pipe(client);
  };
  const server = createServer((client) => {
    sockets.push(client.on('error', () => undefined));
    void forward(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    broker: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describeBackend('a producer with Kafka', () => {
  it('sends the rows of its device, keyed, in order, in one partition', async () => {
    const topic = await topicWith(3);
    const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, ROW_LIMIT: '2500' };
    const { exit, stdout, account } = await runProducer(env, ['B']);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
    expect(account).toMatchObject({ read: 2500, sent: 2500, inDoubt: 0, dryRun: 0, failed: 0 });
    const records = await readTopic(KAFKA_BROKER, topic);
    expect(records.map(({ value }) => value)).toEqual(expectedEvents(DEVICES.B, 2_500));
    expect(new Set(records.map(({ key }) => key))).toEqual(new Set([DEVICES.B]));
    expect(new Set(records.map(({ partition }) => partition))).toEqual(new Set([PARTITION_OF_B]));
  });

  it('runs three in one process, each with its own account', async () => {
    const topic = await topicWith(3);
    const accounts = await Promise.all(
      ['A', 'B', 'C'].map(async (PRODUCER, index) => {
        const limits = { ROW_LIMIT: String(1_200 + index), INTERVAL_MS: '0' };
        const config = readProducerConfig({
          KAFKA_BROKER,
          KAFKA_TOPIC: topic,
          PRODUCER,
          ...limits,
        });
        const service = await start(config, { log: silentLog(), output: new PassThrough() });
        expect(await service.ended).toBe(0);
        return service.account;
      }),
    );
    expect(accounts.map(({ sent }) => sent)).toEqual([1_200, 1_201, 1_202]);
    const records = await readTopic(KAFKA_BROKER, topic);
    for (const [index, device] of Object.values(DEVICES).entries()) {
      const values = records.filter(({ key }) => key === device).map(({ value }) => value);
      expect(values).toEqual(expectedEvents(device, 1_200 + index));
    }
  });

  it('stops at SIGTERM in the middle; the account equals the records in Kafka', async () => {
    const topic = await topicWith(1);
    const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, LOOP: 'true', INTERVAL_MS: '1' };
    const producer = launchProducer(env);
    await until('20 messages are in Kafka', async () => {
      return (await countMessages(KAFKA_BROKER, topic)) >= 20;
    });
    producer.process.kill('SIGTERM');
    const { exit, account } = await producer.finished;
    expect(exit).toBe(0);
    expect(account).toMatchObject({ sent: account!.read, inDoubt: 0, dryRun: 0, failed: 0 });
    expect(await countMessages(KAFKA_BROKER, topic)).toBe(account!.sent);
  });

  it('does not take a broker that answers late for one that is away', async () => {
    const topic = await topicWith(1);
    await using slow = await slowBroker(KAFKA_BROKER, 1_500);
    const env = { KAFKA_BROKER: slow.broker, KAFKA_TOPIC: topic, KAFKA_MAX_BLOCK_MS: '300' };
    const { exit, account } = await runProducer(env, ['A', '5']);
    expect({ exit, account }).toMatchObject({ exit: 0, account: { dryRun: 0, sent: 5 } });
  });

  it('takes a missing topic for Kafka being away, and says how to create it', async () => {
    const topic = randomTopic('missing');
    const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, KAFKA_MAX_BLOCK_MS: '1000' };
    const { exit, stdout, log, account } = await runProducer(env, ['A', '5']);
    expect(printedEvents(stdout)).toEqual(expectedEvents(DEVICES.A, 5));
    expect({ exit, account }).toMatchObject({ exit: 0, account: { dryRun: 5, sent: 0 } });
    const warnings = log.filter(({ level }) => level === 'warn');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]!.msg).toContain(`topic ${topic} does not exist`);
    expect(warnings[0]!.msg).toContain('npm run setup');
  });

  it('waits for a missing topic with ON_KAFKA_DOWN=wait', async () => {
    const topic = randomTopic('late');
    const env = { KAFKA_BROKER, KAFKA_TOPIC: topic, ON_KAFKA_DOWN: 'wait' };
    const producer = launchProducer(env, ['A', '20']);
    await producer.logged(/npm run setup/);
    await createTopic(KAFKA_BROKER, topic);
    const { exit, account } = await producer.finished;
    expect({ exit, account }).toMatchObject({ exit: 0, account: { read: 20, sent: 20 } });
    expect(await countMessages(KAFKA_BROKER, topic)).toBe(20);
  });

  it('does not take a refused login for Kafka being away', async () => {
    const login = { KAFKA_SASL_USERNAME: 'me', KAFKA_SASL_PASSWORD: 'secret-word' };
    const env = { KAFKA_BROKER, KAFKA_SASL_MECHANISM: 'plain', ...login };
    const { exit, stdout, stderr, account } = await runProducer(env);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^Kafka at 127\.0\.0\.1:\d+: .*SASL/i);
    expect(stderr).not.toContain('secret-word');
    expect(account).toMatchObject({ read: 0 });
  });
});
