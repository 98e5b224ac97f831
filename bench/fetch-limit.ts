// Child process, the fetch limit: kafkajs alone drains a topic, with the consumer's own settings, and
// does nothing with the messages. With `raw` it does so as the consumer does, going over undecoded
// record batches. Arguments: topic, messages, `raw` or nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { consumerVariables, inflateLimits } from '../consumer/config.ts';
import { readConfig } from '../platform/config.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { GroupConsumer } from '../platform/kafka/group-consumer.ts';
import { silentLog } from '../platform/log.ts';

const [topic = '', count = '0', how] = process.argv.slice(2);
const config = readConfig(consumerVariables);
const groupId = `fetch-limit-${process.pid}`;
const maxBytesPerPartition = config.FETCH_MAX_BYTES;
const done = Promise.withResolvers<undefined>();
let seen = 0;
let startedAt = 0;

function took(messages: number): void {
  startedAt ||= performance.now();
  seen += messages;
  if (seen >= Number(count)) done.resolve(undefined);
}

function drainRaw(): void {
  const group = new GroupConsumer(
    config,
    { groupId, topics: [topic], maxBytesPerPartition, inflate: inflateLimits(config) },
    silentLog(),
  );
  group.start({
    assigned: () => undefined,
    confirmed: () => undefined,
    failed: (error) => done.reject(error),
    batch: ({ records }) => {
      for (const batch of records) {
        while (batch.next());
        took(batch.count);
      }
      return Promise.resolve(true);
    },
  });
}

async function drain(): Promise<void> {
  const consumer = createKafka(config, silentLog(), groupId).consumer({
    groupId,
    maxBytesPerPartition,
    maxBytes: 4 * maxBytesPerPartition,
    maxWaitTimeInMs: 250,
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => Promise.resolve(took(batch.messages.length)),
  });
}

if (how === 'raw') drainRaw();
else await drain();
await done.promise;
const sec = (performance.now() - startedAt) / 1_000;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: seen / sec })}\n`);
await sleep(50);
process.exit(0);
