// Clients of the tests' servers: kafkajs as the platform configures it, and the few calls that
// nearly every integration test makes.
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Message } from 'kafkajs';
import { asError } from '../../platform/errors.ts';
import { readConfig } from '../../platform/config.ts';
import { createKafka, type Kafka } from '../../platform/kafka/client.ts';
import { kafkaVariables } from '../../platform/kafka/variables.ts';
import { silentLog } from '../../platform/log.ts';

/** A kafkajs client of the broker at `bootstrap`. Connect and disconnect what you take from it. */
export function kafkaClient(bootstrap: string): Kafka {
  return createKafka(readConfig(kafkaVariables, { KAFKA_BROKER: bootstrap }), silentLog(), 'test');
}

/** For topics of old records: the broker looks for those that are too old 30 s after its start. */
export const KEPT_FOR_EVER = { 'retention.ms': '-1' };

/** Creates a topic and waits until its partitions have leaders. */
export async function createTopic(
  bootstrap: string,
  topic: string,
  numPartitions = 1,
  config: Readonly<Record<string, string>> = {},
): Promise<void> {
  const admin = kafkaClient(bootstrap).admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    const topics = [{ topic, numPartitions, configEntries }];
    // Waiting is done here: kafkajs's own gives up when the broker has not heard of the topic yet.
    await admin.createTopics({ topics, waitForLeaders: false });
    for (let attempt = 0; ; attempt += 1) {
      const led = await admin.fetchTopicMetadata({ topics: [topic] }).then(
        ({ topics }) => topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0,
        (error: unknown) => (attempt > 200 ? Promise.reject(asError(error)) : 0),
      );
      if (led === numPartitions) return;
      await sleep(50);
    }
  } finally {
    await admin.disconnect();
  }
}

/** Sends messages and resolves once they are acknowledged. */
export async function produce(
  bootstrap: string,
  topic: string,
  messages: Message[],
  compression = kafkajs.CompressionTypes.None,
): Promise<void> {
  // A partition that has a leader may still refuse; kafkajs then sends those that did not once more.
  const idempotent = { idempotent: true, maxInFlightRequests: 1 };
  const producer = kafkaClient(bootstrap).producer(idempotent);
  await producer.connect();
  try {
    await producer.send({ topic, messages, acks: -1, compression });
  } finally {
    await producer.disconnect();
  }
}

/** How many messages a topic holds: the sum of end minus start over its partitions. */
export async function countMessages(bootstrap: string, topic: string): Promise<number> {
  const admin = kafkaClient(bootstrap).admin();
  await admin.connect();
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}
