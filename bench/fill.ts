// Child process: fills a topic with generated sensor events as our producers write them, and prints the rate.
// Arguments: topic, messages.
import kafkajs from 'kafkajs';
import { sensorEvents } from '../data/device-model.ts';
import { DEFAULT_SEED } from '../data/generate-options.ts';
import { readConfig } from '../platform/config.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { kafkaVariables } from '../platform/kafka/variables.ts';
import { silentLog } from '../platform/log.ts';

const [topic = '', count = '0'] = process.argv.slice(2);
const BATCH = 5_000;
const SOURCE_EVENTS = 200_000;

/** Keys spread over all partitions: the three devices of the data set would fill only two. */
const DEVICES = 60;

const messages = sensorEvents(DEFAULT_SEED)
  .take(SOURCE_EVENTS)
  .map((event, index) => {
    const device = event.device_id.slice(0, -2) + String(index % DEVICES).padStart(2, '0');
    return { key: device, value: JSON.stringify({ ...event, device_id: device }) };
  })
  .toArray();

const kafka = createKafka(readConfig(kafkaVariables), silentLog(), 'bench-fill');
const producer = kafka.producer({ idempotent: true });
await producer.connect();
const startedAt = performance.now();
let bytes = 0;
for (let sent = 0; sent < Number(count); sent += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, Number(count) - sent) }, (_, index) => {
    const message = messages[(sent + index) % messages.length]!;
    bytes += message.value.length;
    return message;
  });
  const compression = kafkajs.CompressionTypes.LZ4;
  await producer.send({ topic, messages: batch, acks: -1, compression });
}
const sec = (performance.now() - startedAt) / 1_000;
await producer.disconnect();
const result = { sec, rowsPerSec: Number(count) / sec, bytesPerMessage: bytes / Number(count) };
process.stdout.write(`${JSON.stringify(result)}\n`);
