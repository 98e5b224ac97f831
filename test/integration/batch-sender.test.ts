// A batch with an identity on a real broker: however often it is sent, by whom, and in which order with
// the search for it, the log holds it once, byte for byte.
import type { KafkaMessage } from 'kafkajs';
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../platform/config.ts';
import { BatchSender } from '../../platform/kafka/batch-sender.ts';
import type { OutgoingRecord } from '../../platform/kafka/record-batch-writer.ts';
import { TopicIdentities } from '../../platform/kafka/topic-identity.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { createTopic, KEPT_FOR_EVER, produce } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import { readLog } from '../chaos/log-truth.ts';

const config = () => readConfig(kafkaVariables, { KAFKA_BROKER: inject('kafkaBootstrap') });

const record: OutgoingRecord = {
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  headers: [],
  timestampMs: 1_594_512_094_385,
};

async function newPartition() {
  const topic = randomTopic('batch');
  await createTopic(inject('kafkaBootstrap'), topic, 2, KEPT_FOR_EVER);
  await using identities = new TopicIdentities(config(), 'test');
  return { topic, topicId: await identities.idOf(topic), partition: 1 };
}

async function logOf(topic: string): Promise<KafkaMessage[]> {
  const messages: KafkaMessage[] = [];
  await readLog(inject('kafkaBootstrap'), topic, (_, message) => messages.push(message));
  return messages;
}

describeBackend('a batch with an identity', () => {
  it('lands once, whoever sends it again, and is found where it is', async () => {
    const where = await newPartition();
    await using one = new BatchSender(config(), 'one');
    await using other = new BatchSender(config(), 'other');
    const identity = await one.newIdentity();
    expect(await other.newIdentity()).not.toEqual(identity);
    await produce(inject('kafkaBootstrap'), where.topic, [
      { partition: 1, value: 'before', key: 'x' },
    ]);
    expect(await other.find(where, identity, 0, 1)).toBeUndefined();
    const landed = { kind: 'landed', offset: 1 };
    expect(await one.send(where, identity, [record, record])).toEqual(landed);
    await produce(inject('kafkaBootstrap'), where.topic, [{ partition: 1, value: 'after' }]);
    expect(await other.send(where, identity, [record, record])).toEqual(landed);
    expect(await one.send(where, identity, [record, record])).toEqual(landed);
    expect(await other.find(where, identity, 0, 4)).toBe(1);
    expect(await other.find(where, identity, 3, 4)).toBeUndefined();
    expect(await logOf(where.topic)).toHaveLength(4);
  });

  it('keeps every part of a record', async () => {
    const where = await newPartition();
    await using sender = new BatchSender(config(), 'one');
    const value = Buffer.from([0, 255, 10]);
    const bytes = Buffer.from([254]);
    const headers = [['a', bytes], ['a', null], ['é', Buffer.alloc(0)]] as const; // prettier-ignore
    // Further apart than 2^31 ms, which other clients write wrongly.
    const early = record.timestampMs - 30 * 86_400_000;
    const outcome = await sender.send(where, await sender.newIdentity(), [
      { ...record, value, headers },
      { ...record, key: null, value: null, timestampMs: early },
    ]);
    expect(outcome).toEqual({ kind: 'landed', offset: 0 });
    const [first, second] = await logOf(where.topic);
    expect(first).toMatchObject({ key: record.key, value, timestamp: String(record.timestampMs) });
    expect(first!.headers).toEqual({ a: [bytes, null], é: Buffer.alloc(0) });
    expect(second).toMatchObject({ key: null, value: null, timestamp: String(early) });
  });

  it('differs from one that the broker will never take', async () => {
    const where = await newPartition();
    await using sender = new BatchSender(config(), 'one');
    const large = { ...record, value: Buffer.alloc(2_000_000) };
    const outcome = await sender.send(where, await sender.newIdentity(), [large]);
    expect(outcome).toEqual({ kind: 'refused', reason: 'MESSAGE_TOO_LARGE' });
    expect(await logOf(where.topic)).toEqual([]);
  });
});
