// The processor while a server or topic is away or was replaced: its output, its input, or its unread
// records.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { createTopic, kafkaClient, produce } from '../backend/clients.ts';
import { describeBackend } from '../backend/context.ts';
import {
  firstAppearances,
  lines,
  processorWorld,
  reports,
  until,
  upTo,
} from './processor-world.ts';

const bootstrap = (): string => inject('kafkaBootstrap');

describeBackend('the processor', () => {
  it('waits for its output as a member of its group, and then continues in order', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const admin = kafkaClient(bootstrap()).admin();
    await admin.connect();
    const { log, said } = lines();
    await using processor = await world.processor({ log });
    await produce(bootstrap(), world.from, reports(0, 10, 1));
    await world.holds(10);
    await admin.deleteTopics({ topics: [world.to] });
    await until(async () => !(await admin.listTopics()).includes(world.to));
    await produce(bootstrap(), world.from, reports(10, 10, 1));
    await until(() =>
      said.some((line) => line.includes(`waiting: topic ${world.to} does not exist`)),
    );
    await sleep(4_000); // some heartbeats
    await createTopic(bootstrap(), world.to, 1);
    await until(() => processor.totals().sent === 20);
    const offsets = (await world.outputs()).map(({ origin }) => origin.offset);
    expect(offsets).toEqual(upTo(20).slice(10));
    expect(said.filter((line) => line.startsWith('took over'))).toHaveLength(1);
    await admin.disconnect();
  });

  it('gives up unsent records when it must stop, and its successor sends them', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const admin = kafkaClient(bootstrap()).admin();
    await admin.connect();
    {
      const { log, said } = lines();
      await using processor = await world.processor({ log });
      await until(() => said.some((line) => line.startsWith('took over')));
      await admin.deleteTopics({ topics: [world.to] });
      await until(async () => !(await admin.listTopics()).includes(world.to));
      await produce(bootstrap(), world.from, reports(0, 10, 1));
      await until(() => said.some((line) => line.includes('does not exist')));
      await processor[Symbol.asyncDispose]();
      expect(said.at(-2)).toBe(
        'gave up the batches on their way and will read their records again',
      );
      expect(said.at(-1)).toMatch(/^read 0, sent 0 .* lag 10$/);
    }
    await createTopic(bootstrap(), world.to, 1);
    await admin.disconnect();
    await using next = await world.processor({ max: 10 });
    expect(await next.ended).toBe(0);
    expect((await world.outputs()).map(({ origin }) => origin.offset)).toEqual(upTo(10));
  });

  it('reads a topic that was created again from its start, under its new name', async () => {
    const world = await processorWorld(bootstrap(), 1);
    const admin = kafkaClient(bootstrap()).admin();
    await admin.connect();
    const { log, said } = lines();
    const recreate = async (): Promise<void> => {
      await admin.deleteTopics({ topics: [world.from] });
      await until(async () => !(await admin.listTopics()).includes(world.from));
      await createTopic(bootstrap(), world.from, 1);
    };
    await produce(bootstrap(), world.from, reports(0, 10, 1));
    {
      await using processor = await world.processor({ log });
      await until(() => processor.totals().sent === 10);
      await recreate();
      await produce(bootstrap(), world.from, reports(0, 15, 1));
      await until(() => processor.totals().sent === 25);
    }
    await recreate();
    await produce(bootstrap(), world.from, reports(0, 30, 1));
    await using processor = await world.processor({ log });
    await until(() => processor.totals().sent === 30);
    const appearances = [...firstAppearances(await world.outputs()).values()];
    expect(appearances).toEqual([upTo(10), upTo(15), upTo(30)]);
    expect(said.some((line) => line.includes('created again'))).toBe(true);
    await admin.disconnect();
  });

  it('names the records that retention took unread, and continues behind them', async () => {
    const world = await processorWorld(bootstrap(), 1);
    await produce(bootstrap(), world.from, reports(0, 10, 1));
    {
      await using first = await world.processor({ max: 5 });
      expect(await first.ended).toBe(0);
    }
    const admin = kafkaClient(bootstrap()).admin();
    await admin.connect();
    await admin.fetchTopicOffsets(world.from);
    await admin.deleteTopicRecords({
      topic: world.from,
      partitions: [{ partition: 0, offset: '8' }],
    });
    await admin.disconnect();
    const { log, said } = lines();
    await using processor = await world.processor({ log });
    const outputs = await world.holds(7);
    expect(outputs.map(({ origin }) => origin.offset)).toEqual([0, 1, 2, 3, 4, 8, 9]);
    expect(said.some((line) => line.includes('offsets 5 to 7 left the log'))).toBe(true);
    await until(() => processor.totals().lag === 0);
  });
});
