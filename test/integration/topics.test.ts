// `npm run topics` on a real broker: it creates missing topics, changes nothing else, and reports by its exit
// code.
import { expect, inject, it } from 'vitest';
import { topics, topicsVariables } from '../../clickhouse_setup/topics-main.ts';
import { readConfig } from '../../platform/config.ts';
import { topicStreams } from '../../streams/index.ts';
import { createTopic, kafkaClient } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';

describeBackend('npm run topics', () => {
  it('creates what is missing, once, and says what differs', async () => {
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
    expect(await asked(true)).toBe(0);
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
