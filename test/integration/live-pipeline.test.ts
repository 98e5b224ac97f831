// The strip of the live page over several streams, on a real broker and engine: what is not used here is no
// fault, figures are of all tables, and how far a processor has come is known.
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../platform/config.ts';
import { TopicOffsets } from '../../platform/kafka/topic-offsets.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { createTopic, kafkaClient, produce } from '../backend/clients.ts';
import { describeBackend, randomGroup, randomTopic } from '../backend/context.ts';
import { fakeConsumer, readStream, startLive, type Variables } from '../live/world.ts';
import { sensorTables, write, type SensorTables } from './dashboard-data.ts';

interface Said {
  readonly id: string;
  readonly state: string;
  readonly figure: string;
  readonly reason: string;
}

/** The places of the strip, of the first look that tells a pace. */
async function places(tables: SensorTables, env: Variables): Promise<Record<string, Said>> {
  await using consumer = await fakeConsumer(0);
  const endpoints = { KAFKA_BROKER: inject('kafkaBootstrap'), CONSUMER_URL: consumer.url };
  await using live = await startLive(tables.url, { ...endpoints, ...env });
  const told = 2;
  const events = await readStream(`${live.url}/api/stream/pipeline-health`, (all) => {
    return all.filter(({ name }) => name === 'pipeline').length >= told;
  });
  const last = events.findLast(({ name }) => name === 'pipeline')!.data['places'] as Said[];
  return Object.fromEntries(last.map((place) => [place.id, place]));
}

describeBackend('the strip', () => {
  it('finds nothing wrong where one stream has neither topic nor rows', async () => {
    // Few rows: more of them are as if they had come late.
    await using tables = await sensorTables(inject('clickhouseUrl'), Date.now() - 2_000, 5);
    await write(tables, 'TRUNCATE TABLE traffic_events', 'TRUNCATE TABLE dead_letters');
    const topic = randomTopic('strip');
    await createTopic(inject('kafkaBootstrap'), topic, 2);
    await produce(inject('kafkaBootstrap'), topic, [{ value: '{}' }, { value: '{}' }]);
    for (const STREAMS of ['sensors', 'all']) {
      const said = await places(tables, { KAFKA_TOPIC: topic, STREAMS });
      const states = Object.values(said).map(({ state }) => state);
      expect(states, JSON.stringify(said)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
      expect(said['clickhouse']!.figure).toBe(`${tables.rowsNow + 21} rows`);
    }
  });

  it('counts the rows of all streams that are chosen', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), Date.now() - 2_000);
    const topic = { KAFKA_TOPIC: randomTopic('strip') };
    const sensors = await places(tables, { ...topic, STREAMS: 'sensors' });
    expect(sensors['clickhouse']!.figure).toBe(`${tables.rowsNow + 21} rows`);
    // A topic that does not exist is one that nobody has sent to.
    expect(sensors['kafka']).toMatchObject({ state: 'ok', figure: '0 kept' });
    expect(sensors['producers']!.reason).toContain('No message was sent yet');
    const all = await places(tables, { ...topic, STREAMS: 'all' });
    expect(all['clickhouse']!.figure).toBe(`${tables.rowsNow + 21 + 48} rows`);
  });

  it('counts what an open transaction hides as sent', async () => {
    await using tables = await sensorTables(inject('clickhouseUrl'), Date.now() - 2_000, 5);
    const bootstrap = inject('kafkaBootstrap');
    const topic = randomTopic('strip');
    await createTopic(bootstrap, topic, 1);
    await produce(bootstrap, topic, [{ value: '{}' }, { value: '{}' }]);
    const idempotent = { idempotent: true, maxInFlightRequests: 1 };
    const producer = kafkaClient(bootstrap).producer({ ...idempotent, transactionalId: topic });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({
      topic,
      messages: [{ value: '{}' }, { value: '{}' }, { value: '{}' }],
    });
    const said = await places(tables, { KAFKA_TOPIC: topic, STREAMS: 'sensors' });
    await transaction.abort();
    await producer.disconnect();
    expect(said['kafka']).toMatchObject({
      figure: '5 kept',
      reason:
        'Every message sent is still kept. 3 messages may not be read before an open transaction ends.',
    });
  });

  it('knows how far a group has come, and which topics there are', async () => {
    const bootstrap = inject('kafkaBootstrap');
    const [topic, group] = [randomTopic('strip'), randomGroup('strip')];
    await createTopic(bootstrap, topic, 2);
    await using offsets = new TopicOffsets(
      readConfig(kafkaVariables, { KAFKA_BROKER: bootstrap }),
      silentLog(),
      'test',
    );
    expect(await offsets.existing([topic, `${topic}-not`])).toEqual([topic]);
    // A broker that nobody has committed to before makes its coordinator first.
    const committed = () => offsets.committedBy(group, topic).catch(() => undefined);
    await expect.poll(committed, { timeout: 60_000 }).toEqual(new Map());
    const admin = kafkaClient(bootstrap).admin();
    await admin.connect();
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 1, offset: '7' }] });
    await admin.disconnect();
    expect(await offsets.committedBy(group, topic)).toEqual(new Map([[1, 7]]));
  });
});
