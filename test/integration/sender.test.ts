// The sender on a real broker: how it cuts batches, reports a record that no broker takes, continues behind
// it, and counts sequence numbers beyond the largest one.
import { randomBytes } from 'node:crypto';
import { expect, inject, it } from 'vitest';
import { readConfig } from '../../platform/config.ts';
import { batchOfRecords, type OutgoingRecord } from '../../platform/kafka/record-batch-writer.ts';
import { Sender, type SenderOptions } from '../../platform/kafka/sender.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';
import { createTopic } from '../backend/clients.ts';
import { describeBackend, randomTopic } from '../backend/context.ts';
import { readLog } from '../chaos/log-truth.ts';

const KAFKA_BROKER = inject('kafkaBootstrap');
const signal = new AbortController().signal;

function senderWith(options: Partial<SenderOptions> = {}): Sender {
  const config = readConfig(kafkaVariables, { KAFKA_BROKER });
  return new Sender(config, { clientId: 'sender-test', log: silentLog(), ...options });
}

async function newTopic(partitions = 1): Promise<string> {
  const topic = randomTopic('sender');
  await createTopic(KAFKA_BROKER, topic, partitions);
  return topic;
}

/** Incompressible, so that the broker sees its whole size. */
function record(name: string, bytes = 10): OutgoingRecord {
  const value = Buffer.concat([Buffer.from(`${name};`), randomBytes(bytes)]);
  return { key: Buffer.from(name), value, headers: [], timestampMs: 1_700_000_000_000 };
}

async function keysOf(topic: string): Promise<string[]> {
  const keys: string[] = [];
  await readLog(KAFKA_BROKER, topic, (_, message) => keys.push(String(message.key)));
  return keys;
}

describeBackend('the sender', () => {
  it('cuts a batch that is too large until the broker takes it, in order', async () => {
    const topic = await newTopic();
    await using sender = senderWith();
    const records = Array.from({ length: 9 }, (_, index) => record(`k${index}`, 400_000));
    const delivery = await sender.send(topic, batchOfRecords(0, records), signal);
    expect(delivery).toEqual({ kind: 'sent', sent: 9 });
    expect(await keysOf(topic)).toEqual(records.map(({ key }) => String(key)));
  });

  it('cuts a large batch also when an answer about it was lost before', async () => {
    const topic = await newTopic();
    await using sender = senderWith();
    const batch = batchOfRecords(
      0,
      ['a', 'b', 'c'].map((name) => record(name, 400_000)),
    );
    batch.doubts = 1;
    expect(await sender.send(topic, batch, signal)).toEqual({ kind: 'sent', sent: 3 });
    const alone = batchOfRecords(0, [record('d', 1_500_000)]);
    alone.doubts = 1;
    expect(await sender.send(topic, alone, signal)).toMatchObject({ kind: 'refused', sent: 0 });
    sender.goOn(topic, 0);
    const next = batchOfRecords(0, [record('e')]);
    expect(await sender.send(topic, next, signal)).toEqual({ kind: 'sent', sent: 1 });
    expect(await keysOf(topic)).toEqual(['a', 'b', 'c', 'e']);
  });

  it('names the refused record, and sends nothing behind it before its caller continues', async () => {
    const topic = await newTopic();
    await using sender = senderWith();
    const records = [
      record('a'),
      record('b'),
      record('large', 1_500_000),
      record('c'),
      record('d'),
    ];
    const [first, second] = await Promise.all([
      sender.send(topic, batchOfRecords(0, records), signal),
      sender.send(topic, batchOfRecords(0, [record('e')]), signal),
    ]);
    expect(first).toMatchObject({ kind: 'refused', sent: 2, reason: 'MESSAGE_TOO_LARGE' });
    if (first.kind !== 'refused') throw new Error('not reached');
    expect(first.failed.count).toBe(1);
    expect(first.behind.map(({ count }) => count)).toEqual([2]);
    expect(second).toMatchObject({ kind: 'unsent', sent: 0 });
    sender.goOn(topic, 0);
    for (const batch of [batchOfRecords(0, [record('instead')]), ...first.behind]) {
      expect(await sender.send(topic, batch, signal)).toMatchObject({ kind: 'sent' });
    }
    expect(await keysOf(topic)).toEqual(['a', 'b', 'instead', 'c', 'd']);
  });

  it('goes on beyond sequence number 2^31 without losing or repeating anything', async () => {
    const topic = await newTopic(2);
    await using sender = senderWith({ firstSequence: 2 ** 31 - 5 });
    const names = Array.from({ length: 24 }, (_, index) => `s${index}`);
    for (let at = 0; at < names.length; at += 3) {
      const batch = batchOfRecords(
        1,
        names.slice(at, at + 3).map((name) => record(name)),
      );
      expect(await sender.send(topic, batch, signal)).toEqual({ kind: 'sent', sent: 3 });
    }
    expect(await keysOf(topic)).toEqual(names);
  });

  it('ends every wait at a signal, and knows what was never written', async () => {
    const config = readConfig(kafkaVariables, { KAFKA_BROKER: '127.0.0.1:1' });
    await using sender = new Sender(config, { clientId: 'sender-test', log: silentLog() });
    const batch = batchOfRecords(0, [record('a')]);
    const delivery = await sender.send('nowhere', batch, AbortSignal.timeout(300));
    expect(delivery).toMatchObject({ kind: 'unsent', sent: 0, failed: batch });
  });
});
