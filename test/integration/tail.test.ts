// `npm run tail` as a program on a real broker: its output, its end, and that it leaves no trace.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import kafkajs from 'kafkajs';
import { environment, readConfig } from '../../platform/config.ts';
import { TopicReader } from '../../platform/kafka/topic-reader.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { createTopic, KEPT_FOR_EVER, kafkaClient, produce } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import { until } from './processor-world.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'tail', 'main.ts');

function tail(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...environment(), KAFKA_BROKER: inject('kafkaBootstrap') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.err += chunk.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, said, exited };
}

async function groups(): Promise<string[]> {
  const admin = kafkaClient(inject('kafkaBootstrap')).admin();
  await admin.connect();
  const found = await admin.listGroups();
  await admin.disconnect();
  return found.groups.map(({ groupId }) => groupId);
}

describeBackend('npm run tail', () => {
  it('shows the beginning of batches that are too large, and continues behind them', async () => {
    const topic = randomTopic('tail');
    await createTopic(inject('kafkaBootstrap'), topic, 1);
    const { GZIP } = kafkajs.CompressionTypes;
    const headers = { padding: Buffer.alloc(3_000_000) };
    const padded = Array.from({ length: 4 }, (_, at) => ({ value: `padded ${at}`, headers }));
    await produce(inject('kafkaBootstrap'), topic, padded, GZIP);
    await produce(inject('kafkaBootstrap'), topic, [{ value: 'behind' }]);
    const { exited, said } = tail('--topic', topic, '--from-beginning', '--max', '5');
    expect(await exited).toBe(0);
    expect(said.out.match(/padded|behind/g)).toHaveLength(5);
  });

  it('shows what is there from the beginning and ends after --max, without colours', async () => {
    const topic = randomTopic('tail');
    await createTopic(inject('kafkaBootstrap'), topic, 2, KEPT_FOR_EVER);
    const messages = Array.from({ length: 12 }, (_, index) => {
      return {
        partition: index % 2,
        key: `k${index}`,
        value: `message ${index}`,
        timestamp: '1700000000123',
      };
    });
    const admin = kafkaClient(inject('kafkaBootstrap')).producer({ idempotent: true });
    await admin.connect();
    const { GZIP, LZ4, None, Snappy, ZSTD } = kafkajs.CompressionTypes;
    for (const [index, compression] of [GZIP, LZ4, None, Snappy, ZSTD].entries()) {
      await admin.send({ topic, messages: messages.slice(2 * index, 2 * index + 2), compression });
    }
    await admin.disconnect();
    const { exited, said } = tail(
      '--topic',
      topic,
      '--show-keys',
      '--max',
      '10',
      '--from-beginning',
    );
    expect(await exited).toBe(0);
    const lines = said.out.trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    for (let index = 0; index < 10; index += 1) {
      const place = `${index % 2}/${Math.floor(index / 2)}`;
      expect(lines).toContain(`2023-11-14 22:13:20.123  ${place}  k${index}  message ${index}`);
    }
    expect(said.err).toBe('');
  });

  it('follows from now on until Ctrl+C, and leaves no group behind', async () => {
    const topic = randomTopic('tail');
    await createTopic(inject('kafkaBootstrap'), topic, 1);
    await produce(inject('kafkaBootstrap'), topic, [{ value: 'before' }]);
    const before = await groups();
    const { child, exited, said } = tail('--topic', topic);
    let number = 0;
    // It follows from some moment on that nobody outside can know.
    await until(async () => {
      await produce(inject('kafkaBootstrap'), topic, [{ value: `after ${(number += 1)}` }]);
      return said.out.includes('after');
    });
    await produce(inject('kafkaBootstrap'), topic, [{ value: Buffer.from([0xff, 0x1b]) }]);
    await until(() => said.out.includes('\\xff\\u{1b}'));
    child.kill('SIGINT');
    expect(await exited).toBe(0);
    expect(said.out).not.toContain('before');
    expect(said.err).toBe('');
    expect((await groups()).filter((group) => /tail/.test(group))).toEqual(
      before.filter((group) => /tail/.test(group)),
    );
  });

  it('says in one line that a topic does not exist, or that Kafka is away', async () => {
    const unknown = tail('--topic', 'no-such-topic');
    expect(await unknown.exited).toBe(2);
    expect(unknown.said.err).toMatch(/^--topic: no-such-topic does not exist on \S+\n$/);
    const away = tail('--topic', 'x', '--bootstrap', '127.0.0.1:1');
    expect(await away.exited).toBe(3);
    expect(away.said.err).toBe(
      'Kafka: nothing answers on 127.0.0.1:1: npm start, or npm run kafka\n',
    );
    expect(away.said.err.trimEnd()).not.toContain('\n');
  });

  it('goes on when a topic was created again', async () => {
    const bootstrap = inject('kafkaBootstrap');
    const topic = randomTopic('tail');
    await createTopic(bootstrap, topic, 1);
    await produce(bootstrap, topic, [{ value: 'one' }, { value: 'two' }]);
    const { child, exited, said } = tail('--topic', topic, '--from-beginning');
    await until(() => said.out.includes('two'));
    const admin = kafkaClient(bootstrap).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await until(async () => !(await admin.listTopics()).includes(topic));
    await admin.disconnect();
    await createTopic(bootstrap, topic, 1);
    await produce(bootstrap, topic, [{ value: 'three' }]);
    await until(() => said.out.includes('0/0  three'));
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  it('counts which offsets have a record: those of an aborted transaction and markers have none', async () => {
    const bootstrap = inject('kafkaBootstrap');
    const topic = randomTopic('present');
    await createTopic(bootstrap, topic, 2);
    const partition = 1;
    const some = (count: number) => Array.from({ length: count }, () => ({ partition, value: 'v' }));
    await produce(bootstrap, topic, some(10), kafkajs.CompressionTypes.GZIP);
    const idempotent = { idempotent: true, maxInFlightRequests: 1 };
    const producer = kafkaClient(bootstrap).producer({ ...idempotent, transactionalId: topic });
    await producer.connect();
    for (const end of ['abort', 'commit'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: some(4) });
      await transaction[end]();
    }
    await producer.disconnect();
    // 0 to 9 plain, 10 to 13 aborted, 14 a marker, 15 to 18 committed, 19 a marker.
    const config = readConfig(kafkaVariables, { KAFKA_BROKER: bootstrap });
    await using reader = new TopicReader(config, topic, 'test', silentLog());
    await reader.open('end');
    const present = (...ranges: [number, number][]) =>
      reader.present(partition, ranges.map(([first, last]) => ({ first, last })));
    expect(await present([0, 19])).toBe(14);
    expect(await present([3, 3], [5, 6], [9, 12], [14, 15], [19, 19])).toBe(5);
    expect(await present([10, 14])).toBe(0);
    expect(await present()).toBe(0);
  }); // prettier-ignore
});
