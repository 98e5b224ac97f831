// Child process, end to end: the consumer as it is, from its start on a full topic until everything
// is in the table. The clock starts with the first batch taken. Arguments: topic, messages.
import { setTimeout as sleep } from 'node:timers/promises';
import { consumerVariables } from '../consumer/config.ts';
import { start } from '../consumer/main.ts';
import { environment, readConfig } from '../platform/config.ts';
import { silentLog } from '../platform/log.ts';

const [topic = '', count = '0'] = process.argv.slice(2);
const config = readConfig(consumerVariables, {
  ...environment(),
  STREAMS: 'sensor_data',
  KAFKA_TOPIC: topic,
  KAFKA_GROUP: `bench-${process.pid}`,
  METRICS_PORT: '0',
});
const consumer = await start(config, silentLog());
let startedAt = 0;
for (;;) {
  const { consumed, inserted } = consumer.totals();
  if (startedAt === 0 && consumed > 0) startedAt = performance.now();
  if (inserted >= Number(count)) break;
  await sleep(5);
}
const sec = (performance.now() - startedAt) / 1_000;
process.stdout.write(`${JSON.stringify({ sec, rowsPerSec: Number(count) / sec })}\n`);
await consumer[Symbol.asyncDispose]();
process.exit(0);
