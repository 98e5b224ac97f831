// `npm run topics` on a real broker: it creates missing topics, changes nothing else, and reports by its exit
// code.
import { expect, inject, it } from 'vitest';
import { topics, topicsVariables } from '../../clickhouse_setup/topics-main.ts';
import { readConfig } from '../../platform/config.ts';
import { topicStreams } from '../../streams/index.ts';
import {
  SERVERS,
  checkConnections,
  connectionVariables,
  type Server,
} from '../../tools/connections/connections.ts';
import { createTopic, kafkaClient } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import { until } from '../until.ts';

describeBackend('npm run topics', () => {
  it('creates missing topics, once, and reports differences', async () => {
    const bootstrap = inject('kafkaBootstrap');
    const sensors = randomTopic('sensors');
    const config = readConfig(topicsVariables, { KAFKA_BROKER: bootstrap, KAFKA_TOPIC: sensors });
    const texts: string[] = [];
    const asked = (check: boolean) => topics(config, { check }, (text) => texts.push(text));
    expect(await asked(true)).toBe(1);
    expect(texts.at(-1)).toMatch(new RegExp(`^${sensors} +3 {2}7 d +missing$`, 'm'));
    await createTopic(bootstrap, sensors, 1);
    expect(await asked(false)).toBe(0);
    expect(texts.at(-1)).toMatch(new RegExp(`^${sensors} +1 {2}7 d +differs$`, 'm'));
    expect(texts.at(-1)).toContain(`--topic ${sensors} --partitions 3`);
    expect(await asked(true)).toBe(1);
    const admin = kafkaClient(bootstrap).admin();
    await admin.connect();
    const existing = await admin.listTopics();
    const names = topicStreams
      .map(({ topic }) => topic.name)
      .filter((name) => name !== 'sensor_data');
    expect(existing).toEqual(expect.arrayContaining(names));
    await admin.createPartitions({ topicPartitions: [{ topic: sensors, count: 3 }] });
    await admin.disconnect();
    // The broker hears of its own partitions a moment later.
    await until('the topic has all partitions', async () => (await asked(true)) === 0);
    expect(await asked(false)).toBe(0);
    expect(texts.at(-1)).toBe(texts.at(-2));
    expect(texts.at(-1)!.trim().split('\n')).toHaveLength(1 + topicStreams.length);
  });

  it('fails when Kafka is away', async () => {
    const config = readConfig(topicsVariables, { KAFKA_BROKER: '127.0.0.1:1' });
    await expect(topics(config, { check: true }, () => undefined)).rejects.toThrow(
      /nothing answers/,
    );
  });
});

describeBackend('npm run connections', () => {
  it('says for each server whether it can be reached, and fails when one cannot', async () => {
    const good = { KAFKA_BOOTSTRAP_SERVERS: inject('kafkaBootstrap'), CLICKHOUSE_URL: inject('clickhouseUrl') }; // prettier-ignore
    const check = async (env: Record<string, string>, servers: readonly Server[] = SERVERS) => {
      const lines: string[] = [];
      const config = readConfig(connectionVariables, env);
      const code = await checkConnections(config, servers, (line) => lines.push(line));
      return { code, lines };
    };
    const both = await check(good);
    expect(both.lines[0]).toMatch(/^Kafka {7}reachable {6}127\.0\.0\.1:\d+, \d+ topics$/);
    expect(both.lines[1]).toMatch(
      /^ClickHouse {2}reachable .*, version \d\S+, user \w+, database /,
    );
    expect(both.code).toBe(0);
    const away = await check({ ...good, CLICKHOUSE_URL: 'http://127.0.0.1:1' });
    expect(away.lines[1]).toMatch(/^ClickHouse {2}NOT reachable {2}.*nothing answers on 127/);
    expect(away.code).toBe(1);
    const refused = await check({ ...good, CLICKHOUSE_URL: good.CLICKHOUSE_URL.replace('://', '://nobody:wrong@') }); // prettier-ignore
    expect(refused.lines[1]).toMatch(/^ClickHouse {2}NOT reachable/);
    const kafka = await check({ KAFKA_BROKER: '127.0.0.1:1' }, ['kafka']);
    expect(kafka.lines).toHaveLength(1);
    expect(kafka.lines[0]).toMatch(/^Kafka {7}NOT reachable {2}.*nothing answers on 127/);
    expect(kafka.code).toBe(1);
  });
});
