// Child process, the fetch limit: kafkajs drains a topic with the consumer's own settings and does
// nothing with the records. Arguments: topic, messages.
import { setTimeout as sleep } from 'node:timers/promises';
import { consumerVariables } from '../consumer/config.ts';
import { readConfig } from '../platform/config.ts';
import { GroupConsumer } from '../platform/kafka/group-consumer.ts';
import { silentLog } from '../platform/log.ts';

const [topic = '', count = '0'] = process.argv.slice(2);
const config = readConfig(consumerVariables);
const group = new GroupConsumer(
  config,
  {
    groupId: `drain-${process.pid}`,
    topics: [topic],
    maxBytesPerPartition: config.FETCH_MAX_BYTES,
  },
  silentLog(),
);
let seen = 0;
let startedAt = 0;
const done = Promise.withResolvers<undefined>();
group.start({
  assigned: () => undefined,
  confirmed: () => undefined,
  failed: (error) => done.reject(error),
  batch: ({ records }) => {
    startedAt ||= performance.now();
    seen += records.length;
    if (seen >= Number(count)) done.resolve(undefined);
    return Promise.resolve(true);
  },
});
await done.promise;
const sec = (performance.now() - startedAt) / 1_000;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: seen / sec })}\n`);
await sleep(50);
process.exit(0);
